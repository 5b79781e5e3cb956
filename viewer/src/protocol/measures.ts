/**
 * What the page knows of rules by their name. What the units of frames measure, where their world has
 * metres, seconds and shillings: frames count cells, ticks and notches, and rules without an entry
 * here have no more than those. And whether a bus can stand at all.
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

/** Rules in which the bus moves on by a cell at each step whatever the action: "Stop" only brakes. */
const ROLLING: ReadonlySet<string> = new Set(["classic"]);

export function rollsOn({ rules }: Pick<Room, "rules">): boolean {
  return ROLLING.has(rules);
}

/** The most steps that an episode can have: one that always rolls on is at the end of its route by then. */
export function mostSteps(room: Pick<Room, "rules" | "maxSteps" | "route">): number {
  return rollsOn(room) ? Math.min(room.maxSteps, room.route.length) : room.maxSteps;
}
