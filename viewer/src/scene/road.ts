/** The road that the bus drives: asphalt, lines, kerbs in black and white, pavements, red earth. */
import { hash, noise } from "../plan/noise";
import { beside, CELL, PAVED_HALF, ROAD_HALF, type City } from "./city";
import { Shape, type Vec } from "./shape";

const ASPHALT = 0x57525c;
const PATCH = 0x4d4852;
const LINE = 0xf2ead8;
const EDGE_LINE = 0xe9b949;
const PAVING = 0xc9ad8b;
const PAVING_SIDE = 0x9a7f66;
const LATERITE = 0xb8633f;
const KERB = [0xf1ebdf, 0x35303a] as const;

/** Length of a piece of road (cells): a bend made of these looks round. */
const PIECE = 0.2;

/** Height of the pavement over the carriageway (m). */
export const PAVEMENT = 0.15;

/** Heights of what is painted and laid (m): apart enough for a depth buffer to tell. */
const ROAD_LEVEL = 0.03;
export const PAINT_LEVEL = 0.06;

/** How far the road goes on beyond its ends, and the square there (m). */
const APRON = 9;
const SQUARE_RADIUS = 12;

/** Dashes of the middle line and the gaps between them (cells). */
const DASH = 0.3;
const DASH_EVERY = 0.7;

export function buildRoad(city: City): Shape {
  const shape = new Shape();
  const { path } = city;
  const start = -APRON / CELL;
  const end = path.end + APRON / CELL;
  for (const s of [0, path.end]) square(shape, city, s);
  for (let s = start, nth = 0; s < end - 1e-6; s += PIECE, nth += 1) {
    const next = Math.min(end, s + PIECE);
    const piece = (from: number, to: number, y: number, color: number): void => {
      strip(shape, city, s, next, from, to, y, color);
    };
    piece(-ROAD_HALF, ROAD_HALF, ROAD_LEVEL, noise(s * 0.7) > 0.72 ? PATCH : ASPHALT);
    piece(3.18, 3.3, PAINT_LEVEL, EDGE_LINE);
    piece(-3.3, -3.18, PAINT_LEVEL, EDGE_LINE);
    const kerb = KERB[nth % 2] ?? LINE;
    for (const side of [-1, 1]) {
      wall(shape, city, s, next, side * ROAD_HALF, 0, PAVEMENT, kerb, -side);
      band(shape, city, s, next, side, ROAD_HALF, ROAD_HALF + 0.3, PAVEMENT, kerb);
      const slab = hash(nth, side, 71) < 0.5 ? PAVING : 0xc2a583;
      band(shape, city, s, next, side, ROAD_HALF + 0.3, PAVED_HALF, PAVEMENT, slab);
      wall(shape, city, s, next, side * PAVED_HALF, 0, PAVEMENT, PAVING_SIDE, side);
      const worn = (at: number): number => PAVED_HALF + 1.2 + noise(at * 1.3 + side * 50) * 2.6;
      verge(shape, city, s, next, side, [worn(s), worn(next)], earth(nth, side));
    }
  }
  for (let s = 0; s < path.end; s += DASH_EVERY) {
    const middle = s + DASH / 2;
    strip(shape, city, s, middle, -0.08, 0.08, PAINT_LEVEL, LINE);
    strip(shape, city, middle, s + DASH, -0.08, 0.08, PAINT_LEVEL, LINE);
  }
  return shape;
}

/** A flat piece between two places of the road, from `right` to `left` of its middle (m). */
export function strip(
  shape: Shape,
  { path }: City,
  s: number,
  next: number,
  right: number,
  left: number,
  y: number,
  color: number,
): void {
  const corner = (at: number, side: number): Vec => {
    const { x, z } = beside(path, at, side);
    return [x, y, z];
  };
  shape
    .place(0, 0, 0)
    .quad(corner(s, right), corner(next, right), corner(next, left), corner(s, left), color, {
      flat: true,
    });
}

/** The same on either side, told by distances from the middle. */
function band(
  shape: Shape,
  city: City,
  s: number,
  next: number,
  side: number,
  near: number,
  far: number,
  y: number,
  color: number,
): void {
  const [right, left] = side > 0 ? [near, far] : [-far, -near];
  strip(shape, city, s, next, right, left, y, color);
}

/** Earth worn bare beside the pavement, as far out as `edges` at its beginning and its end (m). */
function verge(
  shape: Shape,
  { path }: City,
  s: number,
  next: number,
  side: number,
  edges: readonly [number, number],
  color: number,
): void {
  const corner = (at: number, left: number): Vec => {
    const { x, z } = beside(path, at, left * side);
    return [x, 0.04, z];
  };
  const [a, b] = [corner(s, PAVED_HALF), corner(next, PAVED_HALF)];
  const [c, d] = [corner(next, edges[1]), corner(s, edges[0])];
  shape.place(0, 0, 0);
  if (side > 0) shape.quad(a, b, c, d, color, { flat: true });
  else shape.quad(d, c, b, a, color, { flat: true });
}

/** An upright face along the road that looks to the left (1) or to the right (-1). */
function wall(
  shape: Shape,
  { path }: City,
  s: number,
  next: number,
  side: number,
  from: number,
  to: number,
  color: number,
  looks: number,
): void {
  const a = beside(path, s, side);
  const b = beside(path, next, side);
  const [first, second] = looks > 0 ? [b, a] : [a, b];
  shape
    .place(0, 0, 0)
    .quad(
      [first.x, from, first.z],
      [second.x, from, second.z],
      [second.x, to, second.z],
      [first.x, to, first.z],
      color,
      { flat: true },
    );
}

/** Where the route begins and ends buses turn: a round of asphalt. */
function square(shape: Shape, city: City, s: number): void {
  const { x, z } = beside(city.path, s, 0, s === 0 ? -APRON : APRON);
  const around = (angle: number): Vec => [
    Math.cos(angle) * SQUARE_RADIUS,
    0.02,
    -Math.sin(angle) * SQUARE_RADIUS,
  ];
  const sides = 20;
  shape.place(x, 0, z);
  for (let side = 0; side < sides; side += 1) {
    const [a, b] = [(side * 2 * Math.PI) / sides, ((side + 1) * 2 * Math.PI) / sides];
    shape.triangle([0, 0.02, 0], around(a), around(b), PATCH, { flat: true });
  }
}

/** Earth is never of one colour. */
function earth(a: number, b: number): number {
  const k = 0.96 + hash(a, b, 5) * 0.08;
  const part = (shift: number): number => Math.min(255, ((LATERITE >> shift) & 255) * k) << shift;
  return part(16) | part(8) | part(0);
}
