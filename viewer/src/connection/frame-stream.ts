/**
 * From keyframes and deltas to the frames that the page shows.
 *
 * A keyframe is not always news: who joins in the middle of an episode is first sent the episode's
 * first frame, and at once the latest as a delta over it. So a keyframe that does not continue what
 * was shown is held for a moment, and is dropped as a mere base if a later frame comes over it.
 */
import type { Delta, Frame, Keyframe, Room } from "../protocol/messages";
import type { Schema } from "../protocol/schema";
import { makeFrame, type World } from "../protocol/world";

/** How long (milliseconds) a keyframe waits for a delta over it: they come in the same burst. */
export const HOLD_MS = 50;

/** Keyframes kept for deltas to be laid over, one an episode: far more than are in use at once. */
const MAX_KEYFRAMES = 64;

export class FrameStream {
  readonly #onFrame: (frame: Frame) => void;
  readonly #onBegun: (frame: Frame) => void;
  readonly #keyframes = new Map<number, World>();
  #room: Room | null = null;
  #epoch: number | null = null;
  #latest: Frame | null = null;
  #shown: Frame | null = null;
  #held: Frame | null = null;
  #release: ReturnType<typeof setTimeout> | undefined;
  #dropped = 0;

  /** `onBegun` hears of what was a mere base: how the episode of the next frame began. */
  constructor(onFrame: (frame: Frame) => void, onBegun: (frame: Frame) => void) {
    this.#onFrame = onFrame;
    this.#onBegun = onBegun;
  }

  /** The newest frame of the present epoch, to resume after. */
  get latest(): Frame | null {
    return this.#latest;
  }

  /** Frames dropped because their base, or the room they are of, was never sent. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How the frames of the room are read; null until it is described. */
  get schema(): Schema | null {
    return this.#room?.schema ?? null;
  }

  /** A frame came that nothing could be made of. */
  drop(): void {
    this.#dropped += 1;
  }

  /** A room was joined, perhaps again: deltas refer to keyframes sent from now on. */
  joined(): void {
    this.stop();
    this.#room = null;
    this.#keyframes.clear();
  }

  /** Another room: nothing of this one goes on there. */
  forget(): void {
    this.joined();
    this.#epoch = null;
    this.#latest = null;
    this.#shown = null;
  }

  /** Show nothing more of what came. */
  stop(): void {
    clearTimeout(this.#release);
    this.#held = null;
  }

  room(room: Room): void {
    this.#enter(room.epoch);
    this.#room = room;
  }

  keyframe({ epoch, seq, world }: Keyframe): void {
    this.#showHeld();
    this.#enter(epoch);
    const frame = this.#make(world, epoch, seq);
    if (frame === null) return;
    this.#keyframes.delete(seq);
    this.#keyframes.set(seq, world);
    const [oldest] = this.#keyframes.keys();
    if (this.#keyframes.size > MAX_KEYFRAMES && oldest !== undefined) {
      this.#keyframes.delete(oldest);
    }
    if (this.#shown?.seq === seq - 1) {
      this.#show(frame);
      return;
    }
    this.#held = frame;
    this.#release = setTimeout(() => {
      this.#showHeld();
    }, HOLD_MS);
  }

  delta({ seq, base, changes }: Delta): void {
    const world = this.#keyframes.get(base);
    // The very next frame takes nothing from the one before: then both are news.
    if (this.#held?.seq === base && seq !== base + 1) {
      this.#onBegun(this.#held);
      this.stop();
    }
    this.#showHeld();
    if (world === undefined || this.#epoch === null) {
      this.#dropped += 1;
      return;
    }
    const frame = this.#make({ ...world, ...changes }, this.#epoch, seq);
    if (frame !== null) this.#show(frame);
  }

  #enter(epoch: number): void {
    if (epoch === this.#epoch) return;
    this.stop();
    this.#epoch = epoch;
    this.#latest = null;
    this.#shown = null;
    this.#keyframes.clear();
  }

  #make(world: World, epoch: number, seq: number): Frame | null {
    if (this.#room !== null) return makeFrame(world, epoch, seq, this.#room);
    this.#dropped += 1;
    return null;
  }

  #showHeld(): void {
    const held = this.#held;
    this.stop();
    if (held !== null) this.#show(held);
  }

  #show(frame: Frame): void {
    this.#shown = frame;
    if (this.#latest === null || frame.seq > this.#latest.seq) this.#latest = frame;
    this.#onFrame(frame);
  }
}
