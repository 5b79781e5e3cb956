/**
 * Reads a `.dalarec` file, which anybody may have made. It is read in slices, so that a page with a
 * long recording stays awake; what comes after the first record that is cut off, damaged or does not
 * follow from those before it is left out; and how much is kept has limits.
 */
import { readBinary } from "../protocol/binary";
import { Fields, Malformed } from "../protocol/check";
import { readCourse } from "../protocol/json";
import type { Delta, Frame, Keyframe, Room } from "../protocol/messages";
import { type Changes, makeFrame, type World } from "../protocol/world";
import { endingOf } from "../state/ending";
import type { EpisodeEnd } from "../state/view";
import { crc32 } from "./crc32";
import { Places } from "./places";
import { HEAD, type ReadRecord, Recording } from "./recording";
import { readVersion1, stopsOf, upgradedHeader } from "./version-1";

/** The first bytes of a recording, with the version of the format. */
const MAGIC = "DALAREC2";
const MAGIC_1 = "DALAREC1";

/** The longest record, in bytes; the server writes none that is longer. */
const MAX_RECORD = 1 << 20;

/** The longest file that is kept in memory, in bytes: weeks of `classic` at its usual speed. */
export const MAX_FILE = 256 * 1024 * 1024;

/** Frames kept; small ones could be more than a page can hold. */
export const MAX_FRAMES = 2_000_000;

/** Bytes read before the page may do something else: some milliseconds' work. */
export const SLICE = 64 * 1024;

export type Unreadable = "not-a-recording" | "empty" | "too-large" | "unread";

export async function readRecording(
  file: Blob,
  name: string,
  onProgress: (share: number) => void = () => undefined,
): Promise<Recording | Unreadable> {
  if (file.size > MAX_FILE) return "too-large";
  try {
    const reading = new Reading(name, file.size);
    for (let at = 0; at < file.size && !reading.over; at += SLICE) {
      const slice = await file.slice(at, at + SLICE).arrayBuffer();
      reading.push(new Uint8Array(slice));
      onProgress(Math.min(1, (at + SLICE) / file.size));
    }
    return reading.end();
  } catch (error) {
    // A file that has gone, or that may not be read.
    return error instanceof Malformed ? "not-a-recording" : "unread";
  }
}

class Reading {
  readonly #name: string;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #places = new Places();
  readonly #ends: EpisodeEnd[] = [];
  /** Of the first format. */
  #old = false;
  #have = 0;
  #at = MAGIC.length;
  #room: Room | null = null;
  #over = false;
  #read: ReadRecord = readVersion1;
  #base: { readonly seq: number; readonly index: number; readonly world: World } | null = null;
  /** What the frame before has changed of its base. */
  #before: { readonly base: World; readonly changes: Changes } | null = null;

  constructor(name: string, size: number) {
    this.#name = name;
    this.#bytes = new Uint8Array(size);
  }

  /** Nothing more of the file is of use. */
  get over(): boolean {
    return this.#over;
  }

  push(slice: Uint8Array): void {
    this.#bytes.set(slice.subarray(0, this.#bytes.length - this.#have), this.#have);
    this.#have += slice.length;
    if (this.#room === null && this.#have >= MAGIC.length) {
      const magic = String.fromCharCode(...this.#bytes.subarray(0, MAGIC.length));
      if (magic !== MAGIC && magic !== MAGIC_1) throw new Malformed("other bytes begin it");
      this.#old = magic === MAGIC_1;
    }
    while (!this.#over && this.#record());
  }

  end(): Recording | Unreadable {
    if (this.#room === null) return "not-a-recording";
    if (this.#places.count === 0) return "empty";
    const damaged = this.#at !== this.#bytes.length;
    return new Recording(
      this.#name,
      this.#room,
      this.#bytes,
      this.#places,
      this.#read,
      this.#ends,
      damaged,
    );
  }

  /** Takes the next record; false where it is not there, or not yet. */
  #record(): boolean {
    const from = this.#at + HEAD;
    if (from > this.#have) return false;
    const head = new DataView(this.#bytes.buffer, this.#at, HEAD);
    const to = from + head.getUint32(0, true);
    if (to - from > MAX_RECORD || this.#places.count >= MAX_FRAMES) return this.#stop();
    if (to > this.#have) return false;
    if (crc32(this.#bytes.subarray(from, to)) !== head.getUint32(4, true)) return this.#stop();
    const taken = this.#room === null ? this.#header(from, to) : this.#frame(this.#room, from, to);
    if (!taken) return this.#stop();
    this.#at = to;
    return true;
  }

  #stop(): false {
    this.#over = true;
    return false;
  }

  #header(from: number, to: number): true {
    const text = new TextDecoder().decode(this.#bytes.subarray(from, to));
    let fields = new Fields(parseJson(text), "header");
    if (this.#old) fields = new Fields(upgradedHeader(fields), "header");
    const course = readCourse(fields);
    if (!this.#old) this.#read = (record) => readBinary(record, course.schema);
    this.#room = {
      ...course,
      code: fields.text("room"),
      epoch: fields.count("created"),
      ...{ kind: "playback", paused: false, mode: "policy", wheel: null },
      ...{ turnSeconds: 0, recording: null, fault: null },
    };
    return true;
  }

  #frame(room: Room, from: number, to: number): boolean {
    const message = this.#message(from, to);
    const index = this.#places.count;
    let changes: Changes = {};
    if (message?.kind === "keyframe") {
      this.#base = { seq: message.seq, index, world: message.world };
      if (this.#old && index === 0) this.#room = { ...room, stops: stopsOf(message.world) };
    } else if (message?.kind === "delta" && message.base === this.#base?.seq) {
      ({ changes } = message);
    } else return false;
    const { world: base } = this.#base;
    this.#places.add(from, this.#base.index);
    // Whole worlds are made for ends alone: there are millions of frames.
    const is = (name: string): boolean => (changes[name] ?? base[name]) === true;
    if (is("terminated") || is("truncated")) this.#ended(room, { base, changes }, index);
    this.#before = { base, changes };
    return true;
  }

  /** The frame in a record; null where it is none. */
  #message(from: number, to: number): Keyframe | Delta | null {
    try {
      return this.#read(this.#bytes.buffer.slice(from, to));
    } catch (error) {
      if (error instanceof Malformed) return null;
      throw error;
    }
  }

  #ended(room: Room, last: { base: World; changes: Changes }, index: number): void {
    const seq = index + 1;
    const before = this.#before;
    const frame = ({ base, changes }: typeof last, nth: number): Frame =>
      makeFrame({ ...base, ...changes }, room.epoch, nth, room);
    const previous = before === null ? null : frame(before, index);
    this.#ends.push({ seq, ending: endingOf(room, previous, frame(last, seq)) });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Malformed("its header is no JSON");
  }
}
