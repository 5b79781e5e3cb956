/** What stands between pavement and houses: lamps, kiosks, stalls, billboards, parked bajajis. */
import { hash } from "../plan/noise";
import { board, pick, type Site } from "./houses";
import type { Letters } from "./letters";
import type { Shape, Vec } from "./shape";

const POLE = 0x3c4650;
const CLOTHS = [0xd9472f, 0x1d8a99, 0xf2b632, 0x3e8f47, 0x2f5fb3, 0xf08a2c] as const;
const GOODS = [0xf2b632, 0xe0503a, 0x6aa84a, 0xf08a2c, 0x8e4fb0] as const;
const KIOSKS = [0x2f8f6f, 0xc23b30, 0x2b65b0, 0xe0902a] as const;

/** What billboards say: greetings and proverbs, no firm's name. */
const SAYINGS = [
  { text: "KARIBU DAR", below: "bandari ya salama" },
  { text: "HARAKA HARAKA", below: "haina baraka" },
  { text: "POLE POLE", below: "ndio mwendo" },
  { text: "ENDESHA SALAMA", below: "familia inakusubiri" },
] as const;
const SAYING_COLORS = [
  { ink: "#ffffff", ground: "#1d7f5f" },
  { ink: "#2a1b33", ground: "#ffd24d" },
  { ink: "#fff6e0", ground: "#b5281c" },
  { ink: "#ffffff", ground: "#1c4f8f" },
] as const;

/**
 * Height of a street lamp's light (m), and how far it reaches over the road: it must stay above and
 * beside the camera that follows the bus.
 */
const LAMP_HEIGHT = 6.8;
const LAMP_REACH = 1.4;

/** A lamp that leans over the road to its east; its light hangs at the place that is returned. */
export function lamp(shape: Shape, { x, z, yaw }: Site): Vec {
  shape.place(x, 0, z, yaw);
  shape.beam([0, 0, 0], [0, LAMP_HEIGHT - 0.5, 0], 0.14, POLE);
  shape.beam([0, LAMP_HEIGHT - 0.55, 0], [LAMP_REACH - 0.4, LAMP_HEIGHT, 0], 0.1, POLE);
  shape.box([LAMP_REACH - 0.1, LAMP_HEIGHT - 0.06, 0], 0.8, 0.13, 0.3, 0xe8dcc0, { glow: 1 });
  return [x + Math.cos(yaw) * LAMP_REACH, LAMP_HEIGHT, z - Math.sin(yaw) * LAMP_REACH];
}

export function kiosk(shape: Shape, site: Site): void {
  const color = pick(KIOSKS, hash(site.seed, 1, 64));
  shape.place(site.x, 0, site.z, site.yaw);
  shape.box([0, 0, 0], 1.7, 0.95, 2.1, color);
  shape.box([-0.2, 0.95, 0], 1.3, 1.15, 2.1, 0x4a3b36, { glow: 0.5 });
  shape.box([0.1, 2.1, 0], 2.4, 0.12, 2.5, color);
  for (const z of [-1, 1]) shape.box([0.8, 0.95, z], 0.08, 1.15, 0.08, color);
  for (let n = 0; n < 5; n += 1) {
    shape.box(
      [0.62, 0.95, -0.8 + n * 0.4],
      0.26,
      0.2 + (n % 2) * 0.12,
      0.26,
      pick(GOODS, hash(site.seed, n, 65)),
      {
        flat: true,
      },
    );
  }
}

/** A stall of the market: a cloth on four sticks over a table of fruit. */
export function stall(shape: Shape, site: Site): void {
  const cloth = pick(CLOTHS, hash(site.seed, 2, 64));
  shape.place(site.x, 0, site.z, site.yaw);
  for (const px of [-1, 1]) {
    for (const pz of [-1.2, 1.2]) shape.box([px, 0, pz], 0.08, px > 0 ? 2.0 : 2.4, 0.08, 0x7a5a40);
  }
  const [a, b]: [Vec, Vec] = [
    [1.4, 1.95, 1.5],
    [1.4, 1.95, -1.5],
  ];
  const [c, d]: [Vec, Vec] = [
    [-1.2, 2.5, -1.5],
    [-1.2, 2.5, 1.5],
  ];
  shape.quad(a, b, c, d, cloth).quad(a, d, c, b, 0x9a8a78, { flat: true });
  shape.box([0.1, 0.65, 0], 1.5, 0.1, 2.3, 0x9a7350);
  for (let n = 0; n < 6; n += 1) {
    const at: Vec = [-0.3 + (n % 2) * 0.6, 0.75, -0.8 + Math.floor(n / 2) * 0.8];
    shape.ball(at, 0.26, 0.3, pick(GOODS, hash(site.seed, n, 66)), { flat: true }, 5);
  }
}

/** An umbrella over somebody's basket. */
export function umbrella(shape: Shape, site: Site): void {
  const cloth = pick(CLOTHS, hash(site.seed, 3, 64));
  shape.place(site.x, 0, site.z, site.yaw);
  shape.beam([0, 0, 0], [0, 2.2, 0], 0.06, 0x7a5a40);
  shape.tube([0, 1.9, 0], 1.35, 0, 0.6, 8, cloth);
  shape.tube([0.5, 0, 0.2], 0.36, 0.45, 0.3, 6, 0xc79a5e);
  shape.ball([0.5, 0.22, 0.2], 0.36, 0.3, pick(GOODS, hash(site.seed, 4, 64)), { flat: true }, 5);
}

export function billboard(shape: Shape, letters: Letters, site: Site): void {
  const nth = Math.floor(hash(site.seed, 5, 64) * SAYINGS.length);
  const saying = SAYINGS[nth] ?? SAYINGS[0];
  const colors = SAYING_COLORS[nth] ?? SAYING_COLORS[0];
  shape.place(site.x, 0, site.z, site.yaw);
  for (const z of [-1.9, 1.9]) shape.box([-0.2, 0, z], 0.22, 6.4, 0.22, POLE);
  shape.box([0, 3.3, 0], 0.2, 2.2, 7.4, 0x2c2a33);
  board(letters, site, { ...saying, ...colors }, 0.13, 3.42, 7.1, 1.96);
}

/** A bajaji, the three-wheeled taxi, waiting off the road. */
export function bajaji(shape: Shape, site: Site): void {
  const color = hash(site.seed, 6, 64) < 0.5 ? 0x2b65b0 : 0xf2b632;
  shape.place(site.x, 0, site.z, site.yaw);
  shape.taper([0.1, 0.35, 0], 2.4, 0.6, 1.25, 2.0, 1.2, color, {}, -0.1);
  shape.box([-0.2, 1.5, 0], 1.9, 0.1, 1.25, 0x2a2430);
  for (const z of [-0.56, 0.56]) {
    for (const px of [-1.05, 0.7]) shape.box([px, 0.9, z], 0.07, 0.6, 0.07, 0x2a2430);
    shape.box([-0.75, 0.12, z * 1.05], 0.46, 0.46, 0.16, 0x221e26);
  }
  shape.box([1.05, 0.12, 0], 0.42, 0.46, 0.14, 0x221e26);
  shape.box([-0.7, 0.95, 0], 0.6, 0.2, 1.1, 0x5a2f2c, { flat: true });
}
