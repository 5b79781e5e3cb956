/**
 * The daladala: a cream minibus with a band in the route's colour, open windows, a rack on its roof
 * and words on its back. It faces east, its door is on the left, its wheels stand on the ground.
 */
import { hash } from "../plan/noise";
import type { Letters } from "./letters";
import { Shape, type Vec } from "./shape";

const CREAM = 0xfdf6e6;
const INSIDE = 0x3b2f36;
const TRIM = 0x2a2430;
const CHROME = 0xb9b4ae;
const SEAT = 0x7b3f3a;
const LAMP = 0xfff3c4;

/** Colours of route bands as painted in Dar es Salaam; each route keeps its own. */
const BANDS = [0x1d8a99, 0xd9472f, 0x3e8f47, 0x2f5fb3, 0xe0902a] as const;

/** Measures (m). */
export const BUS = {
  length: 6.6,
  width: 2.24,
  sill: 1.38,
  roof: 2.42,
  wheel: 0.42,
  /** Where along it the wheels and the door are. */
  axles: [-2.05, 2.1],
  door: 1.02,
} as const;

const HALF = BUS.length / 2;
const SIDE = BUS.width / 2;

/** Where a driver's eyes are, behind the right half of the windscreen. */
export const DRIVER_EYES: Vec = [1.95, 2.02, 0.5];

export function buildBody(band: number): Shape {
  const shape = new Shape();
  // Below the windows it is solid: what is seen from above is the floor between the seats.
  shape.taper([0, 0.42, 0], BUS.length, 0.5, BUS.width, BUS.length, BUS.width, CREAM);
  shape.taper(
    [-0.03, 0.92, 0],
    BUS.length,
    BUS.sill - 0.92,
    BUS.width,
    BUS.length - 0.14,
    BUS.width - 0.06,
    CREAM,
  );
  shape.box([-0.1, BUS.sill, 0], BUS.length - 0.4, 0.012, BUS.width - 0.12, INSIDE, { flat: true });
  shape.box([0, 0.3, 0], BUS.length - 0.3, 0.14, BUS.width - 0.2, TRIM, { flat: true });
  sides(shape, band);
  windows(shape);
  ends(shape, band);
  rack(shape);
  return shape;
}

/** The band, the door, the arches over the wheels. */
function sides(shape: Shape, band: number): void {
  for (const z of [-SIDE, SIDE]) {
    shape.box([-0.02, 0.84, z], BUS.length - 0.02, 0.24, 0.03, band, { flat: true });
    shape.box([-0.02, 1.12, z * 0.995], BUS.length - 0.06, 0.06, 0.03, 0xf2b632, { flat: true });
    for (const x of BUS.axles) {
      shape.box([x, 0.42, z], 1.14, 0.44, 0.035, TRIM, { flat: true });
    }
  }
  const left = -SIDE - 0.012;
  shape.box([BUS.door, 0.5, left], 0.86, 0.9, 0.03, INSIDE, { flat: true });
  shape.box([BUS.door, 0.36, left - 0.1], 0.8, 0.06, 0.24, CHROME);
  // The door itself, slid back along the side.
  shape.box([BUS.door - 1.02, 0.5, left - 0.05], 1.0, 0.9, 0.06, CREAM);
  shape.box([BUS.door - 1.02, 0.84, left - 0.085], 1.0, 0.24, 0.02, band, { flat: true });
  shape.box([BUS.door - 0.62, 1.22, left - 0.1], 0.16, 0.05, 0.03, TRIM, { flat: true });
}

/** Pillars and roof; nothing but air between them. */
function windows(shape: Shape): void {
  const height = BUS.roof - BUS.sill;
  for (const z of [-SIDE + 0.06, SIDE - 0.06]) {
    for (const x of [-3.12, -2.05, -0.98, 0.52, 1.52]) {
      shape.taper([x, BUS.sill, z], 0.16, height, 0.08, 0.16, 0.08, CREAM, {}, 0);
    }
    shape.beam([3.0, BUS.sill, z], [2.52, BUS.roof, z], 0.1, CREAM);
    shape.box([-0.2, BUS.sill, z], 5.9, 0.05, 0.09, TRIM, { flat: true });
  }
  shape.taper(
    [-0.3, BUS.roof, 0],
    5.9,
    0.16,
    BUS.width - 0.06,
    5.6,
    BUS.width - 0.34,
    CREAM,
    {},
    -0.02,
  );
  shape.box([-0.3, BUS.roof - 0.03, 0], 5.8, 0.03, BUS.width - 0.14, INSIDE, { flat: true });
  for (const x of [-2.6, -1.7, -0.8, 0.1, 0.9]) {
    for (const z of [-0.56, 0.56])
      shape.box([x - 0.3, BUS.sill, z], 0.09, 0.22, 0.8, SEAT, { flat: true });
  }
}

/** Front and back: lamps, bumpers, windscreen frame, mirrors, ladder. */
function ends(shape: Shape, band: number): void {
  const front = HALF + 0.01;
  shape.box([front, 0.36, 0], 0.16, 0.2, BUS.width + 0.04, 0x4a4550);
  shape.box([-front, 0.36, 0], 0.16, 0.17, BUS.width + 0.04, 0x4a4550);
  shape.box([-front, 0.58, 0], 0.04, 0.2, BUS.width - 0.1, band, { flat: true });
  shape.box([front - 0.02, 0.84, 0], 0.05, 0.24, BUS.width - 0.5, band, { flat: true });
  for (const z of [-0.82, 0.82]) {
    shape.box([front, 0.8, z], 0.06, 0.24, 0.34, LAMP, { flat: true, glow: 1 });
    shape.box([front - 0.01, 0.68, z], 0.06, 0.09, 0.34, 0xf08a2c, { flat: true });
    shape.beam([2.62, BUS.sill + 0.5, z * 1.36], [2.95, BUS.sill + 0.62, z * 1.72], 0.05, TRIM);
    shape.box([2.98, BUS.sill + 0.4, z * 1.74], 0.08, 0.34, 0.2, TRIM);
  }
  shape.box([2.66, BUS.roof - 0.02, 0], 0.16, 0.3, BUS.width - 0.3, TRIM);
  shape.box([2.86, BUS.sill, 0], 0.34, 0.12, BUS.width - 0.2, TRIM, { flat: true });
  cabin(shape, band);
  // The back: a high window with a board for words below it, and a ladder to the rack.
  shape.box([-3.17, BUS.sill, 0], 0.05, 0.12, BUS.width - 0.16, CREAM, { flat: true });
  shape.box([-3.17, BUS.roof - 0.14, 0], 0.05, 0.14, BUS.width - 0.16, CREAM, { flat: true });
  for (const z of [0.62, 0.94])
    shape.beam([-3.42, 0.7, z], [-3.26, BUS.roof + 0.3, z], 0.045, TRIM);
  for (let y = 0.9; y < 2.6; y += 0.3)
    shape.beam([-3.4, y, 0.62], [-3.4, y, 0.94], 0.04, TRIM, { flat: true });
}

/** What the driver has before them: a wheel, a clock or two, and a fringe along the windscreen. */
function cabin(shape: Shape, band: number): void {
  const [x, y, z] = [2.62, BUS.sill + 0.16, 0.5];
  const sides = 14;
  const rim = (nth: number): Vec => {
    const angle = (nth / sides) * 2 * Math.PI;
    return [x - Math.sin(angle) * 0.1, y + Math.sin(angle) * 0.2, z + Math.cos(angle) * 0.24];
  };
  for (let nth = 0; nth < sides; nth += 1) {
    shape.beam(rim(nth), rim(nth + 1), 0.026, 0x15121a, { flat: true });
  }
  for (const nth of [0, 7, 10.5]) shape.beam([x, y, z], rim(nth), 0.03, 0x15121a, { flat: true });
  shape.beam([x, y, z], [x + 0.25, y - 0.2, z], 0.05, 0x15121a, { flat: true });
  shape.box([2.84, BUS.sill + 0.08, z], 0.16, 0.14, 0.6, 0x3a3340, { flat: true });
  for (const dz of [-0.14, 0.14]) {
    shape.box([2.75, BUS.sill + 0.12, z + dz], 0.02, 0.08, 0.14, 0xd8e6d0, {
      flat: true,
      glow: 0.8,
    });
  }
  shape.box([2.84, BUS.sill + 0.12, -0.35], 0.2, 0.05, 0.5, 0xb5281c, { flat: true });
  const threads = 17;
  for (let nth = 0; nth < threads; nth += 1) {
    const at = -0.95 + (nth / (threads - 1)) * 1.9;
    const color = [band, 0xf2b632, 0xd9472f][nth % 3] ?? band;
    shape.triangle([2.55, 2.38, at + 0.055], [2.55, 2.38, at - 0.055], [2.57, 2.25, at], color, {
      flat: true,
    });
    shape.triangle([2.55, 2.38, at - 0.055], [2.55, 2.38, at + 0.055], [2.57, 2.25, at], color, {
      flat: true,
    });
  }
}

/** The rack on the roof and what travels on it. */
function rack(shape: Shape): void {
  const y = BUS.roof + 0.36;
  for (const z of [-0.86, 0.86]) {
    shape.beam([-2.9, y, z], [1.9, y, z], 0.05, TRIM);
    for (const x of [-2.9, -1.3, 0.3, 1.9])
      shape.beam([x, BUS.roof + 0.1, z], [x, y, z], 0.05, TRIM);
  }
  for (const x of [-2.9, 1.9]) shape.beam([x, y, -0.86], [x, y, 0.86], 0.05, TRIM);
  const floor = BUS.roof + 0.17;
  shape.box([-2.2, floor, 0.15], 0.9, 0.36, 1.1, 0xd8b98a);
  shape.box([-1.2, floor, -0.35], 0.7, 0.5, 0.55, 0x8a5a3a);
  shape.tube([-1.1, floor, 0.45], 0.3, 0.34, 0.34, 7, 0xe0c088);
  shape.ball([-0.3, floor, -0.3], 0.34, 0.42, 0xe9e2d0);
  shape.ball([-0.25, floor, 0.4], 0.3, 0.36, 0x3f8582);
  shape.box([0.5, floor, 0.1], 0.35, 0.44, 0.26, 0xf2c53d);
  shape.box([0.95, floor, 0.12], 0.35, 0.44, 0.26, 0xf2c53d);
}

/** A wheel whose axle lies across the bus. */
export function buildWheel(): Shape {
  return new Shape()
    .tube([0, -0.13, 0], BUS.wheel, BUS.wheel, 0.26, 10, 0x2a262c)
    .tube([0, 0.13, 0], BUS.wheel * 0.62, BUS.wheel * 0.5, 0.02, 5, CHROME, { flat: true })
    .tube([0, -0.16, 0], BUS.wheel * 0.5, BUS.wheel * 0.62, 0.03, 5, CHROME, { flat: true });
}

/** Its two words: where it goes, and what its owner believes. */
export function letterBus(letters: Letters, from: string, to: string): void {
  const board = {
    text: to === "" ? "DALADALA" : `${from} – ${to}`.toUpperCase(),
    ink: "#241a2b",
    ground: "#ffd24d",
  };
  const front = 2.755;
  letters.write(board, [front, BUS.roof, 0.86], [0, 0, -1.72], [0, 0.26, 0], 1);
  letters.write(
    { text: "HARAKA HARAKA", below: "haina baraka", ink: "#b5281c", ground: "#fdf6e6" },
    [-3.31, 1.1, -0.95],
    [0, 0, 1.5],
    [-0.02, 0.3, 0],
    0.3,
  );
  const plate = { text: "T 482 DLR", ink: "#1a1a20", ground: "#f7f4ec" };
  letters.write(plate, [-3.345, 0.6, -0.34], [0, 0, 0.68], [0, 0.16, 0], 0.3);
  letters.write(plate, [3.4, 0.4, 0.34], [0, 0, -0.68], [0, 0.14, 0], 0.3);
  const name = { text: "DALADALA", ink: "#fdf6e6", ground: "#2a2430" };
  letters.write(name, [-2.3, BUS.roof + 0.02, SIDE - 0.03], [2.0, 0, 0], [0, 0.13, -0.1], 0.4);
  letters.write(name, [-0.3, BUS.roof + 0.02, -SIDE + 0.03], [-2.0, 0, 0], [0, 0.13, 0.1], 0.4);
}

export function bandColor(from: string, to: string): number {
  let key = 7;
  for (const letter of `${from}${to}`) key = (key * 31 + (letter.codePointAt(0) ?? 0)) | 0;
  return BANDS[Math.floor(hash(key) * BANDS.length)] ?? BANDS[0];
}
