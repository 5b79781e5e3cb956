/**
 * The city that a room stands in, as far as it can be known from the room: the road as a curve, the
 * coast, and who may build where. The plane is the plan's, in cells: x east, y south. Metres are
 * `CELL` times that.
 */
import { distance, headingAt, middle, type Point } from "../plan/geometry";
import { makeShore, type Shore } from "../plan/shore";
import type { Room } from "../protocol/messages";
import { Path, type Spot } from "./path";

/** Metres to a cell: a bus is half as long, so that what belongs to a cell is seen to. */
export const CELL = 10;

/** Land drawn around the grid (cells): beyond it, haze hides everything. */
export const OUTSKIRTS = 18;

/** Half of the carriageway, and of the road with its pavements (m). */
export const ROAD_HALF = 3.6;
export const PAVED_HALF = 5.3;

/** How far left of the middle of the road the bus drives (m): Tanzania keeps left. */
export const LANE = 1.75;

export interface City {
  readonly grid: readonly [width: number, height: number];
  readonly route: readonly Point[];
  readonly path: Path;
  readonly shore: Shore;
  /** Unit vector at the end of the route, towards the sea. */
  readonly seaward: Point;
  /** Distance of a point of the plane from the road's middle, in cells; far ones are not exact. */
  readonly fromRoad: (point: Point) => number;
}

export function makeCity(room: Room): City {
  const route = room.route.map((cell) => middle(cell, room.grid[1]));
  const path = new Path(route);
  const shore = makeShore(route, Math.max(...room.grid) + OUTSKIRTS);
  // The curve, not the cells: houses may stand where a bend cuts the corner.
  const samples: Spot[] = [];
  for (let s = 0; s <= path.end; s += 0.5) samples.push(path.at(s));
  return {
    grid: room.grid,
    route,
    path,
    shore,
    seaward: headingAt(route, route.length - 1),
    fromRoad: (point) =>
      samples.reduce((least, spot) => Math.min(least, distance(spot, point)), Infinity),
  };
}

/** A place beside the road in metres: `left` of its middle, `ahead` of `s`. */
export function beside(
  path: Path,
  s: number,
  left: number,
  ahead = 0,
): { x: number; z: number; yaw: number } {
  const spot = path.at(s);
  const { x, y } = spot.heading;
  return {
    x: spot.x * CELL + x * ahead + y * left,
    z: spot.y * CELL + y * ahead - x * left,
    yaw: yawOf(spot.heading),
  };
}

/** The turn about the vertical of a thing built to face east, so that it faces along `heading`. */
export function yawOf(heading: Point): number {
  return Math.atan2(-heading.y, heading.x);
}
