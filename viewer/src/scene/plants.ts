/** Trees of the coast: coconut palms, mangoes, and bushes along the verge. */
import { hash } from "../plan/noise";
import { plus, type Shape, type Vec } from "./shape";

const TRUNK = 0x8a6a4c;
const FRONDS = [0x4c8a42, 0x5a9a48, 0x417a3e] as const;
const LEAVES = [0x3f7a3c, 0x4d8a40, 0x356b3a] as const;

/** A coconut palm, its trunk bent by the monsoon. */
export function palm(shape: Shape, x: number, z: number, seed: number): void {
  const part = (n: number): number => hash(seed, n, 61);
  const height = 4.6 + part(1) * 3;
  const bend = 0.4 + part(2) * 1.2;
  shape.place(x, 0, z, part(3) * 2 * Math.PI);
  const pieces = 4;
  const at = (nth: number): Vec => [bend * (nth / pieces) ** 2, (height * nth) / pieces, 0];
  for (let nth = 0; nth < pieces; nth += 1) {
    shape.beam(at(nth), at(nth + 1), 0.3 - nth * 0.035, TRUNK);
  }
  const crown = at(pieces);
  const fronds = 8;
  for (let nth = 0; nth < fronds; nth += 1) {
    const angle = ((nth + part(4 + nth) * 0.5) / fronds) * 2 * Math.PI;
    frond(
      shape,
      crown,
      angle,
      2.2 + part(20 + nth) * 0.7,
      FRONDS[nth % FRONDS.length] ?? FRONDS[0],
    );
  }
  for (const [dx, dz] of [
    [0.2, 0.1],
    [-0.12, 0.2],
  ] as const) {
    shape.ball(plus(crown, [dx, -0.32, dz]), 0.17, 0.3, 0x7a5a34, { flat: true }, 4);
  }
}

/** A leaf that rises and falls: two flat pieces, seen from both sides. */
function frond(shape: Shape, crown: Vec, angle: number, length: number, color: number): void {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const along = (out: number, up: number, side: number): Vec => [
    crown[0] + c * out - s * side,
    crown[1] + up,
    crown[2] + s * out + c * side,
  ];
  const wide = 0.36;
  const [a, b] = [along(0, 0, 0), along(length * 0.55, 0.34, wide)];
  const [d, tip] = [along(length * 0.55, 0.34, -wide), along(length, -0.75, 0)];
  const still = { sway: 0.35 };
  const moved = { sway: 1 };
  shape.triangle(a, b, d, color, still).triangle(a, d, b, color, { ...still, flat: true });
  shape.triangle(b, tip, d, color, moved).triangle(b, d, tip, color, { ...moved, flat: true });
}

/** A mango tree: broad, dark, in whose shade one waits. */
export function mango(shape: Shape, x: number, z: number, seed: number): void {
  const part = (n: number): number => hash(seed, n, 62);
  const size = 0.8 + part(1) * 0.45;
  shape.place(x, 0, z, part(2) * 6, size);
  shape.tube([0, 0, 0], 0.32, 0.22, 2, 5, 0x6b4c38);
  shape.ball([0, 1.5, 0], 2, 2.5, LEAVES[0], { sway: 0.1 }, 7);
  shape.ball([1.1, 1.7, 0.6], 1.3, 1.7, LEAVES[1], { sway: 0.15 }, 6);
  shape.ball([-0.9, 1.9, -0.7], 1.4, 1.8, LEAVES[2], { sway: 0.15 }, 6);
}

export function bush(shape: Shape, x: number, z: number, seed: number): void {
  const size = 0.4 + hash(seed, 1, 63) * 0.5;
  const color = LEAVES[Math.floor(hash(seed, 2, 63) * LEAVES.length)] ?? LEAVES[0];
  shape.place(x, 0, z, seed, size);
  shape.ball([0, -0.15, 0], 0.9, 1, color, {}, 5);
}
