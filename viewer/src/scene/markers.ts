/**
 * What the frames speak of beside the road: stops, lights, police. Built anew when they stand
 * elsewhere, which is once an episode at most; otherwise only their state changes.
 */
import { Group } from "three";
import type { Cell, Frame, Room } from "../protocol/messages";
import type { City } from "./city";
import { Crowd } from "./crowd";
import type { Kit } from "./kit";
import { Letters } from "./letters";
import { Lights } from "./lights";
import { Police } from "./police";
import { Shape, type Vec } from "./shape";
import { buildSign, buildStop } from "./stops";

export class Markers {
  readonly object = new Group();
  readonly #lights: Lights;
  readonly #police: Police;
  readonly #crowd: Crowd;
  readonly #stops: readonly number[];
  readonly #road: Road;

  constructor(kit: Kit, city: City, room: Room, frame: Frame) {
    const road = new Road(room.route);
    this.#road = road;
    this.#stops = frame.stops.map(({ cell }) => road.at(cell));
    this.#lights = new Lights(
      kit,
      city,
      frame.lights.map(({ cell }) => road.at(cell)),
    );
    this.#police = new Police(
      kit,
      city,
      frame.police.map((cell) => road.at(cell)),
      (frame.own.unmanned ?? []).map((cell) => road.at(cell)),
    );
    this.#crowd = new Crowd(kit, city);
    const shape = new Shape();
    const letters = new Letters();
    const nameAt = (cell: Cell): string =>
      room.places.find((place) => same(place.cell, cell))?.name ?? "";
    frame.stops.forEach(({ cell }, nth) => {
      buildStop(shape, city, letters, { s: this.#stops[nth] ?? 0, name: nameAt(cell) });
    });
    // Ends that are no stops have a sign all the same.
    for (const { cell, name } of room.places) {
      if (frame.stops.some((stop) => same(stop.cell, cell))) continue;
      buildSign(shape, city, letters, { s: road.at(cell), name });
    }
    this.object.add(this.#lights.object, this.#police.object, this.#crowd.object);
    if (shape.triangles > 0) this.object.add(kit.thing(shape), kit.letters(letters));
    this.#crowd.begin(frame, this.#stops);
  }

  /** Show a frame; `before` is the one shown last where this one goes on from it. */
  show(frame: Frame, before: Frame | null, door: Vec, calm: boolean): void {
    this.#lights.show(frame.lights.map(({ state }) => state === "red"));
    const here = this.#road.at(frame.position);
    const stopped = frame.policeHere && (frame.mustStop || standsForPolice(frame));
    this.#police.show(frame.police.map((cell) => stopped && this.#road.at(cell) === here));
    if (before === null) this.#crowd.begin(frame, this.#stops);
    else this.#crowd.show(before, frame, door, calm);
  }

  /** Move what moves by itself; says whether something is still on its way. */
  move(passed: number, s: number, door: Vec): boolean {
    const arms = this.#police.move(passed);
    const people = this.#crowd.move(passed, s, door);
    return arms || people;
  }
}

/** Rules that can hold the bus don't say that it has to stop: it does where it stands. */
function standsForPolice({ speed, own }: Frame): boolean {
  return speed === 0 && own.held !== null;
}

/** Where everything of a frame stands: as long as it is the same, nothing is built anew. */
export function layoutOf({ stops, lights, police, own }: Frame): string {
  const cells = [stops.map(({ cell }) => cell), lights.map(({ cell }) => cell), police];
  return JSON.stringify([...cells, own.unmanned]);
}

/** From cells to places on the road. */
export class Road {
  readonly #route: readonly Cell[];

  constructor(route: readonly Cell[]) {
    this.#route = route;
  }

  /** The index of a cell in the route, or of the one nearest to it. */
  at(cell: Cell): number {
    let best = 0;
    let least = Infinity;
    this.#route.forEach((each, index) => {
      const away = Math.hypot(each[0] - cell[0], each[1] - cell[1]);
      if (away >= least) return;
      least = away;
      best = index;
    });
    return best;
  }
}

function same(a: Cell, b: Cell): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
