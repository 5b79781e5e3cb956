import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signed } from "../src/format";
import { distance, headingAt, leftOf, middle, sideAt, type Point } from "../src/plan/geometry";
import { Motion, shortestTurn } from "../src/plan/motion";
import { overlap, placeSigns } from "../src/plan/placement";
import { makeShore } from "../src/plan/shore";

/** A route made of unit steps, given as turns: straight on, left, right. */
function walk(turns: readonly number[]): Point[] {
  let heading: Point = { x: 1, y: 0 };
  let here: Point = { x: 0.5, y: 0.5 };
  const route = [here];
  for (const turn of turns) {
    if (turn !== 0) {
      const left = leftOf(heading);
      heading = turn > 0 ? left : { x: -left.x, y: -left.y };
    }
    here = { x: here.x + heading.x, y: here.y + heading.y };
    route.push(here);
  }
  return route;
}

describe("geometry", () => {
  it("puts growing y upwards on the screen", () => {
    expect(middle([0, 14], 15)).toEqual({ x: 0.5, y: 0.5 });
    expect(middle([14, 0], 15)).toEqual({ x: 14.5, y: 14.5 });
  });

  it("heads along the route, and at its end as it arrived", () => {
    const route = walk([0, -1]);
    expect(headingAt(route, 0)).toEqual({ x: 1, y: 0 });
    expect(headingAt(route, 2)).toEqual({ x: 0, y: 1 });
    expect(headingAt([], 0)).toEqual({ x: 1, y: 0 });
  });
});

describe("signs", () => {
  const signs = fc.uniqueArray(fc.nat(28), { maxLength: 11 });
  const route = walk([...Array<number>(13).fill(0), -1, ...Array<number>(14).fill(0)]);

  it("stand beside a straight road, and beyond the corner of a turn", () => {
    const corner = walk([0, -1, 0]);
    expect(distance(sideAt(corner, 0), { x: 0, y: -1 })).toBeCloseTo(0);
    expect(distance(sideAt(corner, 1), { x: 1, y: -1 })).toBeCloseTo(0);
    expect(distance(sideAt(corner, 2), { x: 1, y: 0 })).toBeCloseTo(0);
  });

  it("stand off the road and apart from each other, wherever the hazards fall", () => {
    fc.assert(
      fc.property(signs, (indices) => {
        const wishes = indices.map((index) => ({ index, side: "right" }) as const);
        const places = placeSigns(wishes, route, 1);
        places.forEach((place, nth) => {
          for (const cell of route) expect(distance(place, cell)).toBeGreaterThan(0.9);
          for (const other of places.slice(nth + 1)) {
            expect(overlap(place, other, 1)).toBe(false);
          }
        });
      }),
    );
  });
});

describe("the shore", () => {
  it("leaves every cell of any route on land", () => {
    const turns = fc.array(fc.constantFrom(-1, 0, 0, 0, 1), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(turns, (path) => {
        const route = walk(path);
        const shore = makeShore(route, 40);
        for (const point of route) expect(shore.inland(point)).toBeGreaterThan(1);
      }),
    );
  });

  it("lies beyond the end of the route", () => {
    const shore = makeShore(walk([0, 0, 0]), 20);
    expect(shore.inland({ x: 12, y: 0.5 })).toBeLessThan(0);
  });
});

describe("motion", () => {
  const pose = (x: number, turn = 0) => ({ x, y: 0, turn });

  it("moves evenly to the next cell and stays there", () => {
    const motion = new Motion(pose(0));
    motion.aim(pose(1), 1000, false);
    expect(motion.at(1000).x).toBe(0);
    expect(motion.at(1100).x).toBeCloseTo(0.5);
    expect(motion.at(5000).x).toBe(1);
    expect(motion.moving(5000)).toBe(false);
  });

  it("goes on from where it is when the next frame is early", () => {
    const motion = new Motion(pose(0));
    motion.aim(pose(1), 0, false);
    const halfway = motion.at(100);
    motion.aim(pose(2), 100, false);
    expect(motion.at(100)).toEqual(halfway);
  });

  it("snaps when told, and over long jumps", () => {
    const motion = new Motion(pose(0));
    motion.aim(pose(1), 0, true);
    expect(motion.at(0).x).toBe(1);
    motion.aim(pose(14), 10, false);
    expect(motion.at(10).x).toBe(14);
  });

  it("turns the shorter way", () => {
    const angle = fc.integer({ min: -720, max: 720 });
    fc.assert(
      fc.property(angle, angle, (from, to) => {
        const turn = shortestTurn(from, to);
        expect(Math.abs(turn)).toBeLessThanOrEqual(180);
        expect((((from + turn - to) % 360) + 360) % 360).toBe(0);
      }),
    );
  });

  it("never leaves the way between two cells", () => {
    fc.assert(
      fc.property(fc.nat(400), (time) => {
        const motion = new Motion(pose(0));
        motion.aim(pose(1), 0, false);
        expect(distance(motion.at(time), pose(0))).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("signed", () => {
  it.each([
    [26, "+26"],
    [-4.5, "−4.5"],
    [0, "0"],
    [-0.01, "0"],
    [1234.56, "+1,235"],
    [-999.94, "−999.9"],
  ])("writes %d as %s", (value, written) => {
    expect(signed(value)).toBe(written);
  });
});
