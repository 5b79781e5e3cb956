import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lightAt } from "../src/scene/daytime";
import { makeCity } from "../src/scene/city";
import { Letters } from "../src/scene/letters";
import { Road } from "../src/scene/markers";
import { QualityControl } from "../src/scene/quality";
import { awayFrom, standing } from "../src/scene/queue";
import { blend, chase, cinematic, driver, fovFor, free, top, type Shot } from "../src/scene/shots";
import { buildTown } from "../src/scene/town";
import { Shape } from "../src/scene/shape";
import { buildRoad } from "../src/scene/road";
import type { Cell } from "../src/protocol/messages";
import { WIRE_ROOM } from "./wire";
import { parseMessage } from "../src/protocol/parse";
import type { Room } from "../src/protocol/messages";

function roomWith(route: readonly Cell[], grid: readonly [number, number]): Room {
  const parsed = parseMessage(JSON.stringify({ ...WIRE_ROOM, route, grid }));
  if (parsed.kind !== "room") throw new Error("the room of the tests is well-formed");
  return parsed.room;
}

const along = (length: number): Cell[] => Array.from({ length }, (_, x) => [x, 10] as const);
const zigzag: Cell[] = [
  ...Array.from({ length: 20 }, (_, x) => [x + 5, 30] as const),
  ...Array.from({ length: 12 }, (_, y) => [24, 29 - y] as const),
  ...Array.from({ length: 15 }, (_, x) => [23 - x, 18] as const),
];

describe("the town", () => {
  it("is the same each time", () => {
    const city = makeCity(roomWith(zigzag, [40, 40]));
    const build = () =>
      buildTown(city, 30, [4, 20], new Letters()).parts.map((part) => part.triangles);
    expect(build()).toEqual(build());
  });

  it("keeps within what a small machine can draw, for short and long routes", () => {
    for (const [route, grid] of [
      [along(8), [15, 15]],
      [zigzag, [40, 40]],
      [along(64), [64, 64]],
    ] as const) {
      const city = makeCity(roomWith(route, grid));
      const town = buildTown(city, 3, [2], new Letters());
      const largest = Math.max(...town.parts.map((part) => part.triangles));
      expect(largest).toBeLessThan(12_000);
      expect(town.parts.length).toBeGreaterThan(1);
    }
  });

  it("leaves the carriageway free", () => {
    const city = makeCity(roomWith(zigzag, [40, 40]));
    const town = buildTown(city, 30, [], new Letters());
    for (const part of town.parts) {
      const { array } = part.shadow().getAttribute("position");
      for (let at = 0; at < array.length; at += 3) {
        const [x, y, z] = [array[at] ?? 0, array[at + 1] ?? 0, array[at + 2] ?? 0];
        // Lamps and leaves hang over the road; what a bus could hit does not stand on it.
        if (y > 2.9) continue;
        if (city.fromRoad({ x: x / 10, y: z / 10 }) < 0.36)
          expect.fail(`${x}, ${y}, ${z} is in the way`);
      }
    }
  });
});

describe("shapes", () => {
  it("face outwards", () => {
    const box = new Shape().box([0, 0, 0], 2, 2, 2, 0xffffff).geometry();
    const places = box.getAttribute("position");
    const normals = box.getAttribute("normal");
    for (let nth = 0; nth < places.count; nth += 1) {
      const out =
        places.getX(nth) * normals.getX(nth) +
        (places.getY(nth) - 1) * normals.getY(nth) +
        places.getZ(nth) * normals.getZ(nth);
      expect(out).toBeGreaterThan(0.9);
    }
  });

  it("make a road whose pieces lie face up", () => {
    const road = buildRoad(makeCity(roomWith(along(12), [15, 15]))).geometry();
    const normals = road.getAttribute("normal");
    for (let nth = 0; nth < normals.count; nth += 1) {
      expect(normals.getY(nth)).toBeGreaterThan(-0.01);
    }
  });
});

describe("people who wait", () => {
  it("stand beside the carriageway, and apart", () => {
    const spots = Array.from({ length: 40 }, (_, nth) => standing(nth, 3));
    spots.forEach((spot, nth) => {
      expect(spot.left).toBeGreaterThan(3.7);
      for (const other of spots.slice(nth + 1)) {
        expect(Math.hypot(spot.left - other.left, spot.ahead - other.ahead)).toBeGreaterThan(0.2);
      }
    });
  });

  it("move up without a leap", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 39, noNaN: true }), (nth) => {
        const [a, b] = [standing(nth, 1), standing(nth + 0.001, 1)];
        expect(Math.hypot(a.left - b.left, a.ahead - b.ahead)).toBeLessThan(0.1);
      }),
    );
    expect(awayFrom(5)).toEqual(awayFrom(5));
  });
});

describe("the time of day", () => {
  it("goes from light to dusk without a leap, with the sun above or at the horizon", () => {
    const part = fc.double({ min: 0, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(part, (now) => {
        const [a, b] = [lightAt(now, { x: 1, y: 0 }), lightAt(now + 0.01, { x: 1, y: 0 })];
        expect(Math.hypot(...a.sun)).toBeCloseTo(1);
        expect(b.night).toBeGreaterThanOrEqual(a.night);
        expect(b.night - a.night).toBeLessThan(0.05);
        // Always light enough to read the street.
        for (const channel of a.skyLight) expect(channel).toBeGreaterThan(0.4);
      }),
    );
  });

  it("has the sun behind a bus that sets out, whichever way it goes", () => {
    for (const start of [
      { x: 1, y: 0 },
      { x: 0, y: 1 },
      { x: -1, y: 0 },
      { x: 0, y: -1 },
    ]) {
      const { sun } = lightAt(0, start);
      expect(sun[0] * start.x + sun[2] * start.y).toBeLessThan(-0.5);
    }
  });
});

describe("cameras", () => {
  const city = makeCity(roomWith(along(15), [15, 15]));
  const subject = { x: 52, y: 0, z: 50, yaw: 0, s: 4 };
  const orbit = { yaw: 1, pitch: 0.5, distance: 20, panX: 0, panZ: 0 };
  const shots: Shot[] = [
    chase(subject, 0),
    driver(subject, 0),
    top(subject),
    cinematic(city, subject, 3),
    free(subject, orbit),
  ];

  it("are above the ground and look at something", () => {
    for (const { eye, look } of shots) {
      expect(eye[1]).toBeGreaterThan(0.5);
      expect(Math.hypot(eye[0] - look[0], eye[1] - look[1], eye[2] - look[2])).toBeGreaterThan(1);
    }
  });

  it("have the chase behind the bus, and the top with north up", () => {
    expect(chase(subject, 0).eye[0]).toBeLessThan(subject.x - 5);
    expect(top(subject).up).toEqual([0, 0, -1]);
  });

  it("blend from one to the other", () => {
    const [a, b] = [chase(subject, 0), top(subject)];
    expect(blend(a, b, 0)).toEqual(a);
    expect(blend(a, b, 1)).toEqual(b);
  });

  it("see as much in a tall window as they can without bending it", () => {
    expect(fovFor(50, 16 / 9)).toBe(50);
    expect(fovFor(50, 0.5)).toBeGreaterThan(50);
    expect(fovFor(50, 0.3)).toBeLessThan(90);
  });
});

describe("quality", () => {
  it("steps down while pictures are slow, and not for one that is", () => {
    const control = new QualityControl(false);
    const best = control.now;
    for (let nth = 0; nth < 23; nth += 1) expect(control.measure(16)).toBe(false);
    control.measure(90);
    expect(control.now).toBe(best);
    for (let nth = 0; nth < 24; nth += 1) control.measure(40);
    expect(control.now.pixels).toBeLessThan(best.pixels);
    for (let nth = 0; nth < 1000; nth += 1) control.measure(300);
    expect(control.now.shadows).toBe(false);
  });

  it("ignores the time that a page was not looked at", () => {
    const control = new QualityControl(false);
    const best = control.now;
    for (let nth = 0; nth < 100; nth += 1) control.measure(5000);
    expect(control.now).toBe(best);
  });
});

describe("places on the road", () => {
  it("are those of the route, or the nearest", () => {
    const road = new Road(along(10));
    expect(road.at([4, 10])).toBe(4);
    expect(road.at([4, 13])).toBe(4);
    expect(new Road([]).at([1, 1])).toBe(0);
  });
});
