/** People of the city: how they are built, and what they wear. */
import { hash } from "../plan/noise";
import { Shape } from "./shape";

const SKIN = 0x5b3826;
const HAIR = 0x221a18;
const SHOE = 0x3a2c2c;

/** Kanga and kitenge: strong colours, each of which is told from asphalt and earth. */
export const CLOTHS = [
  0xf2b632, 0xe0503a, 0x2aa6a0, 0x8e4fb0, 0xf7f0e0, 0x2f6fc0, 0xd9377a, 0x4c9a4a, 0xf08a2c,
  0x1f3d6e,
] as const;

/** Somebody who stands and faces east, 1.7 m: in a long kanga with a headscarf, or in trousers. */
export function buildPerson(kind: "kanga" | "trousers"): Shape {
  const shape = new Shape();
  if (kind === "kanga") {
    shape.taper([0, 0, 0], 0.42, 0.9, 0.5, 0.28, 0.34, 0xffffff, { dye: 1 });
    shape.taper([0, 0.3, 0], 0.415, 0.12, 0.49, 0.38, 0.45, 0xffffff, { second: 1 });
  } else {
    for (const z of [-0.1, 0.1]) {
      shape.box([0.02, 0, z], 0.26, 0.08, 0.14, SHOE, { flat: true });
      shape.taper([0, 0.06, z], 0.17, 0.8, 0.16, 0.2, 0.18, 0xffffff, { dye: 1 });
    }
  }
  shape.taper([0, 0.86, 0], 0.26, 0.5, 0.38, 0.24, 0.46, 0xffffff, { second: 1 });
  for (const z of [-0.28, 0.28]) shape.taper([0.02, 0.72, z], 0.1, 0.6, 0.1, 0.13, 0.12, SKIN);
  shape.box([0, 1.36, 0], 0.1, 0.08, 0.1, SKIN, { flat: true });
  shape.ball([0, 1.4, 0], 0.145, 0.3, SKIN);
  if (kind === "kanga") shape.ball([-0.03, 1.5, 0], 0.17, 0.24, 0xffffff, { dye: 1 });
  else shape.ball([-0.02, 1.55, 0], 0.145, 0.17, HAIR);
  return shape;
}

/** What is seen of a passenger over the sill of a window, from the waist. */
export function buildPassenger(): Shape {
  return new Shape()
    .taper([0, 0, 0], 0.26, 0.42, 0.36, 0.22, 0.42, 0xffffff, { dye: 1, flat: true })
    .ball([0, 0.42, 0], 0.15, 0.31, SKIN, { flat: true })
    .ball([-0.03, 0.55, 0], 0.155, 0.19, 0xffffff, { second: 1, flat: true });
}

/** A colour for somebody, the same each time. */
export function clothOf(person: number, piece: number): number {
  return CLOTHS[Math.floor(hash(person, piece, 21) * CLOTHS.length)] ?? CLOTHS[0];
}

/** What somebody has on their head, seen through a window: hair, mostly. */
export function headOf(person: number): number {
  return hash(person, 3, 22) < 0.55 ? HAIR : clothOf(person, 4);
}
