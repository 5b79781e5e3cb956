import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeCity } from "../src/scene/city";
import { Path } from "../src/scene/path";
import { hanging, lean, overload, sag } from "../src/scene/ride";
import { Rig } from "../src/scene/rig";
import { CAMERAS } from "../src/scene/scene";
import { Track } from "../src/scene/track";
import { room } from "./wire";

const straight = new Path(Array.from({ length: 10 }, (_, x) => ({ x, y: 0 })));

/** A route made of unit steps: 0 straight on, 1 and -1 turns. */
function walk(turns: readonly number[]): { x: number; y: number }[] {
  let [dx, dy, x, y] = [1, 0, 0, 0];
  const route = [{ x, y }];
  for (const turn of turns) {
    if (turn !== 0) [dx, dy] = [dy * turn, -dx * turn];
    [x, y] = [x + dx, y + dy];
    route.push({ x, y });
  }
  return route;
}

const routes = fc
  .array(fc.constantFrom(0, 0, 0, 1, -1), { minLength: 7, maxLength: 119 })
  .map(walk);

describe("the road as a curve", () => {
  it("runs through the cells of a straight route at an even pace", () => {
    for (const s of [0, 0.5, 3, 7.25, 9]) expect(straight.at(s).x).toBeCloseTo(s);
    expect(straight.at(4).heading).toEqual({ x: 1, y: 0 });
    expect(straight.at(-0.5).x).toBeCloseTo(-0.5);
    expect(straight.at(10).x).toBeCloseTo(10);
  });

  it("rounds corners, and says which way they bend", () => {
    const right = new Path(
      [0, 1, 2]
        .map((x) => ({ x, y: 0 }))
        .concat([
          { x: 2, y: 1 },
          { x: 2, y: 2 },
        ]),
    );
    expect(right.at(2).heading.x).toBeCloseTo(Math.SQRT1_2);
    expect(right.at(2).heading.y).toBeCloseTo(Math.SQRT1_2);
    expect(right.bend(2)).toBeGreaterThan(0.5);
    expect(Math.abs(right.bend(0.5))).toBeLessThan(1e-9);
  });

  it("stays near its cells, without a leap, along any route", () => {
    fc.assert(
      fc.property(routes, fc.double({ min: 0, max: 1, noNaN: true }), (cells, part) => {
        const path = new Path(cells);
        const s = part * path.end;
        const here = path.at(s);
        const next = path.at(s + 0.01);
        const cell = cells[Math.round(s)];
        expect(Math.hypot(here.x - (cell?.x ?? 0), here.y - (cell?.y ?? 0))).toBeLessThan(0.75);
        expect(Math.hypot(next.x - here.x, next.y - here.y)).toBeLessThan(0.02);
        expect(Math.hypot(here.heading.x, here.heading.y)).toBeCloseTo(1);
      }),
    );
  });

  it("finds the place nearest to a point beside it", () => {
    expect(straight.nearest({ x: 4.5, y: 0.2 }, 4)).toBeCloseTo(4.5);
    expect(straight.nearest({ x: 0, y: 0 }, 0)).toBe(0);
  });

  it("has a place for routes that are hardly any", () => {
    expect(new Path([]).at(0)).toEqual({ x: 0, y: 0, heading: { x: 1, y: 0 } });
    expect(new Path([{ x: 3, y: 4 }]).at(0.3).y).toBe(4);
  });
});

const at = (s: number) => ({ s, dx: 0, dy: 0, facts: s });

/** Frames that come every `every` ms from 0, a cell each; returns the time of the last. */
function drive(track: Track<number>, frames: number, every: number): number {
  for (let nth = 0; nth < frames; nth += 1) {
    track.at(nth * every);
    track.push(at(nth), nth * every, nth === 0);
  }
  return (frames - 1) * every;
}

describe("motion between frames", () => {
  it("drives at constant speed when frames come evenly", () => {
    const track = new Track<number>();
    const last = drive(track, 30, 200);
    const speeds = [10, 60, 110, 160].map((after) => track.at(last + after)?.speed ?? 0);
    for (const speed of speeds) expect(speed).toBeCloseTo(5, 0);
  });

  it("stays where it is when nothing comes, and says so", () => {
    const track = new Track<number>();
    const last = drive(track, 5, 200);
    expect(track.moving(last)).toBe(true);
    expect(track.at(last + 2000)).toMatchObject({ s: 4, speed: 0, there: true });
    expect(track.moving(last + 2000)).toBe(false);
    expect(track.flowing(last + 5000)).toBe(false);
  });

  it("does not move a bus that did not move", () => {
    const track = new Track<number>();
    track.push(at(3), 0, true);
    track.push(at(3), 200, false);
    expect(track.at(300)?.s).toBe(3);
    expect(track.at(300)?.speed).toBe(0);
  });

  it("stands for a part of a step that is a stop, and then makes up for it", () => {
    const track = new Track<number>();
    for (let nth = 0; nth < 6; nth += 1) {
      const halt = nth === 5 ? 0.5 : 0;
      track.push({ s: nth, dx: 0, dy: 0, facts: nth, halt }, nth * 250, nth === 0);
    }
    const pictures = Array.from({ length: 200 }, (_, nth) => track.at(1000 + nth * 5));
    const standing = pictures.filter((drawn) => drawn?.halts);
    expect(standing.length * 5).toBeGreaterThan(100);
    for (const drawn of standing) expect(drawn).toMatchObject({ s: 4, speed: 0 });
    expect(pictures.at(-1)).toMatchObject({ s: 5, halts: false });
  });

  it("snaps when told", () => {
    const track = new Track<number>();
    drive(track, 5, 200);
    track.push(at(0), 900, true);
    expect(track.at(900)).toMatchObject({ s: 0, there: true });
  });

  it("answers a single step after a pause at once, and takes its time over it", () => {
    const track = new Track<number>();
    const last = drive(track, 5, 200);
    track.at(last + 8000);
    track.push(at(5), last + 8000, false);
    const soon = track.at(last + 8000 + 600)?.s ?? 0;
    expect(soon).toBeGreaterThan(4);
    expect(track.at(last + 8000 + 1600)?.s).toBe(5);
  });

  it("never goes back, never beyond what was received, however frames arrive", () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 2, maxLength: 25 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 16, max: 90 }), (arrivals, look) => {
        const track = new Track<number>();
        let now = 0;
        let drawn = 0;
        track.push(at(0), now, true);
        arrivals.forEach((gap, nth) => {
          for (let passed = 0; passed < gap; passed += look) {
            const { s } = track.at(now + passed) ?? { s: 0 };
            if (s < drawn - 1e-9 || s > nth + 1e-9) expect.fail(`${s} after ${drawn}, of ${nth}`);
            drawn = s;
          }
          now += gap;
          track.at(now);
          track.push(at(nth + 1), now, false);
        });
        // And it gets there, soon.
        expect(track.at(now + 3000)?.s).toBe(arrivals.length);
      }),
    );
  });

  it("leaps less than a picture's share at any rate of frames", () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 400 }), (every) => {
        const track = new Track<number>();
        const last = drive(track, 60, every);
        let before = track.at(last)?.s ?? 0;
        for (let passed = 4; passed <= every; passed += 4) {
          const s = track.at(last + passed)?.s ?? 0;
          expect(s - before).toBeLessThan((4 / every) * 1.6 + 0.01);
          before = s;
        }
      }),
    );
  });
});

describe("a load", () => {
  const load = (passengers: number) => ({ passengers, legalCapacity: 33, capacity: 50 });

  it("presses the bus down, and beyond the law makes it lean and fill its door", () => {
    expect(sag(load(0))).toBe(0);
    expect(lean(load(33))).toBe(0);
    expect(hanging(load(33))).toBe(0);
    expect(lean(load(50))).toBeGreaterThan(0.05);
    expect(hanging(load(34))).toBe(1);
  });

  it("never weighs less for one more", () => {
    fc.assert(
      fc.property(fc.nat(60), (passengers) => {
        expect(sag(load(passengers + 1))).toBeGreaterThanOrEqual(sag(load(passengers)));
        expect(lean(load(passengers + 1))).toBeGreaterThanOrEqual(lean(load(passengers)));
        expect(overload(load(passengers))).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("the camera of a room that stands still", () => {
  const moment = {
    city: makeCity(room({})),
    subject: { x: 40, y: 0, z: 20, yaw: 0, s: 4 },
    lean: 0,
    orbit: { yaw: 1, pitch: 0.5, distance: 20, panX: 0, panZ: 0 },
    passed: 0.1,
    shake: 0,
  };

  /** Pictures until none is asked for any more. */
  function rest(rig: Rig, from: number): number {
    let count = 1;
    while (rig.aim({ ...moment, seconds: from + count * moment.passed })) {
      count += 1;
      if (count > 1000) throw new Error("the camera never rests");
    }
    return count;
  }

  it("goes all the way to another that is chosen, and then rests", () => {
    for (const to of CAMERAS.filter((camera) => camera !== "top")) {
      const rig = new Rig();
      rig.choose("top");
      rest(rig, 0);
      const before = rig.shot;
      rig.choose(to);
      expect(rest(rig, 20), to).toBeGreaterThan(8);
      expect(rig.shot?.eye).not.toEqual(before?.eye);
    }
  });

  it("cuts there where motion is reduced", () => {
    const rig = new Rig();
    rig.calm = true;
    rest(rig, 0);
    rig.choose("cinematic");
    expect(rest(rig, 1)).toBe(1);
  });
});
