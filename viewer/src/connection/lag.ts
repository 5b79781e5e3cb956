/**
 * Whether what is shown keeps up with the room: how late it comes by the server's clock, and whether
 * frames are left out all the time. One lost frame is nothing; a poor line loses some in every second.
 */

/** What comes later than this (milliseconds) is behind. */
export const LATE_MS = 1_000;

/** Frames are looked at over this long (milliseconds). */
export const WINDOW_MS = 5_000;

/** The part of the frames that may be missing over that time, and the gaps that may be. */
const SKIPPED_SHARE = 0.2;
const GAPS = 3;

/** Above this many frames a second a screen shows no more of them anyway. */
const SCREEN_FPS = 60;

/** Without a frame for this long (milliseconds), and for this many frames, a room that drives stands still. */
export const STILL_MS = 2_000;
const STILL_FRAMES = 5;

export interface Behind {
  /** How late what comes is, in milliseconds; null where frames are left out instead. */
  readonly lateMs: number | null;
}

export class Lag {
  #arrivals: { readonly at: number; readonly skipped: number }[] = [];
  #last: number | null = null;
  #lateMs: number | null = null;
  /** Since when a frame is waited for; null where none need come. */
  #since: number | null = null;

  /** From now on frames come by themselves, or they do not. */
  expect(frames: boolean, at: number): void {
    this.#since = frames ? at : null;
  }

  frame(seq: number, at: number): void {
    const skipped = this.#last === null ? 0 : Math.max(0, seq - this.#last - 1);
    this.#last = seq;
    if (this.#since !== null) this.#since = at;
    this.#arrivals.push({ at, skipped });
    while ((this.#arrivals[0]?.at ?? at) < at - WINDOW_MS) this.#arrivals.shift();
  }

  late(ms: number | null): void {
    this.#lateMs = ms;
  }

  /** What is on the way now has nothing to do with what came before. */
  reset(): void {
    this.#arrivals = [];
    this.#last = null;
    this.#lateMs = null;
  }

  behind(fps: number, at: number): Behind | null {
    const lateMs = this.#lateMs ?? 0;
    if (lateMs > LATE_MS) return { lateMs };
    const waited = this.#since === null ? 0 : at - this.#since;
    if (waited > Math.max(STILL_MS, (1_000 * STILL_FRAMES) / fps)) return { lateMs: waited };
    if (fps > SCREEN_FPS) return null;
    const gaps = this.#arrivals.filter(({ skipped }) => skipped > 0).length;
    const skipped = this.#arrivals.reduce((sum, arrival) => sum + arrival.skipped, 0);
    const share = skipped / (skipped + this.#arrivals.length);
    return gaps >= GAPS && share > SKIPPED_SHARE ? { lateMs: null } : null;
  }
}
