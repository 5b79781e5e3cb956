/** Land, beach and sea: a grid of earth that sinks below the water beyond the coast. */
import type { Point } from "../plan/geometry";
import { hash, noise } from "../plan/noise";
import { CELL, OUTSKIRTS, type City } from "./city";
import { Shape, type Vec } from "./shape";

/** Height of the sea (m). */
export const SEA_LEVEL = -0.4;

/** Grids wider than this (cells) have a coarser earth, so that it costs no more. */
const COARSE_FROM = 34;

/** How far out the sea is drawn (cells). */
const OFFING = 260;

const EARTH = [0xc78a58, 0xbd7a4b, 0xcf9a66, 0xb98150] as const;
const GRASS = [0x9a9a55, 0x87924e] as const;
const SAND = 0xf0d9a8;
const WET_SAND = 0xc9ab7b;

/** The beach across the coast: how far inland (cells), how high (m), and its colour up to there. */
const BEACH: readonly { inland: number; height: number; color: number }[] = [
  { inland: 1.1, height: 0.02, color: SAND },
  { inland: 0.5, height: 0.0, color: SAND },
  { inland: 0.05, height: -0.3, color: SAND },
  { inland: -0.25, height: -0.5, color: 0xfff6e0 },
  { inland: -0.9, height: -2.2, color: WET_SAND },
];

export function buildGround(city: City): Shape {
  const shape = new Shape();
  const [width, height] = city.grid;
  const step = Math.max(width, height) > COARSE_FROM ? 2 : 1;
  for (let row = -OUTSKIRTS; row < height + OUTSKIRTS; row += step) {
    for (let column = -OUTSKIRTS; column < width + OUTSKIRTS; column += step) {
      const corner = (x: number, y: number): Vec => [x * CELL, sink(city, { x, y }), y * CELL];
      const [a, b] = [corner(column, row + step), corner(column + step, row + step)];
      const [c, d] = [corner(column + step, row), corner(column, row)];
      if (Math.max(a[1], b[1], c[1], d[1]) < -2.5) continue;
      shape.triangle(a, b, c, earth(column, row, 0), { flat: true });
      shape.triangle(a, c, d, earth(column, row, 1), { flat: true });
    }
  }
  beach(shape, city);
  return shape;
}

/** The water's surface, out to the horizon. */
export function buildSea(city: City): Shape {
  const shape = new Shape();
  const { line } = city.shore;
  const out = (point: Point, cells: number): Vec => [
    (point.x + city.seaward.x * cells) * CELL,
    SEA_LEVEL,
    (point.y + city.seaward.y * cells) * CELL,
  ];
  for (let index = 0; index + 1 < line.length; index += 1) {
    const [a, b] = [line[index], line[index + 1]];
    if (a === undefined || b === undefined) continue;
    // In two lengths, so that no triangle is too long for the haze.
    for (const [near, far] of [
      [-0.8, 6],
      [6, OFFING],
    ] as const) {
      shape.quad(out(a, far), out(a, near), out(b, near), out(b, far), 0, { flat: true });
    }
  }
  return shape;
}

/** How high the earth lies at a point (m): level on land, and below the beach at the coast. */
function sink(city: City, point: Point): number {
  const inland = city.shore.inland(point);
  return inland >= 1 ? 0 : Math.max(-3, (inland - 1) * 1.4);
}

function beach(shape: Shape, city: City): void {
  const { line } = city.shore;
  const across = (index: number, inland: number, height: number): Vec => {
    const before = line[Math.max(0, index - 1)] ?? { x: 0, y: 0 };
    const after = line[Math.min(line.length - 1, index + 1)] ?? before;
    const here = line[index] ?? before;
    const length = Math.hypot(after.x - before.x, after.y - before.y) || 1;
    const normal = { x: (after.y - before.y) / length, y: -(after.x - before.x) / length };
    // Of the two normals, the one that leads away from the sea.
    const back = normal.x * city.seaward.x + normal.y * city.seaward.y < 0 ? 1 : -1;
    return [
      (here.x + normal.x * inland * back) * CELL,
      height,
      (here.y + normal.y * inland * back) * CELL,
    ];
  };
  for (let index = 0; index + 1 < line.length; index += 1) {
    BEACH.slice(1).forEach(({ inland, height, color }, nth) => {
      const upper = BEACH[nth] ?? { inland, height };
      const a = across(index, upper.inland, upper.height);
      const b = across(index + 1, upper.inland, upper.height);
      const c = across(index + 1, inland, height);
      const d = across(index, inland, height);
      shape.quad(a, b, c, d, color, { flat: true });
    });
  }
}

function earth(column: number, row: number, half: number): number {
  const green =
    noise(column * 0.21 + 31) * 0.6 + noise(row * 0.17 + 77) * 0.6 + hash(column, row, 13) * 0.25;
  const colors = green > 0.88 ? GRASS : EARTH;
  return colors[Math.floor(hash(column, row, 3 + half) * colors.length)] ?? EARTH[0];
}
