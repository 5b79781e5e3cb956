/**
 * What the page knows, as one immutable value, and the only way it changes: `reduce`, a pure
 * function from what was known and a message. Scene and HUD draw this value and keep nothing else
 * about the world.
 */
import type { Frame, Hello, News, Presence, Resume, Room } from "../protocol/messages";
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

/** What is known of the frames of one epoch. */
export interface Drive {
  readonly frame: Frame | null;
  /** The frame shown before, when `frame` goes on from it; null means: don't animate. */
  readonly previous: Frame | null;
  readonly seen: Seen;
  /** Frames of this epoch that never came (a slow page or a long break; the latest wins). */
  readonly skipped: number;
}

export interface View extends Drive {
  readonly hello: Hello | null;
  readonly room: Room | null;
  /** How the latest join continued what came before. */
  readonly resume: Resume | null;
  readonly presence: Presence | null;
  /** What went wrong last, in words, until something goes right. */
  readonly complaint: string | null;
}

const NO_DRIVE: Drive = {
  frame: null,
  previous: null,
  seen: { episodes: 0, returnSum: 0, last: null },
  skipped: 0,
};

export const EMPTY: View = {
  ...NO_DRIVE,
  hello: null,
  room: null,
  resume: null,
  presence: null,
  complaint: null,
};

export function reduce(view: View, news: News): View {
  switch (news.kind) {
    case "hello":
      return { ...view, hello: news };
    case "joined":
      return { ...view, resume: news.resume, complaint: null };
    case "room":
      return withRoom(view, news.room);
    case "frame":
      return { ...view, ...withFrame(view, news.frame) };
    case "presence":
      return { ...view, presence: news };
    case "reply":
      return view.complaint === null ? view : { ...view, complaint: null };
    case "error":
      return { ...view, complaint: news.message };
    default:
      return view;
  }
}

/** Whether `next` goes on from `before`, so that the way between them may be shown. */
export function follows(before: Frame | null, next: Frame | null): boolean {
  return (
    before !== null &&
    before.epoch === next?.epoch &&
    before.episode === next.episode &&
    before.step < next.step
  );
}

function withRoom(view: View, told: Room): View {
  const drive = view.frame?.epoch === told.epoch ? {} : NO_DRIVE;
  // The same city stays the same value, so that a scene is not built anew when a room pauses.
  const same = view.room !== null && sameCity(view.room, told);
  const room = same ? { ...told, grid: view.room.grid, route: view.room.route } : told;
  return { ...view, ...drive, room };
}

function sameCity(a: Room, b: Room): boolean {
  return JSON.stringify([a.grid, a.route]) === JSON.stringify([b.grid, b.route]);
}

function withFrame(view: View, frame: Frame): Drive {
  const known = view.frame?.epoch === frame.epoch ? view : NO_DRIVE;
  const before = known.frame;
  // A base that a delta is laid over may come again.
  if (before !== null && frame.seq <= before.seq) return view;

  const previous = follows(before, frame) ? before : null;
  const missed = before === null ? 0 : frame.seq - before.seq - 1;
  const ended = frame.terminated || frame.truncated;
  return {
    frame,
    previous,
    seen: ended ? count(known.seen, view.room, missed === 0 ? previous : null, frame) : known.seen,
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
