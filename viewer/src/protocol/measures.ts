/**
 * What the units of frames measure, for rules whose world has metres, seconds and shillings. Frames
 * count cells, ticks and notches; rules without an entry here have no more than those.
 */
import type { Room } from "./messages";

export interface Measures {
  /** Kilometres an hour of a speed notch. */
  readonly notchKmh: number;
  readonly limitKmh: number;
  readonly tickSeconds: number;
  readonly cellMetres: number;
  /** Tanzanian shillings to one of reward. */
  readonly rewardTsh: number;
}

const MEASURES: ReadonlyMap<string, Measures> = new Map([
  ["city", { notchKmh: 25, limitKmh: 50, tickSeconds: 14.4, cellMetres: 100, rewardTsh: 1000 }],
]);

export function measuresOf(room: Pick<Room, "rules"> | null): Measures | null {
  return room === null ? null : (MEASURES.get(room.rules) ?? null);
}
