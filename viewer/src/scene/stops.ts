/** Bus stops: shelter, sign with the place's name, a bay on the road, and a zebra crossing. */
import { beside, PAVED_HALF, ROAD_HALF, type City } from "./city";
import type { Board, Letters } from "./letters";
import { PAINT_LEVEL, PAVEMENT } from "./road";
import type { Shape, Vec } from "./shape";

const POST = 0x2c3a46;
const ROOF = 0x1d6f86;
const BENCH = 0x9a6a44;
const WHITE = 0xf2ead8;
const YELLOW = 0xf2c53d;

/** Where along its cell things stand (m from its middle). */
const ZEBRA = -5.6;
const SIGN = 3.4;

/** The shelter: how far left of the road's middle, how long, how high. */
const SHELTER = { left: PAVED_HALF + 1.1, length: 4.4, height: 2.5 } as const;

export interface Named {
  /** Its place on the road. */
  readonly s: number;
  readonly name: string;
}

export function buildStop(shape: Shape, city: City, letters: Letters, { s, name }: Named): void {
  const { x, z, yaw } = beside(city.path, s, SHELTER.left, -0.6);
  shape.place(x, 0, z, yaw);
  const { length, height } = SHELTER;
  shape.box([0, 0, 0], length + 0.6, PAVEMENT, 2.1, 0xb9a58c, { flat: true });
  for (const px of [-length / 2, length / 2]) {
    for (const pz of [-0.75, 0.75]) shape.box([px, 0, pz], 0.12, height, 0.12, POST);
  }
  shape.taper([0, height, 0], length + 0.7, 0.16, 2.4, length + 0.5, 2.0, ROOF);
  shape.box([0, 0.5, -0.55], length - 0.6, 0.1, 0.45, BENCH);
  shape.box([0, 1, -0.8], length, 1.1, 0.05, 0x7fb3bd);
  for (const px of [-1.4, 1.4]) shape.box([px, 0, -0.55], 0.1, 0.5, 0.4, POST);
  bay(shape, city, s);
  zebra(shape, city, s, ZEBRA);
  if (name === "") return;
  const board: Board = { text: name.toUpperCase(), ink: "#ffffff", ground: "#155a78" };
  plate(letters, city, s, SHELTER.left - 1.22, -0.6 - 1.9, 3.8, 0.62, height - 0.05, board, "road");
  buildSign(shape, city, letters, { s, name });
}

/** A pole with the place's name, read by those who come along the road and those who come back. */
export function buildSign(shape: Shape, city: City, letters: Letters, { s, name }: Named): void {
  const { x, z, yaw } = beside(city.path, s, PAVED_HALF - 0.35, SIGN);
  shape.place(x, 0, z, yaw);
  for (const pz of [-1.3, 0.9]) shape.box([0, 0, pz], 0.1, 3.9, 0.1, POST);
  shape.box([0, 3.02, -0.2], 0.08, 0.84, 3, 0xf4efe2);
  const board: Board = {
    text: name.toUpperCase(),
    below: "KITUO CHA DALADALA",
    ink: "#ffffff",
    ground: "#155a78",
  };
  plate(letters, city, s, PAVED_HALF - 0.35, SIGN, 2.9, 0.74, 3.07, board, "along");
}

/** Writing that looks over the road, or along it in both directions. */
export function plate(
  letters: Letters,
  city: City,
  s: number,
  left: number,
  ahead: number,
  width: number,
  height: number,
  y: number,
  board: Board,
  looks: "road" | "along",
): void {
  const at = beside(city.path, s, left, ahead);
  const [hx, hz] = [Math.cos(at.yaw), -Math.sin(at.yaw)];
  const up: Vec = [0, height, 0];
  if (looks === "road") {
    // From the road its left end is the one that lies behind.
    letters.write(board, [at.x, y, at.z], [hx * width, 0, hz * width], up);
    return;
  }
  // Those who come along have its left end on their left.
  const side: Vec = [-hz, 0, hx];
  for (const face of [-1, 1]) {
    const off = face * 0.06;
    const begin = face < 0 ? -width / 2 - 0.2 : width / 2 - 0.2;
    letters.write(
      board,
      [at.x + hx * off + side[0] * begin, y, at.z + hz * off + side[2] * begin],
      [side[0] * width * -face, 0, side[2] * width * -face],
      up,
    );
  }
}

/** Stripes across the road, `ahead` metres from the middle of a cell. */
export function zebra(shape: Shape, city: City, s: number, ahead: number): void {
  const { x, z, yaw } = beside(city.path, s, 0, ahead);
  shape.place(x, 0, z, yaw);
  for (let nth = 0; nth < 8; nth += 1) {
    const across = -ROAD_HALF + 0.55 + nth * 0.9;
    flat(shape, -1.1, 1.1, across - 0.24, across + 0.24, WHITE);
  }
}

/** A rectangle painted on the road, in the place that the shape builds at. */
export function flat(
  shape: Shape,
  back: number,
  front: number,
  near: number,
  far: number,
  color: number,
): void {
  const y = PAINT_LEVEL + 0.015;
  shape.quad([back, y, far], [front, y, far], [front, y, near], [back, y, near], color, {
    flat: true,
  });
}

function bay(shape: Shape, city: City, s: number): void {
  const { x, z, yaw } = beside(city.path, s, 0);
  shape.place(x, 0, z, yaw);
  const [near, far] = [-ROAD_HALF + 0.1, -0.55];
  flat(shape, -4.1, 4.1, far - 0.12, far, YELLOW);
  flat(shape, -4.1, 4.1, near, near + 0.12, YELLOW);
  flat(shape, -4.2, -4.06, near, far, YELLOW);
  flat(shape, 4.06, 4.2, near, far, YELLOW);
}
