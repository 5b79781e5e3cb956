/** The bus that drives: its body, wheels, those aboard, and its lights, set for each picture. */
import { Group, type Mesh } from "three";
import { hash } from "../plan/noise";
import { BUS, bandColor, buildBody, buildWheel, letterBus } from "./daladala";
import type { Copies, Glow, Kit } from "./kit";
import { Letters } from "./letters";
import { buildPassenger, buildPerson, clothOf, headOf } from "./people";
import { follow, hanging, lean, overload, sag, type Load } from "./ride";
import { Shape, type Vec } from "./shape";

/** Most that are drawn inside. */
const MOST_ABOARD = 56;

/** How quickly the body settles under a load, and the nose under the brakes (1/s). */
const SETTLE = 5;

/** How quickly a crash throws it aside (1/s). */
const WRECK = 16;

const BRAKE_LIT = 0xff3a22;
const BRAKE_DARK = 0x7c1d1c;

export interface Ride {
  readonly x: number;
  readonly z: number;
  readonly yaw: number;
  /** Metres a second, and what it gains or loses of that in a second. */
  readonly speed: number;
  readonly gain: number;
  /** Radians a metre, positive to the right. */
  readonly bend: number;
  readonly braking: boolean;
  readonly crashed: boolean;
  readonly passed: number;
  readonly calm: boolean;
}

export class Bus {
  readonly object = new Group();
  readonly #body = new Group();
  readonly #wheels: Copies;
  readonly #aboard: Copies;
  readonly #hanging: Copies;
  readonly #brakes: Copies;
  readonly #brakeGlow: Mesh;
  #load: Load = { passengers: 0, legalCapacity: 1, capacity: 1 };
  #sag = 0;
  #lean = 0;
  #nod = 0;
  #rolled = 0;
  #odometer = 0;
  #wrecked = 0;

  constructor(kit: Kit, ends: { from: string; to: string }) {
    const letters = new Letters();
    letterBus(letters, ends.from, ends.to);
    this.#wheels = kit.copies(buildWheel(), 4, { shadow: false });
    this.#wheels.mesh.geometry.rotateX(Math.PI / 2);
    this.#aboard = kit.copies(buildPassenger(), MOST_ABOARD, { twoColors: true, shadow: false });
    this.#hanging = kit.copies(buildPerson("trousers"), 5, { twoColors: true });
    this.#brakes = kit.copies(
      new Shape().box([0, 0, 0], 0.06, 0.34, 0.2, 0xffffff, { dye: 1, flat: true }),
      2,
      {
        shadow: false,
      },
    );
    this.#brakeGlow = kit.glows(brakeGlow());
    this.#body.add(
      kit.thing(buildBody(bandColor(ends.from, ends.to))),
      kit.letters(letters),
      this.#aboard.object,
      this.#hanging.object,
      this.#brakes.object,
      this.#brakeGlow,
      kit.glows(headlights()),
    );
    this.object.add(this.#body, this.#wheels.object);
    this.board(this.#load);
  }

  get lean(): number {
    return this.#lean;
  }

  /** How far the body is below its empty height (m). */
  get sunk(): number {
    return this.#sag;
  }

  board(load: Load): void {
    this.#load = load;
    const shown = Math.min(load.passengers, MOST_ABOARD - 1);
    // The driver comes first, and is always there.
    this.#aboard.set(0, [1.75, BUS.sill - 0.12, 0.52], 0, 1, 0x8fb3d9, 0x221a18);
    for (let nth = 0; nth < shown; nth += 1) {
      this.#aboard.set(
        nth + 1,
        seat(nth),
        (hash(nth, 1, 23) - 0.5) * 0.9,
        0.96,
        clothOf(nth, 1),
        headOf(nth),
      );
    }
    this.#aboard.show(shown + 1);
    const out = hanging(load);
    // The conductor stands in the door of every daladala.
    this.#hanging.set(0, [BUS.door + 0.1, 0.42, -BUS.width / 2 - 0.12], 0.5, 1, 0x2b3350, 0xf2b632);
    for (let nth = 0; nth < out; nth += 1) {
      const at: Vec =
        nth < 2
          ? [BUS.door - 0.35 - nth * 0.42, 0.42, -BUS.width / 2 - 0.24]
          : [-3.52, 0.55, 0.2 + (nth - 2) * 0.52 - 0.3];
      this.#hanging.set(nth + 1, at, nth < 2 ? -1.3 : 0, 0.98, clothOf(nth, 7), clothOf(nth, 8));
    }
    this.#hanging.show(out + 1);
  }

  /** Place everything for one picture; says whether the body still settles. */
  drive(ride: Ride): boolean {
    const { passed, calm } = ride;
    this.#odometer += ride.speed * passed;
    const [deep, over] = [sag(this.#load), lean(this.#load)];
    const roll = calm ? 0 : Math.max(-0.06, Math.min(0.06, ride.bend * ride.speed * 0.02));
    const nod = calm ? 0 : Math.max(-0.035, Math.min(0.035, ride.gain * 0.0007));
    const rate = calm ? 1e3 : SETTLE;
    const wreck = ride.crashed ? 1 : 0;
    this.#sag = follow(this.#sag, deep, rate, passed);
    this.#lean = follow(this.#lean, over, rate, passed);
    this.#nod = follow(this.#nod, nod, rate, passed);
    this.#rolled = follow(this.#rolled, roll, rate, passed);
    this.#wrecked = follow(this.#wrecked, wreck, calm ? 1e3 : WRECK, passed);
    const settled =
      this.#sag === deep &&
      this.#lean === over &&
      this.#nod === nod &&
      this.#rolled === roll &&
      this.#wrecked === wreck;
    const shake = calm ? 0 : Math.min(1, ride.speed / 8);
    const heavy = 1 + overload(this.#load);
    this.object.position.set(ride.x, 0, ride.z);
    this.object.rotation.y = ride.yaw + this.#wrecked * 0.28;
    this.#body.position.y = -this.#sag + Math.sin(this.#odometer * 1.9) * 0.014 * shake;
    this.#body.rotation.x =
      -this.#lean - this.#rolled + Math.sin(this.#odometer * 1.3) * 0.006 * shake * heavy;
    this.#body.rotation.x += this.#wrecked * 0.13;
    this.#body.rotation.z = this.#nod - this.#wrecked * 0.05;
    this.#turnWheels();
    this.#brake(ride.braking);
    return !settled;
  }

  #turnWheels(): void {
    const turn = -this.#odometer / BUS.wheel;
    const [c, s] = [Math.cos(turn), Math.sin(turn)];
    let nth = 0;
    for (const x of BUS.axles) {
      for (const z of [-1, 1]) {
        const place = [
          c,
          s,
          0,
          0,
          -s,
          c,
          0,
          0,
          0,
          0,
          1,
          0,
          x,
          BUS.wheel,
          z * (BUS.width / 2 - 0.08),
          1,
        ];
        this.#wheels.mesh.instanceMatrix.set(place, nth * 16);
        this.#wheels.mesh.instanceColor?.setXYZ(nth, 1, 1, 1);
        nth += 1;
      }
    }
    this.#wheels.show(nth);
  }

  #brake(on: boolean): void {
    for (const [nth, z] of [-0.92, 0.92].entries()) {
      this.#brakes.set(nth, [-BUS.length / 2 - 0.03, 0.86, z], 0, 1, on ? BRAKE_LIT : BRAKE_DARK);
    }
    this.#brakes.show(2);
    this.#brakeGlow.visible = on;
  }
}

/** Where the nth passenger is: all over the seats first, then in the aisle, ever closer. */
function seat(nth: number): Vec {
  const rows = [0.75, -0.05, -0.95, -1.85, -2.7];
  const columns = [0.82, -0.82, 0.38, -0.38];
  const seats = rows.length * columns.length;
  const y = BUS.sill - 0.2;
  if (nth < seats) {
    // Scattered, as people sit: seven and the number of seats have no common divisor.
    const taken = (nth * 7) % seats;
    const row = rows[Math.floor(taken / columns.length)] ?? 0;
    return [row - 0.12, y + hash(nth, 2, 24) * 0.08, columns[taken % columns.length] ?? 0];
  }
  const standing = nth - seats;
  const x = 1.1 - ((standing * 0.618) % 1) * 3.8;
  const z = (hash(standing, 5, 25) - 0.5) * 1.5;
  return [x, y + 0.22 + hash(standing, 6, 26) * 0.1, z];
}

function headlights(): Glow[] {
  const beams = [-0.8, 0.8].map((z): Glow => ({
    at: [8.6, 0.2, z * 1.6],
    right: [5.6, 0, 0],
    up: [0, 0, 2.4],
    color: [0.62, 0.55, 0.36],
  }));
  const lamps = [-0.82, 0.82].map((z): Glow => ({
    at: [BUS.length / 2 + 0.12, 0.92, z],
    halo: 0.75,
    color: [0.9, 0.8, 0.55],
  }));
  return [...beams, ...lamps];
}

function brakeGlow(): Glow[] {
  return [-0.92, 0.92].map((z): Glow => ({
    at: [-BUS.length / 2 - 0.12, 1.02, z],
    halo: 0.85,
    color: [1, 0.16, 0.08],
    byDay: 0.75,
  }));
}
