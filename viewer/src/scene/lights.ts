/**
 * Traffic lights. Red is a square above, green a triangle below, so that who cannot tell the
 * colours can tell the light; the one that is out is nearly black.
 */
import { Group } from "three";
import { beside, PAVED_HALF, ROAD_HALF, yawOf, type City } from "./city";
import { type Copies, type Kit } from "./kit";
import { Shape, type Vec } from "./shape";
import { flat, zebra } from "./stops";

const POLE = 0x2b2a33;
const EDGE = 0xf5e6cc;
const RED = 0xff3b2a;
const GREEN = 0x2df0a0;
const OUT_RED = 0x4a1f22;
const OUT_GREEN = 0x17382f;

/** Where the line to stop at lies, from the middle of the light's cell (m): before the bus's nose. */
const LINE = 4.05;

/** Heights of the lamps in a head (m, from its middle). */
const UPPER = 0.46;
const LOWER = -0.46;

interface Head {
  readonly at: Vec;
  readonly yaw: number;
}

export class Lights {
  readonly object = new Group();
  readonly #reds: Copies;
  readonly #greens: Copies;
  readonly #heads: readonly (readonly Head[])[];

  constructor(kit: Kit, city: City, places: readonly number[]) {
    const poles = new Shape();
    this.#heads = places.map((s) => buildLight(poles, city, s));
    const most = Math.max(1, places.length * 2);
    this.#reds = kit.copies(
      new Shape().box([0, -0.23, 0], 0.12, 0.46, 0.46, 0xffffff, LAMP),
      most,
      { shadow: false },
    );
    this.#greens = kit.copies(triangle(), most, { shadow: false });
    this.object.add(kit.thing(poles), this.#reds.object, this.#greens.object);
  }

  /** Whether each is red. */
  show(states: readonly boolean[]): void {
    let count = 0;
    states.forEach((red, nth) => {
      for (const { at, yaw } of this.#heads[nth] ?? []) {
        this.#reds.set(count, [at[0], at[1] + UPPER, at[2]], yaw, 1, red ? RED : OUT_RED);
        this.#greens.set(count, [at[0], at[1] + LOWER, at[2]], yaw, 1, red ? OUT_GREEN : GREEN);
        count += 1;
      }
    });
    this.#reds.show(count);
    this.#greens.show(count);
  }
}

const LAMP = { dye: 1, shine: 1, flat: true } as const;

/** How far left of the road's middle (m) the upper head hangs: the chasing camera passes beside it. */
const OVER_LANE = 3.2;

/** Pole, arm over the lane's edge and two heads; says where the heads are. */
function buildLight(shape: Shape, city: City, s: number): Head[] {
  const { x, z } = beside(city.path, s, 0);
  const yaw = yawOf(city.path.at(s).heading);
  shape.place(x, 0, z, yaw);
  flat(shape, LINE, LINE + 0.4, -ROAD_HALF + 0.25, -0.15, EDGE);
  zebra(shape, city, s, LINE + 2);
  const pole = -(PAVED_HALF - 0.7);
  shape.place(x, 0, z, yaw);
  shape.tube([LINE + 0.6, 0, pole], 0.2, 0.2, 0.5, 6, 0xf2c53d);
  shape.beam([LINE + 0.6, 0, pole], [LINE + 0.6, 5.6, pole], 0.17, POLE);
  shape.beam([LINE + 0.6, 5.5, pole], [LINE + 0.6, 5.5, 0.3 - OVER_LANE], 0.12, POLE);
  const heads: Vec[] = [
    [LINE + 0.3, 3.1, pole],
    [LINE + 0.5, 5.15, -OVER_LANE],
  ];
  for (const [hx, hy, hz] of heads) {
    shape.box([hx + 0.14, hy - 0.88, hz], 0.05, 1.76, 0.8, EDGE);
    shape.box([hx, hy - 0.82, hz], 0.24, 1.62, 0.64, POLE);
    shape.tube([hx - 0.13, hy - 0.13, hz], 0.14, 0.14, 0.26, 6, 0x4a3b20, { flat: true });
    shape.box([hx - 0.22, hy + 0.74, hz], 0.26, 0.05, 0.66, POLE, { flat: true });
    shape.box([hx - 0.22, hy - 0.2, hz], 0.26, 0.05, 0.66, POLE, { flat: true });
  }
  const [c, n] = [Math.cos(yaw), Math.sin(yaw)];
  return heads.map(([hx, hy, hz]) => ({
    at: [x + (hx - 0.12) * c + hz * n, hy, z + hz * c - (hx - 0.12) * n],
    yaw,
  }));
}

/** The green lamp: a triangle that points up, seen from the west. */
function triangle(): Shape {
  const [a, b, c]: [Vec, Vec, Vec] = [
    [-0.07, -0.22, 0.28],
    [-0.07, 0.26, 0],
    [-0.07, -0.22, -0.28],
  ];
  return new Shape().triangle(a, b, c, 0xffffff, LAMP).triangle(a, c, b, 0xffffff, LAMP);
}
