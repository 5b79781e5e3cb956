/**
 * Makes low-poly solids out of a few primitives, each face with its own colour, into one list of
 * triangles: what a thing is made of costs a single draw. Besides its colour a corner carries how
 * much it glows after dark, how much it is dyed by an instance's colours, and how it sways.
 */
import { BufferAttribute, BufferGeometry } from "three";

export type Vec = readonly [x: number, y: number, z: number];

export interface Finish {
  /** 0 to 1: a lit window at night. */
  readonly glow?: number;
  /** 0 to 1: dyed by an instance's first, and by its second colour. */
  readonly dye?: number;
  readonly second?: number;
  /** 0 to 1: moved by the wind. */
  readonly sway?: number;
  /** 0 to 1: as bright as its colour is, whatever the light. */
  readonly shine?: number;
  /** Without a shadow: flat on the ground, or inside of something. */
  readonly flat?: boolean;
}

const PLAIN: Finish = {};

export class Shape {
  readonly #positions: number[] = [];
  readonly #normals: number[] = [];
  readonly #tones: number[] = [];
  readonly #marks: number[] = [];
  readonly #casters: number[] = [];
  #origin: Vec = [0, 0, 0];
  #cos = 1;
  #sin = 0;
  #scale = 1;

  /** From now on, build here: turned by `yaw` (radians, seen from above against the clock). */
  place(x: number, y: number, z: number, yaw = 0, scale = 1): this {
    this.#origin = [x, y, z];
    this.#cos = Math.cos(yaw);
    this.#sin = Math.sin(yaw);
    this.#scale = scale;
    return this;
  }

  /** Corners against the clock, as seen from the front. */
  triangle(a: Vec, b: Vec, c: Vec, color: number, finish = PLAIN): this {
    const [p, q, r] = [this.#put(a), this.#put(b), this.#put(c)];
    const normal = cross(minus(q, p), minus(r, p));
    const length = Math.hypot(...normal);
    if (length === 0) return this;
    const { glow = 0, dye = 0, second = 0, sway = 0, shine = 0 } = finish;
    for (const corner of [p, q, r]) {
      this.#positions.push(...corner);
      this.#normals.push(normal[0] / length, normal[1] / length, normal[2] / length);
      this.#tones.push(color >> 16, (color >> 8) & 255, color & 255, glow * 255);
      this.#marks.push(dye * 255, second * 255, sway * 255, shine * 255);
      if (finish.flat !== true) this.#casters.push(...corner);
    }
    return this;
  }

  quad(a: Vec, b: Vec, c: Vec, d: Vec, color: number, finish = PLAIN): this {
    return this.triangle(a, b, c, color, finish).triangle(a, c, d, color, finish);
  }

  /** A box from its lower middle: `w` along x, `h` up, `d` along z. */
  box(at: Vec, w: number, h: number, d: number, color: number, finish = PLAIN): this {
    return this.taper(at, w, h, d, w, d, color, finish);
  }

  /** A box whose top has another size, and may be shifted along x. */
  taper(
    [x, y, z]: Vec,
    w: number,
    h: number,
    d: number,
    topW: number,
    topD: number,
    color: number,
    finish = PLAIN,
    shift = 0,
  ): this {
    const bottom = ring4(x, y, z, w / 2, d / 2);
    const top = ring4(x + shift, y + h, z, topW / 2, topD / 2);
    return this.#tube(bottom, top, color, finish).#lid(top, color, finish);
  }

  /** A roof with two slopes along x. */
  gable(
    at: Vec,
    w: number,
    h: number,
    d: number,
    color: number,
    ends: number,
    finish = PLAIN,
  ): this {
    const [x, y, z] = at;
    const [l, r, f, b] = [x - w / 2, x + w / 2, z + d / 2, z - d / 2];
    return this.quad([l, y, f], [r, y, f], [r, y + h, z], [l, y + h, z], color, finish)
      .quad([r, y, b], [l, y, b], [l, y + h, z], [r, y + h, z], color, finish)
      .triangle([r, y, f], [r, y, b], [r, y + h, z], ends, finish)
      .triangle([l, y, b], [l, y, f], [l, y + h, z], ends, finish);
  }

  /** An upright tube of `sides`, from radius `r` to `top`. */
  tube(
    [x, y, z]: Vec,
    r: number,
    top: number,
    h: number,
    sides: number,
    color: number,
    finish = PLAIN,
  ): this {
    const lower = ringOf(x, y, z, r, sides);
    const upper = ringOf(x, y + h, z, top, sides);
    this.#tube(lower, upper, color, finish);
    return top > 0 ? this.#lid(upper, color, finish) : this;
  }

  /** A faceted ball, squeezed to `h` upwards. */
  ball([x, y, z]: Vec, r: number, h: number, color: number, finish = PLAIN, sides = 6): this {
    const ring = (part: number): Vec[] =>
      ringOf(x, y + h * part, z, r * Math.sqrt(Math.max(0, 1 - (2 * part - 1) ** 2)), sides);
    const levels = [0.02, 0.35, 0.7, 1].map(ring);
    levels.slice(1).forEach((upper, level) => {
      this.#tube(levels[level] ?? upper, upper, color, finish);
    });
    return this;
  }

  /** A beam of square section between two points. */
  beam(a: Vec, b: Vec, thick: number, color: number, finish = PLAIN): this {
    const way = minus(b, a);
    const length = Math.hypot(...way) || 1;
    const steep = Math.abs(way[1]) / length > 0.9;
    const u = scaled(unit(cross(way, steep ? [1, 0, 0] : [0, 1, 0])), thick / 2);
    const v = scaled(unit(cross(u, way)), thick / 2);
    const around = (c: Vec): Vec[] => [
      plus(plus(c, u), v),
      plus(minus(c, u), v),
      minus(minus(c, u), v),
      minus(plus(c, u), v),
    ];
    return this.#tube(around(b), around(a), color, finish);
  }

  get triangles(): number {
    return this.#positions.length / 9;
  }

  geometry(): BufferGeometry {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(new Float32Array(this.#positions), 3));
    geometry.setAttribute(
      "normal",
      new BufferAttribute(new Int8Array(this.#normals.map((n) => Math.round(n * 127))), 3, true),
    );
    geometry.setAttribute("tone", new BufferAttribute(new Uint8Array(this.#tones), 4, true));
    geometry.setAttribute("mark", new BufferAttribute(new Uint8Array(this.#marks), 4, true));
    return geometry;
  }

  /** The faces that throw shadows, places alone. */
  shadow(): BufferGeometry {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(new Float32Array(this.#casters), 3));
    return geometry;
  }

  /** The sides between two rings of corners that run the same way round. */
  #tube(lower: readonly Vec[], upper: readonly Vec[], color: number, finish: Finish): this {
    lower.forEach((a, index) => {
      const next = (index + 1) % lower.length;
      const [b, c, d] = [lower[next], upper[next], upper[index]];
      if (b !== undefined && c !== undefined && d !== undefined)
        this.quad(a, b, c, d, color, finish);
    });
    return this;
  }

  #lid(ring: readonly Vec[], color: number, finish: Finish): this {
    const [first, ...rest] = ring;
    rest.slice(1).forEach((corner, index) => {
      const before = rest[index];
      if (first !== undefined && before !== undefined)
        this.triangle(first, before, corner, color, finish);
    });
    return this;
  }

  #put([x, y, z]: Vec): Vec {
    const k = this.#scale;
    const [ox, oy, oz] = this.#origin;
    return [
      ox + (x * this.#cos + z * this.#sin) * k,
      oy + y * k,
      oz + (z * this.#cos - x * this.#sin) * k,
    ];
  }
}

/** Corners of a flat rectangle, against the clock as seen from above. */
function ring4(x: number, y: number, z: number, w: number, d: number): Vec[] {
  return [
    [x - w, y, z + d],
    [x + w, y, z + d],
    [x + w, y, z - d],
    [x - w, y, z - d],
  ];
}

function ringOf(x: number, y: number, z: number, r: number, sides: number): Vec[] {
  return Array.from({ length: sides }, (_, index): Vec => {
    const angle = ((index + 0.5) / sides) * 2 * Math.PI;
    return [x + Math.cos(angle) * r, y, z - Math.sin(angle) * r];
  });
}

export function plus(a: Vec, b: Vec): Vec {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

export function minus(a: Vec, b: Vec): Vec {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function scaled(a: Vec, k: number): Vec {
  return [a[0] * k, a[1] * k, a[2] * k];
}

function cross(a: Vec, b: Vec): Vec {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function unit(a: Vec): Vec {
  return scaled(a, 1 / (Math.hypot(...a) || 1));
}
