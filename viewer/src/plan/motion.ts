/**
 * Smooth motion between frames. A tween leads from wherever the bus is drawn to where the newest
 * frame says it is, in about the time until the next frame; a new episode or a long jump snaps,
 * because a bus that glides across the town would show something that never happened.
 */
import type { Point } from "./geometry";

export interface Pose extends Point {
  /** Degrees clockwise from east. */
  readonly turn: number;
}

/** Steps longer than this (cells) are not driven but skipped over. */
const LONGEST_STEP = 3.5;

/** Bounds of a tween in milliseconds: a fast room stays smooth, a slow one does not crawl. */
const SHORTEST_MS = 30;
const LONGEST_MS = 700;

/** How much the newest interval counts in the average of the time between frames. */
const SMOOTHING = 0.3;

export class Motion {
  #from: Pose;
  #to: Pose;
  #start = 0;
  #duration = 0;
  #interval = 200;
  #last: number | null = null;

  constructor(pose: Pose) {
    this.#from = pose;
    this.#to = pose;
  }

  /** A new target at time `now` (milliseconds). */
  aim(target: Pose, now: number, snap: boolean): void {
    if (this.#last !== null) {
      const interval = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, now - this.#last));
      this.#interval += (interval - this.#interval) * SMOOTHING;
    }
    this.#last = now;
    const here = this.at(now);
    const far = Math.hypot(target.x - here.x, target.y - here.y) > LONGEST_STEP;
    this.#from = snap || far ? target : here;
    this.#to = target;
    this.#start = now;
    this.#duration = snap || far ? 0 : this.#interval;
  }

  at(now: number): Pose {
    if (this.moving(now)) {
      const part = Math.max(0, (now - this.#start) / this.#duration);
      // The body turns in the first half of a step, as a driver does.
      const turned = Math.min(1, part * 2);
      return {
        x: this.#from.x + (this.#to.x - this.#from.x) * part,
        y: this.#from.y + (this.#to.y - this.#from.y) * part,
        turn: this.#from.turn + shortestTurn(this.#from.turn, this.#to.turn) * turned,
      };
    }
    return this.#to;
  }

  moving(now: number): boolean {
    return now < this.#start + this.#duration;
  }
}

/** The signed way from one angle to another, at most half a turn. */
export function shortestTurn(from: number, to: number): number {
  return ((((to - from + 180) % 360) + 360) % 360) - 180;
}
