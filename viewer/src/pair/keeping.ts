/**
 * What has to be done so that two rooms drive the same trips at the same time. Their own clocks
 * drive them; whoever is far ahead, or has arrived, is held until the other is there too. Then both
 * begin the next trip together.
 */
import { otherOf, SIDES, type Both, type Side } from "./sides";

/** Where a room is. */
export interface Place {
  /** Null where it is not known how its trip began. */
  readonly trip: string | null;
  readonly epoch: number;
  readonly step: number;
  readonly ended: boolean;
  readonly paused: boolean;
}

/** The last trip that both were seen to drive, and in which epochs. */
export interface Shared {
  readonly trip: string;
  readonly epochs: Both<number>;
}

export type Move =
  | { readonly do: "hold" | "release"; readonly side: Side }
  /** Both drive different trips. That may be because one has heard of the next already. */
  | { readonly do: "begin-soon" }
  | { readonly do: "begin" };

/**
 * Who is ahead by this many ticks is held: half a second, and a few where they are slow. Less is the
 * network's doing, and passes.
 */
export function farAhead(fps: number): number {
  return Math.max(6, fps / 2);
}

/** Null where nothing is to be done; `far` is by how many ticks one has to be ahead to be held. */
export function nextMove(
  at: Both<Place>,
  held: Both<boolean>,
  shared: Shared | null,
  far: number,
): Move | null {
  const together = at.a.trip !== null && at.a.trip === at.b.trip;
  return together ? keep(at, held, far) : catchUp(at, held, shared);
}

/** By how many ticks a side is ahead; one that has arrived is ahead of all that drive. */
export function aheadBy(at: Both<Place>, side: Side): number {
  const [me, other] = [at[side], at[otherOf(side)]];
  if (me.ended !== other.ended) return me.ended ? Infinity : -Infinity;
  return me.ended ? 0 : me.step - other.step;
}

function keep(at: Both<Place>, held: Both<boolean>, far: number): Move | null {
  if (at.a.ended && at.b.ended) return { do: "begin" };
  for (const side of SIDES) {
    const ahead = aheadBy(at, side);
    if (held[side] && ahead <= 0) return { do: "release", side };
    if (!held[side] && ahead >= far && !at[side].paused) return { do: "hold", side };
  }
  return null;
}

/** They drive different trips. */
function catchUp(at: Both<Place>, held: Both<boolean>, shared: Shared | null): Move | null {
  const sameRuns = SIDES.every((side) => at[side].epoch === shared?.epochs[side]);
  const behind = SIDES.find((side) => at[side].trip === shared?.trip && !at[side].ended);
  if (!sameRuns || behind === undefined) return { do: "begin-soon" };
  // The other has arrived and went on before it could be held: this one may finish its trip.
  const other = otherOf(behind);
  return held[other] || at[other].paused ? null : { do: "hold", side: other };
}
