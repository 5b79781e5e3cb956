/** Houses of the town, each facing east from its place: huts, shops, blocks, towers. */
import { hash } from "../plan/noise";
import type { Letters } from "./letters";
import type { Shape, Vec } from "./shape";

/** Where a building stands (m), which way it faces, and a number that makes it itself. */
export interface Site {
  readonly x: number;
  readonly z: number;
  readonly yaw: number;
  readonly seed: number;
}

const WALLS = [
  0xf0dcb8, 0xe8c49a, 0xd9e3d4, 0xc9dfe2, 0xf3e7d0, 0xe3a98a, 0xb9d0c0, 0xf2d27c,
] as const;
const MABATI = [0xa9492f, 0x9aa3a3, 0x3f8582, 0xc4673a, 0x8f5a4a, 0x7c93a8, 0xb7b9b2] as const;
const CONCRETE = [0xe4dccb, 0xcfd6d6, 0xdcc4a4, 0xc7d4dd] as const;
const AWNINGS = [0xd9472f, 0x1d8a99, 0xf2b632, 0x3e8f47, 0x2f5fb3] as const;
const DOOR = 0x5a3a2c;
const GLASS = 0x3c4a58;
const TANK = 0x24518f;

/** What shops of the town are called: what they sell. */
const SHOPS = [
  "DUKA LA MAMA",
  "NYAMA CHOMA",
  "KINYOZI",
  "VOCHA HAPA",
  "CHAI NA MAANDAZI",
  "MAJI BARIDI",
  "FUNDI CHEREHANI",
  "DUKA LA DAWA",
] as const;
const SHOP_GROUNDS = ["#1d6f86", "#b5281c", "#f2b632", "#2c6e3f", "#f7f0e0", "#3a2b5e"] as const;

export function hut(shape: Shape, site: Site): void {
  const part = (n: number): number => hash(site.seed, n, 51);
  const [w, d, h] = [4.2 + part(1) * 2, 4.6 + part(2) * 2.4, 2.3 + part(3) * 0.5];
  const wall = pick(WALLS, part(4));
  const roof = pick(MABATI, part(5));
  shape.place(site.x, 0, site.z, site.yaw);
  shape.box([0, 0, 0], w, h, d, wall);
  shape.box([0, 0, 0], w + 0.04, 0.35, d + 0.04, 0x9b6a4c, { flat: true });
  // The ridge runs along the street or across it.
  if (part(6) < 0.6) {
    gableAlongZ(shape, site, h, w + 0.9, d + 0.6, 0.9 + part(7) * 0.5, roof, wall);
  } else {
    shape.gable([0, h - 0.05, 0], w + 0.7, 0.9 + part(7) * 0.5, d + 0.8, roof, wall);
  }
  shape.place(site.x, 0, site.z, site.yaw);
  opening(shape, w / 2, -d * 0.12, 0, 0.9, 1.9, DOOR, 0);
  opening(shape, w / 2, d * 0.27, 1, 0.9, 0.8, GLASS, part(8) < 0.7 ? 0.9 : 0);
  opening(shape, w / 2, -d * 0.36, 1, 0.7, 0.8, GLASS, part(9) < 0.5 ? 0.9 : 0);
  if (part(10) < 0.4) {
    shape.taper([w / 2 + 0.8, h - 0.35, 0], 1.7, 0.07, d * 0.8, 1.7, d * 0.8, roof);
    for (const z of [-d * 0.36, d * 0.36]) shape.box([w / 2 + 1.5, 0, z], 0.1, h - 0.35, 0.1, DOOR);
  }
}

/** A row of shops with a parapet, awnings, and its name over the door. */
export function shop(shape: Shape, site: Site, letters: Letters): void {
  const part = (n: number): number => hash(site.seed, n, 52);
  const [w, d, h] = [4.5 + part(1), 6 + part(2) * 1.8, 3 + part(3) * 0.6];
  const wall = pick(WALLS, part(4));
  shape.place(site.x, 0, site.z, site.yaw);
  shape.box([0, 0, 0], w, h, d, wall);
  shape.box([w / 2 - 0.1, h, 0], 0.25, 0.75, d, wall);
  shape.box([0, 0, 0], w + 0.05, 0.5, d + 0.05, pick(AWNINGS, part(5)), { flat: true });
  for (const z of [-d * 0.25, d * 0.25]) {
    opening(shape, w / 2, z, 0.05, d * 0.36, 2.1, part(6) < 0.5 ? 0x8fa3a8 : 0x4a3b36, 0.55);
  }
  const cloth = pick(AWNINGS, part(7));
  const stripes = 6;
  for (let n = 0; n < stripes; n += 1) {
    const [z0, z1] = [d / 2 - (n * d) / stripes, d / 2 - ((n + 1) * d) / stripes];
    const color = n % 2 === 0 ? cloth : 0xf7efe0;
    const [x0, x1] = [w / 2, w / 2 + 1.35];
    shape.quad([x0, 2.75, z0], [x1, 2.3, z0], [x1, 2.3, z1], [x0, 2.75, z1], color);
    shape.quad([x1, 2.3, z0], [x0, 2.7, z0], [x0, 2.7, z1], [x1, 2.3, z1], 0x8a7a6a, {
      flat: true,
    });
  }
  if (part(8) < 0.35) tank(shape, -w * 0.2, h, d * 0.2);
  const text = pick(SHOPS, part(9));
  const ground = pick(SHOP_GROUNDS, hash(text.length, 7, 3));
  const ink = ground === "#f2b632" || ground === "#f7f0e0" ? "#2a1b33" : "#fff6e0";
  const width = Math.min(d - 0.8, 4.4);
  board(letters, site, { text, ink, ground }, w / 2 + 0.05, h - 0.18, width, width * 0.2);
}

/** A block of two to four floors with balconies and lit windows. */
export function block(shape: Shape, site: Site): void {
  const part = (n: number): number => hash(site.seed, n, 53);
  const floors = 2 + Math.floor(part(1) * 3);
  const [w, d, h] = [6 + part(2) * 2, 7 + part(3) * 2, floors * 2.9];
  const wall = pick(CONCRETE, part(4));
  const trim = pick(AWNINGS, part(5));
  shape.place(site.x, 0, site.z, site.yaw);
  shape.box([0, 0, 0], w, h, d, wall);
  shape.box([0, h, 0], w + 0.3, 0.35, d + 0.3, wall);
  for (let floor = 0; floor < floors; floor += 1) {
    const y = floor * 2.9;
    for (let n = 0; n < 3; n += 1) {
      const lit = hash(site.seed + floor, n, 54) < 0.6 ? 0.95 : 0;
      opening(shape, w / 2, (n - 1) * d * 0.3, y + 0.9, 1.2, 1.3, GLASS, lit);
      opening(shape, -w / 2, (n - 1) * d * 0.3, y + 0.9, 1.2, 1.3, GLASS, lit > 0 ? 0 : 0.9);
    }
    if (floor > 0) shape.box([w / 2 + 0.5, y, 0], 1, 0.75, d * 0.92, floor % 2 === 0 ? trim : wall);
  }
  tank(shape, w * 0.15, h + 0.3, -d * 0.2);
}

/** One of the towers by the harbour: floors of glass between slabs. */
export function tower(shape: Shape, site: Site, floors: number): void {
  const part = (n: number): number => hash(site.seed, n, 55);
  const [w, d] = [8 + part(1) * 4, 8 + part(2) * 4];
  const wall = pick(CONCRETE, part(3));
  const glass = part(4) < 0.5 ? 0x5f8fa8 : 0x4d6f8f;
  shape.place(site.x, 0, site.z, site.yaw);
  shape.box([0, 0, 0], w, floors * 3 + 1.2, d, wall);
  for (let floor = 1; floor < floors; floor += 1) {
    const y = floor * 3 + 0.7;
    const lit = (n: number): number => (hash(site.seed + floor, n, 56) < 0.55 ? 0.9 : 0.1);
    for (const side of [-1, 1]) {
      for (const half of [-1, 1]) {
        opening(
          shape,
          (side * w) / 2,
          half * d * 0.22,
          y,
          d * 0.4,
          1.6,
          glass,
          lit(side * 3 + half),
        );
        pane(shape, half * w * 0.22, (side * d) / 2, y, w * 0.4, 1.6, glass, lit(side * 5 + half));
      }
    }
  }
  const top = floors * 3 + 1.2;
  shape.box([0, top, 0], w * 0.45, 2.2, d * 0.45, wall);
  shape.beam([0, top + 2, 0], [0, top + 6.5, 0], 0.18, 0xb8b8b8);
}

/** Upright pane on the east (or west) side of a house, a little off its wall. */
function opening(
  shape: Shape,
  x: number,
  z: number,
  y: number,
  w: number,
  h: number,
  color: number,
  glow: number,
): void {
  const out = x + Math.sign(x) * 0.03;
  const [a, b] = x > 0 ? [z + w / 2, z - w / 2] : [z - w / 2, z + w / 2];
  shape.quad([out, y, a], [out, y, b], [out, y + h, b], [out, y + h, a], color, {
    glow,
    flat: true,
  });
}

/** The same on the south (or north) side. */
function pane(
  shape: Shape,
  x: number,
  z: number,
  y: number,
  w: number,
  h: number,
  color: number,
  glow: number,
): void {
  const out = z + Math.sign(z) * 0.03;
  const [a, b] = z > 0 ? [x - w / 2, x + w / 2] : [x + w / 2, x - w / 2];
  shape.quad([a, y, out], [b, y, out], [b, y + h, out], [a, y + h, out], color, {
    glow,
    flat: true,
  });
}

function gableAlongZ(
  shape: Shape,
  site: Site,
  y: number,
  w: number,
  d: number,
  h: number,
  color: number,
  ends: number,
): void {
  shape.place(site.x, 0, site.z, site.yaw + Math.PI / 2);
  shape.gable([0, y - 0.05, 0], d, h, w, color, ends);
}

/** The blue water tank of every second roof. */
function tank(shape: Shape, x: number, y: number, z: number): void {
  for (const side of [-0.45, 0.45]) shape.box([x + side, y, z], 0.12, 0.8, 0.9, 0x6a5a50);
  shape.tube([x, y + 0.8, z], 0.7, 0.66, 1.25, 8, TANK);
}

/** Writing on the front of a site's building: its lower edge at height `y`. */
export function board(
  letters: Letters,
  site: Site,
  what: Parameters<Letters["write"]>[0],
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  const [c, s] = [Math.cos(site.yaw), Math.sin(site.yaw)];
  const at = (px: number, pz: number): Vec => [
    site.x + px * c + pz * s,
    y,
    site.z + pz * c - px * s,
  ];
  const [from, to] = [at(x, width / 2), at(x, -width / 2)];
  letters.write(what, from, [to[0] - from[0], 0, to[2] - from[2]], [0, height, 0]);
}

export function pick<T>(list: readonly [T, ...T[]], part: number): T {
  return list[Math.floor(part * list.length)] ?? list[0];
}
