/**
 * Where signs may stand. Each has a side of the road it prefers; where a neighbour already stands
 * there, or the road itself turns through, it steps back or crosses over, so that no sign hides
 * another and none stands in the way of the bus.
 */
import { distance, sideAt, type Point } from "./geometry";

/** How far from the middle of the road signs stand, in cells; on the left, people stand between. */
const NEAR = { left: 1.38, right: 1.12 } as const;

/** How much farther out signs stand for each time they are larger than a cell, in cells. */
const LARGER = 0.45;

/** How much farther a sign stands that has stepped back, in cells. */
const STEP = 0.95;

/** Least distance of a sign from the middle of the road, in cells. */
const OFF_ROAD = 0.95;

/** The room a sign takes, in cells: the widest is a shield, the tallest a traffic light. */
const WIDTH = 0.86;
const HEIGHT = 1.1;

export interface Wish {
  /** The cell it belongs to, as an index into the route. */
  readonly index: number;
  readonly side: "left" | "right";
}

/** A place for each wish, in their order; `scale` is how large signs are drawn. */
export function placeSigns(
  wishes: readonly Wish[],
  route: readonly Point[],
  scale: number,
): readonly Point[] {
  const taken: Point[] = [];
  for (const wish of wishes) {
    const places = candidates(wish, route, scale);
    const free = places.find(
      (place) =>
        !taken.some((other) => overlap(place, other, scale)) &&
        route.every((cell) => distance(place, cell) >= OFF_ROAD + (scale - 1) * LARGER),
    );
    taken.push(free ?? places[0]);
  }
  return taken;
}

export function overlap(a: Point, b: Point, scale: number): boolean {
  return Math.abs(a.x - b.x) < WIDTH * scale && Math.abs(a.y - b.y) < HEIGHT * scale;
}

/** The places a sign would take, the best first. */
function candidates(
  wish: Wish,
  route: readonly Point[],
  scale: number,
): readonly [Point, ...Point[]] {
  const at = route[wish.index] ?? { x: 0, y: 0 };
  const left = sideAt(route, wish.index);
  const toLeft = wish.side === "left" ? 1 : -1;
  const place = (side: number, steps: number): Point => {
    const away =
      side * (NEAR[side > 0 ? "left" : "right"] + (scale - 1) * LARGER + steps * STEP * scale);
    return { x: at.x + left.x * away, y: at.y + left.y * away };
  };
  return [
    place(toLeft, 0),
    place(toLeft, 1),
    place(-toLeft, 0),
    place(toLeft, 2),
    place(-toLeft, 1),
  ];
}
