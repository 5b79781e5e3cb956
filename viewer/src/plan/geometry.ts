/**
 * From cells to the plan's plane. One unit is one cell; north (growing y) is up on the screen, so
 * screen y is turned over here and nowhere else. All functions are pure.
 */
import type { Cell } from "../protocol/messages";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The middle of a cell, on a grid of the given height. */
export function middle(cell: Cell, gridHeight: number): Point {
  return { x: cell[0] + 0.5, y: gridHeight - cell[1] - 0.5 };
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** The direction of travel at a point of the route, a unit vector; east where there is none. */
export function headingAt(route: readonly Point[], index: number): Point {
  const here = route[index];
  const next = route[index + 1];
  const before = route[index - 1];
  if (here !== undefined && next !== undefined) return unit(here, next);
  if (here !== undefined && before !== undefined) return unit(before, here);
  return { x: 1, y: 0 };
}

/** The index of the route's point nearest to `point`; of equals the first. */
export function nearestIndex(route: readonly Point[], point: Point): number {
  let best = 0;
  let least = Infinity;
  route.forEach((candidate, index) => {
    const away = distance(candidate, point);
    if (away < least) {
      least = away;
      best = index;
    }
  });
  return best;
}

/** The left of a heading as seen by the driver (screen y grows downwards). */
export function leftOf(heading: Point): Point {
  return { x: heading.y, y: -heading.x };
}

/**
 * From a point of the route to where, a cell's length left of it, there is no road: across a
 * straight stretch, and out through the corner at a turn.
 */
export function sideAt(route: readonly Point[], index: number): Point {
  const out = leftOf(headingAt(route, index));
  if (index === 0) return out;
  const into = leftOf(headingAt(route, index - 1));
  const turns = Math.abs(into.x * out.y - into.y * out.x) > 0.5;
  return turns ? { x: into.x + out.x, y: into.y + out.y } : out;
}

/** `point` moved `ahead` along the heading and `left` across it. */
export function offset(point: Point, heading: Point, ahead: number, left: number): Point {
  const side = leftOf(heading);
  return {
    x: point.x + heading.x * ahead + side.x * left,
    y: point.y + heading.y * ahead + side.y * left,
  };
}

/** A heading as degrees clockwise from east, as SVG's `rotate` wants it. */
export function degrees(heading: Point): number {
  return (Math.atan2(heading.y, heading.x) * 180) / Math.PI;
}

/** An SVG path through points. */
export function pathThrough(points: readonly Point[]): string {
  return points
    .map((point, index) => `${index === 0 ? "M" : "L"}${round(point.x)} ${round(point.y)}`)
    .join("");
}

export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function unit(from: Point, to: Point): Point {
  const length = distance(from, to);
  return length === 0
    ? { x: 1, y: 0 }
    : { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
}
