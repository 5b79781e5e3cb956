/**
 * The road as a curve. A quadratic B-spline over the route's cells: straight where the route is
 * straight, and round where it turns, so that a bus at constant speed turns as a bus does. A place
 * on it is told by a number `s`: the cell's index in the route, and the part of the way to the next.
 */
import type { Point } from "../plan/geometry";

export interface Spot extends Point {
  /** Unit vector of travel. */
  readonly heading: Point;
}

const EAST: Point = { x: 1, y: 0 };

export class Path {
  readonly #cells: readonly Point[];

  constructor(cells: readonly Point[]) {
    this.#cells = cells;
  }

  /** The largest `s`. */
  get end(): number {
    return Math.max(0, this.#cells.length - 1);
  }

  /** The curve at `s`; before the beginning and beyond the end it goes straight on. */
  at(s: number): Spot {
    const over = s < 0 ? s : Math.max(0, s - this.end);
    const inside = s - over;
    // Each cell rules the curve half a cell to both sides of it.
    const middle = Math.round(inside);
    const t = inside - middle + 0.5;
    const here = this.#cell(middle);
    const before = halfway(this.#cell(middle - 1), here);
    const after = halfway(here, this.#cell(middle + 1));
    const a = (1 - t) * (1 - t);
    const b = 2 * t * (1 - t);
    const c = t * t;
    const heading = unit(
      (here.x - before.x) * (1 - t) + (after.x - here.x) * t,
      (here.y - before.y) * (1 - t) + (after.y - here.y) * t,
    );
    return {
      x: before.x * a + here.x * b + after.x * c + heading.x * over,
      y: before.y * a + here.y * b + after.y * c + heading.y * over,
      heading,
    };
  }

  /** The `s` nearest to a point, looked for within two cells of `near`. */
  nearest(point: Point, near: number): number {
    let best = near;
    let least = Infinity;
    for (let step = -SEARCH; step <= SEARCH; step += 1) {
      const s = Math.min(this.end, Math.max(0, near + (step / SEARCH) * 2));
      const at = this.at(s);
      const away = Math.hypot(at.x - point.x, at.y - point.y);
      // Of equals the one nearer to where it is looked for, which comes first around the middle.
      if (
        away < least - 1e-9 ||
        (away <= least + 1e-9 && Math.abs(s - near) < Math.abs(best - near))
      ) {
        least = Math.min(least, away);
        best = s;
      }
    }
    return best;
  }

  /** How sharply the road bends at `s`: radians a cell, positive to the right. */
  bend(s: number): number {
    const a = this.at(s - BEND_REACH).heading;
    const b = this.at(s + BEND_REACH).heading;
    return Math.asin(Math.max(-1, Math.min(1, a.x * b.y - a.y * b.x))) / (2 * BEND_REACH);
  }

  /** A cell, and beyond the ends those that would come if the road went straight on. */
  #cell(index: number): Point {
    const cell = this.#cells[index];
    if (cell !== undefined) return cell;
    const inner = index < 0 ? 0 : this.end;
    const edge = this.#cells[inner] ?? { x: 0, y: 0 };
    const next = this.#cells[index < 0 ? 1 : this.end - 1];
    if (next === undefined) return { x: edge.x + EAST.x * (index - inner), y: edge.y };
    return { x: 2 * edge.x - next.x, y: 2 * edge.y - next.y };
  }
}

/** Samples to each side when looking for the nearest place. */
const SEARCH = 32;

/** Half the length over which a bend is measured, in cells. */
const BEND_REACH = 0.25;

function halfway(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function unit(x: number, y: number): Point {
  const length = Math.hypot(x, y);
  return length < 1e-9 ? EAST : { x: x / length, y: y / length };
}
