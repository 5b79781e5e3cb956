/** Everything that stands in the scene for one room: built from the room, changed by its frames. */
import { Group, Mesh, SphereGeometry, type Vector3 } from "three";
import type { Frame, Room } from "../protocol/messages";
import { Bus, type Ride } from "./bus";
import { makeCity, type City } from "./city";
import { BUS } from "./daladala";
import { buildGround, buildSea } from "./ground";
import { freeBelow, ORDER, type Glow, type Kit } from "./kit";
import { Letters } from "./letters";
import { layoutOf, Markers, Road } from "./markers";
import { buildRoad } from "./road";
import type { Vec } from "./shape";
import { buildTown } from "./town";

/** Without a Kariakoo, the part of the way at which the market is. */
const MARKET = 0.7;

/** Beyond so much of the sight all is haze, and beyond so much shadows are. */
const HIDDEN = 1.25;
const UNSHADED = 0.6;

export class World {
  readonly object = new Group();
  readonly city: City;
  readonly bus: Bus;
  readonly #kit: Kit;
  readonly #room: Room;
  readonly #town: readonly Group[];
  #markers: Markers | null = null;
  #layout = "";
  #door: Vec = [0, 0, 0];

  constructor(kit: Kit, room: Room, frame: Frame) {
    this.#kit = kit;
    this.#room = room;
    this.city = makeCity(room);
    const road = new Road(room.route);
    const [first, last] = [room.places[0], room.places.at(-1)];
    this.bus = new Bus(kit, { from: first?.name ?? "", to: last?.name ?? "" });
    const stops = [...room.places, ...frame.stops].map(({ cell }) => road.at(cell));
    const letters = new Letters();
    const town = buildTown(this.city, this.#market(road), stops, letters);
    this.#town = town.parts.map((part) => kit.thing(part));
    for (const part of this.#town) {
      for (const each of part.children) {
        if (each instanceof Mesh) (each as Mesh).geometry.computeBoundingSphere();
      }
    }
    this.object.add(
      ...this.#still(),
      ...this.#town,
      kit.letters(letters),
      kit.glows(town.lamps.flatMap(lamplight)),
      this.bus.object,
    );
  }

  /** Show what a frame says; `before` is the one shown last, where this one goes on from it. */
  show(frame: Frame, before: Frame | null, calm: boolean): void {
    const layout = layoutOf(frame);
    if (layout !== this.#layout) {
      this.#layout = layout;
      if (this.#markers !== null) {
        this.object.remove(this.#markers.object);
        freeBelow(this.#markers.object, this.#kit.materials);
      }
      this.#markers = new Markers(this.#kit, this.city, this.#room, frame);
      this.object.add(this.#markers.object);
    }
    this.bus.board(frame);
    this.#markers?.show(frame, before, this.#door, calm);
  }

  /** Move everything for one picture; says whether something is still on its way. */
  move(ride: Ride, s: number): boolean {
    const settles = this.bus.drive(ride);
    const [c, n] = [Math.cos(ride.yaw), Math.sin(ride.yaw)];
    const [ahead, right] = [BUS.door, -BUS.width / 2 - 0.4];
    this.#door = [ride.x + ahead * c + right * n, 0.3, ride.z + right * c - ahead * n];
    const busy = this.#markers?.move(ride.passed, s, this.#door) ?? false;
    return settles || busy;
  }

  /** Leave out parts of the town that the haze hides, and shadows that are too far to be seen. */
  hideFar(eye: Vector3, sight: number): void {
    for (const part of this.#town) {
      const [house, shadow] = part.children;
      if (!(house instanceof Mesh)) continue;
      const { boundingSphere } = (house as Mesh).geometry;
      const away =
        boundingSphere === null ? 0 : boundingSphere.center.distanceTo(eye) - boundingSphere.radius;
      part.visible = away < sight * HIDDEN;
      if (shadow !== undefined) shadow.visible = away < sight * UNSHADED;
    }
  }

  dispose(): void {
    freeBelow(this.object, this.#kit.materials);
  }

  /** Where the market is: at Kariakoo where there is one. */
  #market(road: Road): number {
    const named = this.#room.places.find(({ name }) => name === "Kariakoo");
    return named === undefined ? Math.round(this.city.path.end * MARKET) : road.at(named.cell);
  }

  /** Earth, road, sea and sky. */
  #still(): Mesh[] {
    const kit = this.#kit;
    const sky = new Mesh(new SphereGeometry(1, 24, 16), kit.sky);
    sky.frustumCulled = false;
    sky.renderOrder = ORDER.sky;
    const sea = kit.ground(buildSea(this.city));
    sea.material = kit.sea;
    return [kit.ground(buildGround(this.city)), kit.ground(buildRoad(this.city)), sea, sky];
  }
}

/** A lamp's own shine, and its pool on the road. */
function lamplight([x, y, z]: Vec): Glow[] {
  return [
    { at: [x, 0.2, z], right: [8, 0, 0], up: [0, 0, 8], color: [0.85, 0.6, 0.3] },
    { at: [x, y - 0.1, z], halo: 1.6, color: [1, 0.8, 0.45] },
  ];
}
