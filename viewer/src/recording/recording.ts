/** A recording that was read: its frames by their index, made when they are asked for. */
import type { Delta, Frame, Keyframe, Room } from "../protocol/messages";
import { makeFrame, type World } from "../protocol/world";
import type { EpisodeEnd } from "../state/view";
import type { Places } from "./places";

/** Length and checksum before each record, in bytes. */
export const HEAD = 8;

/** How a record is read: by the version of the file. */
export type ReadRecord = (record: ArrayBuffer) => Keyframe | Delta | null;

export class Recording {
  readonly name: string;
  readonly room: Room;
  readonly ends: readonly EpisodeEnd[];
  /** The end of the file could not be read, and was left out. */
  readonly damaged: boolean;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #places: Places;
  readonly #read: ReadRecord;

  constructor(
    name: string,
    room: Room,
    bytes: Uint8Array<ArrayBuffer>,
    places: Places,
    read: ReadRecord,
    ends: readonly EpisodeEnd[],
    damaged: boolean,
  ) {
    this.name = name;
    this.room = room;
    this.ends = ends;
    this.damaged = damaged;
    this.#bytes = bytes;
    this.#places = places;
    this.#read = read;
  }

  get count(): number {
    return this.#places.count;
  }

  /** The frame at an index from 0; in a recording frames are numbered from 1, without gaps. */
  frame(index: number): Frame | null {
    const world = this.#world(index);
    return world === null ? null : makeFrame(world, this.room.epoch, index + 1, this.room);
  }

  #world(index: number): World | null {
    const place = this.#places.at(index);
    if (place === null) return null;
    const { from } = place;
    const length = new DataView(this.#bytes.buffer).getUint32(from - HEAD, true);
    // It was read before, when the file was opened.
    const message = this.#read(this.#bytes.buffer.slice(from, from + length));
    if (message === null || message.kind === "keyframe") return message?.world ?? null;
    const base = place.base < index ? this.#world(place.base) : null;
    return base === null ? null : { ...base, ...message.changes };
  }
}

/** All frames of the episode that a frame is in. */
export function episodeAround(recording: Recording, index: number): readonly Frame[] {
  const episode = recording.frame(index)?.episode;
  const from = (by: -1 | 1): Frame[] => {
    const found: Frame[] = [];
    for (let at = index + by; at >= 0 && at < recording.count; at += by) {
      const frame = recording.frame(at);
      if (frame === null || frame.episode !== episode) break;
      found.push(frame);
    }
    return found;
  };
  return [...from(-1), ...from(1)];
}
