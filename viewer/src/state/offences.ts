/**
 * What a driver did against the law in an episode, fined for it or not: red lights driven through, and
 * checkpoints driven past. Counted from frames in a row, so it says whether all of them were seen.
 */
import type { Frame, Room } from "../protocol/messages";
import { happenedBetween } from "./happened";

export interface Offences {
  readonly reds: number;
  readonly checkpoints: number;
  /** False where frames of the episode are not known here: then it may be more. */
  readonly whole: boolean;
}

export const NONE_KNOWN: Offences = { reds: 0, checkpoints: 0, whole: false };

/** From the beginning of the episode to `frame`, of which `trail` is what is known. */
export function offencesTo(room: Room, trail: readonly Frame[], frame: Frame): Offences {
  const way = trail.filter(({ seq }) => seq <= frame.seq);
  let [reds, checkpoints, whole] = [0, 0, way[0]?.step === 0];
  way.forEach((after, nth) => {
    const before = way[nth - 1];
    if (before === undefined) return;
    if (after.seq !== before.seq + 1) {
      whole = false;
      return;
    }
    const { ranRed, fled } = happenedBetween(room, before, after);
    reds += ranRed;
    checkpoints += fled;
  });
  return { reds, checkpoints, whole };
}
