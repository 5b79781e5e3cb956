/**
 * What the page knows, as one immutable value, and the only way it changes: `reduce`, a pure
 * function from what was known and what was heard. Scene and HUD draw this value and keep nothing
 * else about the world.
 *
 * A page may look at other frames than the latest: back in time, or at a recording. What is shown is
 * then said by `watching`; only frames that were never received before count as news.
 */
import type { Frame, Hello, News, Presence, Resume, Room, RoomEvent } from "../protocol/messages";
import { happened, inRoom, POLICY_CHOOSES, type Choosing } from "./choosing";
import { withComing, type Coming } from "./comings";
import { endingOf } from "./ending";
import { count, NOTHING_SEEN, type Seen } from "./seen";
import { NONE_KNOWN, offencesTo, type Offences } from "./offences";
import { episodeOf, frameBefore, remember, type EpisodeEnd } from "./trail";

export type { Released, Resolved, Vote, Wheel } from "./choosing";
export { averageReturn, type Seen, type Summary } from "./seen";
export type { EpisodeEnd } from "./trail";

export type Watching =
  | { readonly kind: "live" }
  | {
      readonly kind: "back";
      readonly seq: number;
      /** The frames that the server still keeps. */
      readonly oldest: number;
      readonly latest: number;
      readonly playing: boolean;
    }
  | {
      readonly kind: "recording";
      readonly name: string;
      /** The frame shown, from 0. */
      readonly index: number;
      readonly count: number;
      readonly playing: boolean;
    };

/** What is known of the frames of one epoch. */
export interface Drive {
  readonly frame: Frame | null;
  /** The frame shown before, when `frame` goes on from it; null means: don't animate. */
  readonly previous: Frame | null;
  /** The frame right before `frame` in its episode, however the page came to it; null if unknown. */
  readonly before: Frame | null;
  /** The first frame of the newest episode whose beginning is known. */
  readonly begun: Frame | null;
  /** The newest frame that the room is known to have. */
  readonly latestSeq: number;
  /** The newest frame that this page received; below all while there is none. */
  readonly receivedSeq: number;
  readonly watching: Watching;
  /** On the way back to live: shown as such from this frame on. */
  readonly liveFrom: number | null;
  /** The shown frame's episode as far as this page saw it, what comes after that frame too. */
  readonly trail: readonly Frame[];
  /** Of the shown frame's episode, up to that frame. */
  readonly offences: Offences;
  /** All frames that are remembered, in order. */
  readonly kept: readonly Frame[];
  /** The ends of episodes that are known of, in order. */
  readonly ends: readonly EpisodeEnd[];
  readonly seen: Seen;
  /** Why an episode ended, in the server's words, which may come before its last frame. */
  readonly reason: { readonly seq: number; readonly text: string | null } | null;
  /** Frames of this epoch that never came (a slow page or a long break; the latest wins). */
  readonly skipped: number;
}

export interface View extends Drive, Choosing {
  readonly hello: Hello | null;
  readonly room: Room | null;
  /** This page's number in the room. */
  readonly me: number | null;
  /** How the latest join continued what came before. */
  readonly resume: Resume | null;
  readonly presence: Presence | null;
  /** Players who came and went lately. */
  readonly comings: readonly Coming[];
  /** What went wrong unasked, in words, until something goes right. */
  readonly complaint: string | null;
}

/** What the page tells itself beside what the server tells it. */
export type Heard =
  | News
  /** From now on this page alone gets old frames. */
  | { readonly kind: "back"; readonly seq: number; readonly playing: boolean }
  /** The live frames come again, from this one on. */
  | { readonly kind: "live"; readonly seq: number }
  /** Frames of the past that came for themselves: they are remembered and not shown. */
  | { readonly kind: "recalled"; readonly frames: readonly Frame[] }
  /** The room has made this frame; it did not come here. */
  | { readonly kind: "latest"; readonly epoch: number; readonly seq: number }
  | Extract<Watching, { kind: "recording" }>;

const LIVE: Watching = { kind: "live" };

const NO_DRIVE: Drive = {
  frame: null,
  previous: null,
  before: null,
  begun: null,
  latestSeq: 0,
  receivedSeq: -1,
  watching: LIVE,
  liveFrom: null,
  trail: [],
  offences: NONE_KNOWN,
  kept: [],
  ends: [],
  seen: NOTHING_SEEN,
  reason: null,
  skipped: 0,
};

export const EMPTY: View = {
  ...NO_DRIVE,
  ...POLICY_CHOOSES,
  hello: null,
  room: null,
  me: null,
  resume: null,
  presence: null,
  comings: [],
  complaint: null,
};

/** `at` is when it was heard, milliseconds on this page's clock. */
export function reduce(view: View, heard: Heard, at: number): View {
  switch (heard.kind) {
    case "hello":
      return { ...view, hello: heard };
    case "joined": {
      const { member, resume } = heard;
      // Whoever comes back comes back to what is live.
      return { ...view, ...POLICY_CHOOSES, watching: LIVE, me: member, resume, complaint: null };
    }
    case "room":
      return withRoom(view, heard.room);
    case "frame":
      return withFrame(view, heard.frame);
    case "begun":
      // What is told of another epoch is forgotten with the first frame of it.
      return { ...view, begun: heard.frame };
    case "event":
      return withEvent(view, heard, at);
    case "presence":
      return { ...view, presence: heard };
    case "reply":
      return view.complaint === null ? view : { ...view, complaint: null };
    case "error":
      return { ...view, complaint: heard.message };
    case "back":
      return back(view, heard.seq, heard.playing);
    case "live":
      return live({ ...view, liveFrom: heard.seq, latestSeq: Math.max(view.latestSeq, heard.seq) });
    case "latest":
      return view.frame?.epoch === heard.epoch ? withLatest(view, heard.seq) : view;
    case "recalled":
      return recalled(view, heard.frames);
    case "recording":
      return { ...view, watching: heard };
    case "pong":
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
  const { grid, route, places } = same ? view.room : told;
  const room = { ...told, grid, route, places };
  const choosing = inRoom(view, room, view.me, view.presence?.players ?? []);
  return { ...view, ...drive, ...choosing, room };
}

function sameCity(a: Room, b: Room): boolean {
  return (
    JSON.stringify([a.grid, a.route, a.places]) === JSON.stringify([b.grid, b.route, b.places])
  );
}

function withFrame(view: View, frame: Frame): View {
  const epoch = view.frame?.epoch ?? frame.epoch;
  const known = epoch === frame.epoch ? view : { ...view, ...NO_DRIVE };
  const before = known.frame;
  const news = frame.seq > known.receivedSeq;
  // A base that a delta is laid over may come again; only who went back wants to see it.
  if (known.watching.kind === "live" && before !== null && frame.seq <= before.seq) return view;

  const previous = follows(before, frame) ? before : null;
  const goesOn = before !== null && before.seq === frame.seq - 1;
  const missed = news && known.receivedSeq >= 0 && known.watching.kind === "live";
  const ended = frame.terminated || frame.truncated;
  const ending = ended ? endingOf(view.room, goesOn ? previous : null, frame) : null;
  const kept = remember(known.kept, frame);
  const trail = episodeOf(kept, frame);
  const offences = view.room === null ? NONE_KNOWN : offencesTo(view.room, trail, frame);
  return live(
    withLatest(
      {
        ...known,
        frame,
        previous,
        begun: frame.step === 0 && news ? frame : known.begun,
        before: frameBefore(kept, frame),
        kept,
        ends: ending === null ? known.ends : remember(known.ends, { seq: frame.seq, ending }),
        trail,
        offences,
        receivedSeq: Math.max(known.receivedSeq, frame.seq),
        seen:
          ending !== null && news
            ? explain(count(known.seen, frame, ending, offences), known.reason)
            : known.seen,
        skipped: known.skipped + (missed ? frame.seq - known.receivedSeq - 1 : 0),
      },
      frame.seq,
    ),
  );
}

function recalled(view: View, frames: readonly Frame[]): View {
  const { frame, room } = view;
  if (frame === null || room === null) return view;
  const known = frames.filter(({ epoch }) => epoch === frame.epoch);
  const kept = known.reduce<readonly Frame[]>(remember, view.kept);
  const trail = episodeOf(kept, frame);
  const offences = offencesTo(room, trail, frame);
  return { ...view, kept, trail, offences, before: frameBefore(kept, frame) };
}

function withLatest(view: View, seq: number): View {
  const latestSeq = Math.max(view.latestSeq, seq);
  const next = latestSeq === view.latestSeq ? view : { ...view, latestSeq };
  return view.watching.kind === "back"
    ? back(next, view.frame?.seq ?? seq, view.watching.playing)
    : next;
}

function back(view: View, seq: number, playing: boolean): View {
  const { latestSeq: latest, hello } = view;
  const oldest = Math.max(1, latest - (hello?.historyFrames ?? 1) + 1);
  return { ...view, watching: { kind: "back", seq, oldest, latest, playing } };
}

/** Called live only from the moment that what is shown is. */
function live(view: View): View {
  const { frame, liveFrom } = view;
  if (liveFrom === null || frame === null || frame.seq < liveFrom) return view;
  return { ...view, watching: LIVE, liveFrom: null };
}

function withEvent(view: View, event: RoomEvent, at: number): View {
  const { wheel, released, vote } = happened(view, event, view.me, at);
  const comings = withComing(view.comings, event, at);
  const told = { ...withLatest(view, event.seq), wheel, released, vote, comings };
  if (event.name !== "episode_complete") return told;
  const reason = { seq: event.seq, text: event.reason };
  return { ...told, reason, seen: explain(told.seen, reason) };
}

function explain(seen: Seen, reason: Drive["reason"]): Seen {
  if (reason === null || seen.last?.seq !== reason.seq) return seen;
  return { ...seen, last: { ...seen.last, reason: reason.text } };
}
