/**
 * Where the sea lies. The message names no coast, so one is made for any route: the water begins
 * beyond the route's end, in the direction the route ends in, reaches in beside the last stretch
 * like a bay, curves up the outer side, and keeps its distance from every cell of the road.
 */
import { distance, headingAt, offset, type Point } from "./geometry";
import { noise } from "./noise";

/** How far the bay reaches back beside the end of the route, in cells. */
const BAY = 4.2;

/** Land kept between road and water, in cells: room for kerb, stops and people. */
const BANK = 2.3;

/** Distance between two sampled points of the shoreline, in cells. */
const SAMPLING = 0.75;

export interface Shore {
  /** The waterline, from one far side to the other. */
  readonly line: readonly Point[];
  /** The waterline closed far out at sea. */
  readonly outline: readonly Point[];
  /** How far inland a point lies, in cells along the sea's axis; negative at sea. */
  readonly inland: (point: Point) => number;
}

/** `reach` is how far to either side of the end the coast is drawn, in cells. */
export function makeShore(route: readonly Point[], reach: number): Shore {
  const end = route.at(-1) ?? { x: 0, y: 0 };
  const axis = headingAt(route, route.length - 1);
  // Coordinates of the coast: `out` towards the sea, `along` across it, both from the route's end.
  const flat = route.map((point) => toCoast(point, end, axis));
  const mean = flat.reduce((sum, point) => sum + point.along, 0) / Math.max(1, flat.length);
  const outer = mean > 0 ? -1 : 1;

  const waterAt = (along: number): number => {
    const away = along * outer;
    const ripple = (noise(along * 0.35) - 0.5) * 1.6;
    // On the outer side the coast turns inland and runs beside the town.
    const bay = away > 0 ? BAY - 2 + Math.max(0, away - BANK) * 3.5 : BAY;
    let water = ripple - bay;
    for (const point of flat) {
      const beside = Math.abs(point.along - along);
      if (beside < BANK) water = Math.max(water, point.out + Math.sqrt(BANK ** 2 - beside ** 2));
    }
    return water;
  };

  const line: Point[] = [];
  for (let along = -reach; along <= reach; along += SAMPLING) {
    line.push(offset(end, axis, waterAt(along), along));
  }
  return {
    line: smooth(line),
    outline: [
      ...smooth(line),
      offset(end, axis, reach * 4, reach),
      offset(end, axis, reach * 4, -reach),
    ],
    inland: (point) => {
      const { along, out } = toCoast(point, end, axis);
      return waterAt(along) - out;
    },
  };
}

function toCoast(point: Point, end: Point, axis: Point): { out: number; along: number } {
  const dx = point.x - end.x;
  const dy = point.y - end.y;
  // `along` grows to the left of the axis, as `offset` counts it.
  return { out: dx * axis.x + dy * axis.y, along: dx * axis.y - dy * axis.x };
}

/** Two rounds of corner cutting: a polyline that looks drawn by hand. */
function smooth(line: readonly Point[]): Point[] {
  let points = [...line];
  for (let round = 0; round < 2; round += 1) {
    const cut: Point[] = [];
    for (let index = 0; index + 1 < points.length; index += 1) {
      const a = points[index];
      const b = points[index + 1];
      if (a === undefined || b === undefined || distance(a, b) === 0) continue;
      cut.push(mix(a, b, 0.25), mix(a, b, 0.75));
    }
    points = cut;
  }
  return points;
}

function mix(a: Point, b: Point, part: number): Point {
  return { x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part };
}
