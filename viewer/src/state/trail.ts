/**
 * The frames that are remembered after they were shown: for the chart, for what is told of two frames
 * in a row, and for the marks on the time bar. Frames come in order while live, and in any order for
 * who goes back in time.
 */
import type { Frame } from "../protocol/messages";
import type { Ending } from "./ending";

/** The last frame of an episode. */
export interface EpisodeEnd {
  readonly seq: number;
  readonly ending: Ending;
}

/** Frames remembered: twice what a server keeps, so that both ways have room. */
export const MOST_KEPT = 1200;

/** The frames with one more, in order; the farthest from it gives way. */
export function remember<F extends { readonly seq: number }>(
  kept: readonly F[],
  frame: F,
): readonly F[] {
  const last = kept.at(-1);
  if (last === undefined || last.seq < frame.seq) return [...kept, frame].slice(-MOST_KEPT);
  const at = kept.findIndex(({ seq }) => seq >= frame.seq);
  if (kept[at]?.seq === frame.seq) return kept;
  const more = kept.toSpliced(at, 0, frame);
  if (more.length <= MOST_KEPT) return more;
  return at < MOST_KEPT / 2 ? more.slice(0, -1) : more.slice(1);
}

/** All that is remembered of this frame's episode, what came after it too. */
export function episodeOf(kept: readonly Frame[], { episode }: Frame): readonly Frame[] {
  return kept.filter((frame) => frame.episode === episode);
}

/** The frame right before this one in its episode, if it is remembered. */
export function frameBefore(kept: readonly Frame[], frame: Frame): Frame | null {
  const before = kept.findLast(({ seq }) => seq < frame.seq);
  return before?.seq === frame.seq - 1 && before.episode === frame.episode ? before : null;
}
