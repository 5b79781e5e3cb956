/**
 * Smooth motion from frames that come when they come. What is drawn lies a little in the past: the
 * bus is on its way between two frames that were both received, at constant speed, and the buffer
 * evens out how irregularly they arrived. A bus that did not move stays; a new episode, a jump
 * back in time and a jump too long to be driven snap.
 */

/** The longest time a step is drawn to take (ms): a slow room's bus drives on and then waits. */
const LONGEST_STEP_MS = 1200;

/** Arrival times are trusted to this part of the time between frames, within bounds (ms). */
const SLACK = 0.35;
const LEAST_SLACK_MS = 8;
const MOST_SLACK_MS = 120;

/** How much the newest interval counts in the average of the time between frames. */
const SMOOTHING = 0.2;

/** Intervals beyond this (ms) are pauses, and say nothing about the room's rate. */
const PAUSE_MS = 12_000;

/** Until two frames have come, the time between them (ms) is taken to be this. */
const FIRST_INTERVAL_MS = 250;

export interface Stop<T> {
  /** Place on the road, and how far off it, in cells. */
  readonly s: number;
  readonly dx: number;
  readonly dy: number;
  readonly facts: T;
  /** The part of the step for which the bus stands before it sets off: 0 where it does not. */
  readonly halt?: number;
}

interface Timed<T> extends Stop<T> {
  /** When to set off towards it, and when to be there. */
  readonly from: number;
  readonly due: number;
}

export interface Drawn<T> {
  readonly s: number;
  readonly dx: number;
  readonly dy: number;
  /** Cells a second. */
  readonly speed: number;
  /** The frame that the bus is on its way to, or at. */
  readonly facts: T;
  /** Whether the bus is where those facts say. */
  readonly there: boolean;
  /** Whether it stands because it was told to before its next step. */
  readonly halts: boolean;
}

export class Track<T> {
  /** Those still to come, after the one that was reached last. */
  #coming: Timed<T>[] = [];
  #reached: Timed<T> | null = null;
  #interval = FIRST_INTERVAL_MS;
  #arrived: number | null = null;

  /** A frame came at `now` (ms). */
  push(stop: Stop<T>, now: number, snap: boolean): void {
    if (this.#arrived !== null && !snap) this.#measure(now - this.#arrived);
    this.#arrived = now;
    const last = this.#coming.at(-1) ?? this.#reached;
    if (snap || last === null) {
      this.#coming = [];
      this.#reached = { ...stop, from: now, due: now };
      return;
    }
    const slack = this.#slack;
    const target = now + this.#delay;
    // Evenly after the one before as long as it came about when it was expected.
    const even = last.due + this.#interval;
    const due = Math.max(last.due, Math.min(target + slack, Math.max(target - slack, even)));
    const begins = Math.max(last.due, due - this.#step);
    const from = begins + (due - begins) * (stop.halt ?? 0);
    this.#coming.push({ ...stop, from, due });
  }

  /** What to draw at `now`; null before the first frame. Time must not run backwards. */
  at(now: number): Drawn<T> | null {
    for (
      let next = this.#coming[0];
      next !== undefined && next.due <= now;
      next = this.#coming[0]
    ) {
      this.#reached = next;
      this.#coming.shift();
    }
    const reached = this.#reached;
    if (reached === null) return null;
    const next = this.#coming[0];
    if (next === undefined || now < next.from) {
      return { ...reached, speed: 0, there: true, halts: (next?.halt ?? 0) > 0 };
    }
    const length = next.due - next.from;
    const part = length > 0 ? Math.min(1, (now - next.from) / length) : 1;
    const mix = (a: number, b: number): number => a + (b - a) * part;
    return {
      s: mix(reached.s, next.s),
      dx: mix(reached.dx, next.dx),
      dy: mix(reached.dy, next.dy),
      speed: length > 0 ? ((next.s - reached.s) / length) * 1000 : 0,
      facts: next.facts,
      there: part === 1,
      halts: false,
    };
  }

  /** Whether something is still to be driven at `now`. */
  moving(now: number): boolean {
    const last = this.#coming.at(-1);
    return last !== undefined && now < last.due;
  }

  /** Whether frames come by themselves: none for twice the usual time is a pause. */
  flowing(now: number): boolean {
    return this.#arrived !== null && now - this.#arrived < 2 * this.#interval + this.#delay;
  }

  /** Time between frames (ms), as it was lately. */
  get interval(): number {
    return this.#interval;
  }

  /** How far in the past the bus is drawn (ms). */
  get #delay(): number {
    return this.#step + this.#slack;
  }

  get #step(): number {
    return Math.min(LONGEST_STEP_MS, this.#interval);
  }

  get #slack(): number {
    return Math.min(MOST_SLACK_MS, Math.max(LEAST_SLACK_MS, this.#interval * SLACK));
  }

  #measure(interval: number): void {
    if (interval > PAUSE_MS) return;
    this.#interval += (interval - this.#interval) * SMOOTHING;
  }
}
