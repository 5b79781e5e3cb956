/**
 * What the page knows, as one immutable value, and the only way it changes: `reduce`, a pure
 * function from what was known and a message. Scene and HUD draw this value and keep nothing else
 * about the world.
 */
import type { Frame, Room } from "../protocol/messages";
import { endingOf, type Ending } from "./ending";

export interface Summary {
  readonly epoch: number;
  readonly episode: number;
  readonly steps: number;
  readonly totalReward: number;
  readonly money: number;
  readonly passengers: number;
  readonly ending: Ending;
}

/** The episodes whose last frame this page received, in this epoch. */
export interface Seen {
  readonly episodes: number;
  readonly returnSum: number;
  readonly last: Summary | null;
}

export interface View {
  readonly room: Room | null;
  readonly frame: Frame | null;
  /** The frame drawn before, when it belongs to the same episode; null means: don't animate. */
  readonly previous: Frame | null;
  readonly seen: Seen;
  /** Frames of this epoch that never came (a slow page; the latest wins). */
  readonly skipped: number;
}

export const EMPTY: View = {
  room: null,
  frame: null,
  previous: null,
  seen: { episodes: 0, returnSum: 0, last: null },
  skipped: 0,
};

export function reduce(view: View, frame: Frame, room: Room | null): View {
  const known = view.frame?.epoch === frame.epoch ? view : EMPTY;
  const before = known.frame;
  // Only a message that describes the room, the first of a connection, may repeat what was seen.
  const repeated = before !== null && frame.seq <= before.seq;
  if (repeated && room === null) return view;

  const current = room ?? view.room;
  const sameEpisode = before?.episode === frame.episode && !repeated && frame.step > before.step;
  const previous = sameEpisode ? before : null;
  const missed = before === null || repeated ? 0 : frame.seq - before.seq - 1;
  const ended = !repeated && (frame.terminated || frame.truncated);
  return {
    room: current,
    frame,
    previous,
    seen: ended ? count(known.seen, current, missed === 0 ? previous : null, frame) : known.seen,
    skipped: known.skipped + missed,
  };
}

export function averageReturn(seen: Seen): number | null {
  return seen.episodes === 0 ? null : seen.returnSum / seen.episodes;
}

function count(seen: Seen, room: Room | null, previous: Frame | null, last: Frame): Seen {
  return {
    episodes: seen.episodes + 1,
    returnSum: seen.returnSum + last.totalReward,
    last: {
      epoch: last.epoch,
      episode: last.episode,
      steps: last.step,
      totalReward: last.totalReward,
      money: last.money,
      passengers: last.passengers,
      ending: endingOf(room, previous, last),
    },
  };
}
