/** What both rooms have earned on the trip of now, up to a tick that both have driven. */
import { measuresOf } from "../protocol/measures";
import type { View } from "../state/view";
import { hasEnded } from "./trip";

export interface Moment {
  readonly tick: number;
  /** B − A, TSh. */
  readonly difference: number;
  /** Both have finished the trip. */
  readonly over: boolean;
}

type Shown = Pick<View, "room" | "frame" | "trail">;

/** Null where there is no tick of which both are known. Both have to drive the same trip. */
export function momentOf(a: Shown, b: Shown): Moment | null {
  const measures = measuresOf(a.room);
  if (measures === null || a.frame === null || b.frame === null) return null;
  const [earnedA, earnedB] = [earnedBy(a), earnedBy(b)];
  for (let tick = Math.max(a.frame.step, b.frame.step); tick >= 0; tick -= 1) {
    const [ofA, ofB] = [earnedA(tick), earnedB(tick)];
    if (ofA !== null && ofB !== null) {
      const difference = Math.round((ofB - ofA) * measures.rewardTsh);
      return { tick, difference, over: hasEnded(a.frame) && hasEnded(b.frame) };
    }
  }
  return null;
}

/** The reward up to each tick that is known; what a finished trip has brought stays. */
function earnedBy({ frame, trail }: Shown): (tick: number) => number | null {
  const known = new Map(trail.map(({ step, totalReward }) => [step, totalReward]));
  return (tick) => {
    if (frame !== null && hasEnded(frame) && tick >= frame.step) return frame.totalReward;
    return known.get(tick) ?? null;
  };
}
