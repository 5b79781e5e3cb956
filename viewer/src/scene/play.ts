/**
 * What goes on in one room, as it is drawn: frames come in when they come, and for each picture the
 * bus, the people and the light are set to where they are by then.
 */
import { Group } from "three";
import { middle } from "../plan/geometry";
import { rollsOn } from "../protocol/measures";
import type { Frame, Room } from "../protocol/messages";
import { follows } from "../state/view";
import { CELL, LANE, yawOf } from "./city";
import { lightAt } from "./daytime";
import { Effects } from "./effects";
import { freeBelow, type Kit } from "./kit";
import { follow } from "./ride";
import type { Subject } from "./shots";
import { Track, type Drawn, type Stop } from "./track";
import { World } from "./world";

/** A bus that is drawn farther off the road than this (cells) is drawn where the frame says. */
const OFF_ROAD = 0.02;

/** Longer steps (cells) are not driven but skipped over. */
const LONGEST_STEP = 12;

/** By rules in which the bus rolls on after a stop: the part of that step for which it is seen to stand. */
const HALT = 0.5;

/** How quickly the time of day follows the trip (1/s), and a part of it that is not seen. */
const DAY_RATE = 1.6;
const DAY_STILL = 0.004;

export class Play {
  readonly object = new Group();
  readonly world: World;
  readonly #room: Room;
  readonly #kit: Kit;
  readonly #effects: Effects;
  readonly #track = new Track<Frame>();
  #received: Frame | null = null;
  #shown: Frame | null = null;
  /** The frame before the shown one, where that goes on from it, and whether it was felt yet. */
  #before: Frame | null = null;
  #felt = false;
  #slowing = false;
  #speed = 0;
  #day: number | null = null;
  #subject: Subject = { x: 0, y: 0, z: 0, yaw: 0, s: 0 };

  constructor(kit: Kit, room: Room, frame: Frame) {
    this.#kit = kit;
    this.#room = room;
    this.world = new World(kit, room, frame);
    this.#effects = new Effects(kit);
    this.object.add(this.world.object, this.#effects.object);
  }

  get shown(): Frame | null {
    return this.#shown;
  }

  get subject(): Subject {
    return this.#subject;
  }

  get shake(): number {
    return this.#effects.shake;
  }

  /** A frame came; says whether it goes on from the one before, so that nothing has to be cut. */
  receive(frame: Frame, now: number, calm: boolean): boolean {
    if (frame === this.#received) return true;
    const stop = this.#whereIs(frame);
    const last = this.#track.at(now);
    const near = last !== null && Math.abs(stop.s - last.s) <= LONGEST_STEP;
    const goesOn = near && follows(this.#received, frame);
    this.#received = frame;
    this.#track.push(stop, now, calm || !goesOn);
    return goesOn;
  }

  /** Whether something is still to be driven, or frames come by themselves. */
  runs(now: number, calm: boolean): boolean {
    return this.#track.moving(now) || (!calm && this.#track.flowing(now));
  }

  /** Set everything for one picture; says whether something is still on its way. */
  compose(now: number, passed: number, calm: boolean): boolean {
    const drawn = this.#track.at(now);
    if (drawn === null) return false;
    if (drawn.facts !== this.#shown) this.#turnTo(drawn.facts, calm);
    const settling = this.#drive(drawn, passed, calm);
    const { x, z } = this.#subject;
    if (drawn.there && !this.#felt) {
      this.#felt = true;
      if (this.#before !== null && !calm) this.#effects.feel(this.#before, drawn.facts, [x, 0, z]);
    }
    const flying = this.#effects.move(passed, [x, 0, z]);
    const dims = this.#light(drawn.s, passed, calm);
    return settling || flying || dims;
  }

  dispose(): void {
    this.world.dispose();
    freeBelow(this.object, this.#kit.materials);
  }

  #turnTo(frame: Frame, calm: boolean): void {
    const before = follows(this.#shown, frame) ? this.#shown : null;
    if (before === null) {
      this.#effects.clear();
      this.#day = null;
    }
    this.#before = before;
    this.#shown = frame;
    this.#slowing = before !== null && frame.speed < before.speed;
    this.#felt = false;
    this.world.show(frame, before, calm);
  }

  #drive(drawn: Drawn<Frame>, passed: number, calm: boolean): boolean {
    const { path } = this.world.city;
    const spot = path.at(drawn.s);
    const yaw = yawOf(spot.heading);
    const speed = drawn.speed * CELL;
    const gain = passed > 0 ? (speed - this.#speed) / passed : 0;
    this.#speed = speed;
    const x = (spot.x + drawn.dx) * CELL + spot.heading.y * LANE;
    const z = (spot.y + drawn.dy) * CELL - spot.heading.x * LANE;
    const crashed = drawn.facts.crashed && drawn.there;
    // A bus that waits for its next frame alone does not brake.
    const braking = this.#slowing || drawn.halts || (speed === 0 && drawn.facts.speed === 0);
    const bend = path.bend(drawn.s) / CELL;
    const ride = { x, z, yaw, speed, gain, bend, braking, crashed, passed, calm };
    const settling = this.world.move(ride, drawn.s);
    this.#subject = { x, y: -this.world.bus.sunk, z, yaw, s: drawn.s };
    return settling;
  }

  /** The time of day follows the trip; says whether it still does. */
  #light(s: number, passed: number, calm: boolean): boolean {
    const { path } = this.world.city;
    const goal = path.end > 0 ? Math.min(1, s / path.end) : 0;
    const day = calm ? goal : follow(this.#day ?? goal, goal, DAY_RATE, passed);
    this.#day = day;
    this.#kit.light(lightAt(day, path.at(0).heading));
    return Math.abs(goal - day) > DAY_STILL;
  }

  #whereIs(frame: Frame): Stop<Frame> {
    const { path } = this.world.city;
    const index = Math.min(path.end, Math.max(0, frame.routeIndex));
    const at = middle(frame.position, this.#room.grid[1]);
    const cell = middle(frame.position, this.#room.grid[1]);
    const halt = frame.actionName === "Stop" && rollsOn(this.#room) ? HALT : 0;
    if (at.x === cell.x && at.y === cell.y) return { s: index, dx: 0, dy: 0, facts: frame, halt };
    const s = path.nearest(at, index);
    const spot = path.at(s);
    const [dx, dy] = [at.x - spot.x, at.y - spot.y];
    const off = Math.hypot(dx, dy) > OFF_ROAD;
    return { s, dx: off ? dx : 0, dy: off ? dy : 0, facts: frame, halt };
  }
}
