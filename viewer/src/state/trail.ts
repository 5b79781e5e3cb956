/**
 * What is remembered of frames after they were shown: few numbers each, for plots and for the marks
 * on the time bar. Frames come in order while live, and in any order for who goes back in time.
 */
import type { Frame } from "../protocol/messages";
import type { Ending } from "./ending";

export interface Point {
  readonly seq: number;
  readonly episode: number;
  readonly step: number;
  readonly action: number | null;
  readonly reward: number;
  readonly totalReward: number;
  readonly passengers: number;
  readonly money: number;
}

/** The last frame of an episode. */
export interface EpisodeEnd {
  readonly seq: number;
  readonly ending: Ending;
}

/** Points remembered: twice what a server keeps of its frames, so that both ways have room. */
export const MAX_POINTS = 1200;

export function pointOf(frame: Frame): Point {
  const { seq, episode, step, action, reward, totalReward, passengers, money } = frame;
  return { seq, episode, step, action, reward, totalReward, passengers, money };
}

/** The points with one more, in order; the farthest from it gives way. */
export function remember<P extends { readonly seq: number }>(
  points: readonly P[],
  point: P,
): readonly P[] {
  const last = points.at(-1);
  if (last === undefined || last.seq < point.seq) return [...points, point].slice(-MAX_POINTS);
  const at = points.findIndex(({ seq }) => seq >= point.seq);
  if (points[at]?.seq === point.seq) return points;
  const more = points.toSpliced(at, 0, point);
  if (more.length <= MAX_POINTS) return more;
  return at < MAX_POINTS / 2 ? more.slice(0, -1) : more.slice(1);
}

/** The way to this frame within its episode, as far as it was seen. */
export function trailTo(points: readonly Point[], frame: Frame): readonly Point[] {
  return points.filter(({ seq, episode }) => episode === frame.episode && seq <= frame.seq);
}
