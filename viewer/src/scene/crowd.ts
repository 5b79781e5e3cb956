/** The people of the stops: those who wait, those who run to the door, those who walk away. */
import { Group } from "three";
import type { Frame } from "../protocol/messages";
import { hash } from "../plan/noise";
import { beside, type City } from "./city";
import type { Copies, Kit } from "./kit";
import { buildPerson, clothOf } from "./people";
import { awayFrom, MOST_DRAWN, standing, type Standing } from "./queue";
import { follow } from "./ride";
import type { Vec } from "./shape";

/** Copies of each kind of person. */
const MOST = 150;

/** Stops farther away from the bus than this (cells along the road) are not peopled. */
const PEOPLED = 17;

/** At most so many are seen to board, and to alight, at once. */
const MOST_WALKING = 10;

/** How long it takes to get on, and to walk out of sight (s). */
const BOARD = 0.75;
const LEAVE = 2.4;

/** Between one and the next at the door (s). */
const APART = 0.09;

/** How quickly a queue moves up (1/s). */
const MOVE_UP = 4;

/** How far from a stop (cells) a bus may be whose passengers come from it. */
const REACH = 2.5;

interface Walker {
  readonly seed: number;
  readonly boards: boolean;
  readonly from: Vec;
  readonly to: Vec;
  /** Seconds since setting off; below 0 it is not yet its turn. */
  age: number;
}

interface Queue {
  readonly s: number;
  waiting: number;
  /** Who stands first: those before have gone. */
  first: number;
  /** How many places the queue has still to move up. */
  gap: number;
}

export class Crowd {
  readonly object = new Group();
  readonly #city: City;
  readonly #kinds: readonly [Copies, Copies];
  #queues: Queue[] = [];
  #walkers: Walker[] = [];
  #dirty = true;
  #s = 0;

  constructor(kit: Kit, city: City) {
    this.#city = city;
    this.#kinds = [
      kit.copies(buildPerson("kanga"), MOST, { twoColors: true }),
      kit.copies(buildPerson("trousers"), MOST, { twoColors: true }),
    ];
    this.object.add(...this.#kinds.map((kind) => kind.object));
  }

  /** A new episode: queues as they are, nobody on the move. */
  begin(frame: Frame, places: readonly number[]): void {
    this.#walkers = [];
    this.#queues = frame.stops.map(({ waiting }, nth) => ({
      s: places[nth] ?? 0,
      waiting,
      first: 0,
      gap: 0,
    }));
    this.#dirty = true;
  }

  /** From one frame to the next of an episode; `door` is where the bus's door is (m). */
  show(before: Frame, frame: Frame, door: Vec, calm: boolean): void {
    const aboard = frame.passengers - before.passengers;
    let boarding = Math.min(MOST_WALKING, Math.max(0, aboard));
    frame.stops.forEach(({ waiting }, nth) => {
      const queue = this.#queues[nth];
      if (queue === undefined) return;
      const gone = queue.waiting - waiting;
      queue.waiting = waiting;
      if (gone === 0) return;
      this.#dirty = true;
      if (gone < 0) return;
      const near =
        Math.min(Math.abs(queue.s - before.routeIndex), Math.abs(queue.s - frame.routeIndex)) <
        REACH;
      const seen = near && !calm ? Math.min(boarding, gone) : 0;
      boarding -= seen;
      for (let person = 0; person < seen; person += 1) this.#board(queue, nth, person);
      queue.first += gone;
      queue.gap = calm ? 0 : Math.min(gone, MOST_DRAWN);
    });
    if (calm) return;
    for (let person = 0; person < Math.min(MOST_WALKING, -aboard); person += 1) {
      this.#alight(frame, door, person);
    }
  }

  /** Move everybody for one picture; says whether somebody is still on the way. */
  move(passed: number, s: number, door: Vec): boolean {
    if (Math.abs(s - this.#s) > 1) {
      this.#s = s;
      this.#dirty = true;
    }
    for (const queue of this.#queues) {
      if (queue.gap === 0) continue;
      queue.gap = follow(queue.gap, 0, MOVE_UP, passed);
      this.#dirty = true;
    }
    for (const walker of this.#walkers) walker.age += passed;
    const walking = this.#walkers.length;
    this.#walkers = this.#walkers.filter(({ age, boards }) => age < (boards ? BOARD : LEAVE));
    if (walking > 0) this.#dirty = true;
    if (this.#dirty) this.#place(door);
    this.#dirty = false;
    return this.#walkers.length > 0 || this.#queues.some(({ gap }) => gap !== 0);
  }

  #board(queue: Queue, stop: number, person: number): void {
    const from = this.#at(queue.s, standing(person, stop));
    this.#walkers.push({
      seed: seedOf(stop, queue.first + person),
      boards: true,
      from,
      to: from,
      age: -person * APART,
    });
  }

  #alight(frame: Frame, door: Vec, person: number): void {
    const seed = frame.seq * 16 + person;
    const to = this.#at(frame.routeIndex, awayFrom(seed));
    this.#walkers.push({ seed, boards: false, from: door, to, age: -person * APART * 2 });
  }

  /** Where somebody is, on the pavement. */
  #at(s: number, { left, ahead }: Standing): Vec {
    const { x, z } = beside(this.#city.path, s, left, ahead);
    return [x, 0.14, z];
  }

  #place(door: Vec): void {
    const counts = [0, 0];
    const put = (seed: number, at: Vec, yaw: number, size: number): void => {
      const kind = hash(seed, 9, 98) < 0.55 ? 0 : 1;
      const nth = counts[kind] ?? 0;
      if (nth >= MOST) return;
      const tall = size * (0.92 + hash(seed, 8, 98) * 0.16);
      this.#kinds[kind].set(nth, at, yaw, tall, clothOf(seed, 1), clothOf(seed, 2));
      counts[kind] = nth + 1;
    };
    this.#queues.forEach((queue, stop) => {
      if (Math.abs(queue.s - this.#s) > PEOPLED) return;
      const { yaw } = beside(this.#city.path, queue.s, 0);
      for (let nth = 0; nth < Math.min(queue.waiting, MOST_DRAWN); nth += 1) {
        const seed = seedOf(stop, queue.first + nth);
        // They look at the road, whence the bus comes.
        const looks = yaw - Math.PI / 2 - hash(seed, 7, 98) * 1.1;
        put(seed, this.#at(queue.s, standing(nth + queue.gap, stop)), looks, 1);
      }
    });
    for (const walker of this.#walkers) {
      if (walker.age < 0 && !walker.boards) continue;
      const part = Math.max(0, walker.age) / (walker.boards ? BOARD : LEAVE);
      const goal = walker.boards ? door : walker.to;
      const hop = walker.age > 0 ? Math.abs(Math.sin(walker.age * 9)) * 0.09 : 0;
      const at: Vec = [
        walker.from[0] + (goal[0] - walker.from[0]) * part,
        walker.from[1] + (goal[1] - walker.from[1]) * part + hop,
        walker.from[2] + (goal[2] - walker.from[2]) * part,
      ];
      const yaw = Math.atan2(-(goal[2] - walker.from[2]), goal[0] - walker.from[0]);
      const fades = walker.boards ? 1 : Math.min(1, (1 - part) * 5);
      put(walker.seed, at, yaw, Math.max(0.05, fades));
    }
    this.#kinds.forEach((kind, nth) => {
      kind.show(counts[nth] ?? 0);
    });
  }
}

function seedOf(stop: number, person: number): number {
  return stop * 1009 + person;
}
