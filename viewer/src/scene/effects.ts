/** What is felt: a fine (the police's lights, shillings that fly off) and a crash (a jolt, smoke). */
import { Group, type Mesh } from "three";
import type { Frame } from "../protocol/messages";
import { hash } from "../plan/noise";
import type { Copies, Glow, Kit } from "./kit";
import { Shape, type Vec } from "./shape";

/** Pieces in the air at once. */
const MOST = 48;

const COINS = 22;
const SMOKE = 16;
const DEBRIS = 20;

/** How hard a crash and a fine shake the picture (m), and how quickly that ends (1/s). */
const CRASH_SHAKE = 0.55;
const FINE_SHAKE = 0.16;
const SHAKE_ENDS = 3.2;

/** The police's lights: how long they are on (s), and flashes a second: fewer than three. */
const FLASHING = 2.4;
const FLASHES = 2.2;

const GRAVITY = 9;

const CHIP = { dye: 1, shine: 0.35, flat: true } as const;

interface Piece {
  readonly seed: number;
  readonly color: number;
  /** Metres a second. */
  readonly speed: Vec;
  readonly life: number;
  readonly grows: number;
  readonly falls: boolean;
  at: Vec;
  /** Seconds; below 0 it is still to come. */
  age: number;
}

export class Effects {
  readonly object = new Group();
  readonly #pieces: Copies;
  readonly #flashes: readonly [Mesh, Mesh];
  #flying: Piece[] = [];
  #shake = 0;
  #flash = 0;

  constructor(kit: Kit) {
    const chip = new Shape().ball([0, -0.1, 0], 0.12, 0.2, 0xffffff, CHIP, 5);
    this.#pieces = kit.copies(chip, MOST, { shadow: false });
    const light = (color: Vec, side: number): Mesh => kit.glows([flashAt(color, side)]);
    this.#flashes = [light([0.1, 0.25, 1], -1), light([1, 0.1, 0.1], 1)];
    this.object.add(this.#pieces.object, ...this.#flashes);
    this.#show();
  }

  /** How hard the picture shakes now (m). */
  get shake(): number {
    return this.#shake;
  }

  /** From one frame to the next, when the bus, at `at`, is where the next one says. */
  feel(before: Frame, frame: Frame, at: Vec): void {
    const fined = frame.fined && !before.fined;
    const lost = frame.money < before.money;
    if (frame.crashed && !before.crashed) this.#crash(at, frame.seq);
    if (fined || lost) {
      this.#shake = Math.max(this.#shake, FINE_SHAKE);
      this.#coins(at, frame.seq);
    }
    if (fined) this.#flash = FLASHING;
  }

  /** A new episode has nothing of the old one in the air. */
  clear(): void {
    this.#flying = [];
    this.#shake = 0;
    this.#flash = 0;
    this.#show();
  }

  /** Move everything for one picture; says whether something is still in the air. */
  move(passed: number, at: Vec): boolean {
    if (this.#flying.length === 0 && this.#shake === 0 && this.#flash === 0) return false;
    this.#shake *= Math.exp(-SHAKE_ENDS * passed);
    if (this.#shake < 0.005) this.#shake = 0;
    this.#flash = Math.max(0, this.#flash - passed);
    for (const piece of this.#flying) {
      piece.age += passed;
      if (piece.age < 0) continue;
      const drop = piece.falls ? GRAVITY * piece.age : 0;
      piece.at = [
        piece.at[0] + piece.speed[0] * passed,
        Math.max(0.1, piece.at[1] + (piece.speed[1] - drop) * passed),
        piece.at[2] + piece.speed[2] * passed,
      ];
    }
    this.#flying = this.#flying.filter(({ age, life }) => age < life);
    for (const flash of this.#flashes) flash.position.set(...at);
    this.#show();
    return true;
  }

  #crash(at: Vec, seed: number): void {
    this.#shake = CRASH_SHAKE;
    for (let nth = 0; nth < DEBRIS; nth += 1) {
      const color = [0xfdf6e6, 0x2a2430, 0xd8b98a, 0x7fa8b8][nth % 4] ?? 0x2a2430;
      this.#throw(at, seed + nth, {
        color,
        life: 1.6,
        grows: 0,
        falls: true,
        speed: 4.5,
        up: 4.5,
        age: 0,
      });
    }
    for (let nth = 0; nth < SMOKE; nth += 1) {
      const color = nth % 3 === 0 ? 0x6a6468 : 0x8d878a;
      this.#throw(at, seed + 50 + nth, {
        color,
        life: 2.6,
        grows: 6,
        falls: false,
        speed: 0.7,
        up: 1.7,
        age: -nth * 0.14,
      });
    }
  }

  #coins(at: Vec, seed: number): void {
    for (let nth = 0; nth < COINS; nth += 1) {
      const color = nth % 3 === 0 ? 0x7fc98a : 0xffcf4a;
      this.#throw(at, seed + 90 + nth, {
        color,
        life: 1.5,
        grows: 0,
        falls: true,
        speed: 2.6,
        up: 6,
        age: -nth * 0.02,
      });
    }
  }

  #throw(
    at: Vec,
    seed: number,
    kind: Pick<Piece, "color" | "life" | "grows" | "falls" | "age"> & { speed: number; up: number },
  ): void {
    const angle = hash(seed, 1, 99) * 2 * Math.PI;
    const out = kind.speed * (0.3 + hash(seed, 2, 99) * 0.7);
    this.#flying.push({
      ...kind,
      seed,
      at: [at[0], 1.6, at[2]],
      speed: [
        Math.cos(angle) * out,
        kind.up * (0.6 + hash(seed, 3, 99) * 0.6),
        Math.sin(angle) * out,
      ],
    });
    if (this.#flying.length > MOST) this.#flying.shift();
  }

  #show(): void {
    let count = 0;
    for (const { age, at, seed, color, grows, life } of this.#flying) {
      if (age < 0) continue;
      const thin = 1 - (age / life) ** 3;
      this.#pieces.set(count, at, seed + age * 5, (1 + grows * age) * thin, color);
      count += 1;
    }
    this.#pieces.show(count);
    const phase = Math.floor(this.#flash * FLASHES * 2) % 2;
    this.#flashes.forEach((flash, nth) => {
      flash.visible = this.#flash > 0 && phase === nth;
    });
  }
}

/** A light on the ground beside the bus, seen by day too. */
function flashAt(color: Vec, side: number): Glow {
  return { at: [0, 0.35, side * 1.5], right: [7, 0, 0], up: [0, 0, 6], color, byDay: 0.8 };
}
