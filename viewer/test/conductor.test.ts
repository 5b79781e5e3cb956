import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Conductor, PATIENCE_MS } from "../src/pair/conductor";
import { farAhead, nextMove, type Place, type Shared } from "../src/pair/keeping";
import { both, type Both, type Side } from "../src/pair/sides";
import { EMPTY, reduce, type View } from "../src/state/view";
import { CITY, cityFrame } from "./city-wire";
import { EPOCH, type Wire } from "./wire";

const FAR = farAhead(5);

const FREE: Both<boolean> = { a: false, b: false };
const SHARED: Shared = { trip: "t", epochs: { a: 1, b: 1 } };

const place = (fields: Partial<Place> = {}): Place => ({
  ...{ trip: "t", epoch: 1, step: 10, ended: false, paused: false },
  ...fields,
});

describe("what keeps two rooms together", () => {
  const move = (
    a: Partial<Place>,
    b: Partial<Place>,
    held = FREE,
    shared: Shared | null = SHARED,
  ) => nextMove({ a: place(a), b: place(b) }, held, shared, FAR);

  it("is nothing as long as they are about in step", () => {
    expect(move({}, { step: 10 + FAR - 1 })).toBeNull();
  });

  it("holds who is far ahead or has arrived, and lets go once the other is there", () => {
    expect(move({ step: 10 + FAR }, {})).toEqual({ do: "hold", side: "a" });
    expect(move({}, { ended: true, step: 5 })).toEqual({ do: "hold", side: "b" });
    const held = { a: true, b: false };
    expect(move({ step: 12 }, { step: 11 }, held)).toBeNull();
    expect(move({ step: 12, paused: true }, { step: 12 }, held)).toEqual({
      ...{ do: "release", side: "a" },
    });
  });

  it("takes half a second for far, where ticks are many", () => {
    expect(farAhead(5)).toBe(6);
    expect(farAhead(60)).toBe(30);
  });

  it("does not hold what stands already", () => {
    expect(move({ ended: true, paused: true }, {})).toBeNull();
  });

  it("begins the next trip when both have arrived", () => {
    expect(move({ ended: true }, { ended: true, step: 40 })).toEqual({ do: "begin" });
  });

  it("begins one for both where they drive different ones, after a while", () => {
    expect(move({ trip: "x" }, { trip: "y" })).toEqual({ do: "begin-soon" });
    expect(move({ trip: null }, { trip: null }, FREE, null)).toEqual({ do: "begin-soon" });
    expect(move({}, { trip: "x", epoch: 2 })).toEqual({ do: "begin-soon" });
    expect(move({ ended: true }, { trip: "x" })).toEqual({ do: "begin-soon" });
  });

  it("lets a room finish its trip that the other went on from before it could be held", () => {
    expect(move({ trip: "next", step: 1 }, {})).toEqual({ do: "hold", side: "a" });
    expect(move({ trip: "next", step: 1, paused: true }, {}, { a: true, b: false })).toBeNull();
  });
});

describe("the conductor", () => {
  let views: { a: View; b: View };
  let asked: [Side, string, unknown?][];
  let conductor: Conductor;
  let may: boolean;
  let reached: Both<boolean>;

  const show = (side: Side, fields: Wire): void => {
    const seq = (views[side].frame?.seq ?? 0) + 1;
    const lights = { lights: [[fields["light"] ?? 4, 0]], lights_red: [true] };
    const frame = cityFrame({ seq, ...lights, ...fields });
    views[side] = reduce(views[side], { kind: "frame", frame }, 0);
    conductor.look();
  };
  const settle = () => vi.advanceTimersByTimeAsync(0);

  beforeEach(() => {
    vi.useFakeTimers();
    const view = reduce(EMPTY, { kind: "room", room: CITY }, 0);
    views = { a: view, b: view };
    asked = [];
    const rooms = both((side) => ({
      get view() {
        return views[side];
      },
      request: (type: string, fields?: unknown) => {
        asked.push(fields === undefined ? [side, type] : [side, type, fields]);
        return Promise.resolve({ kind: "reply", id: null, result: null } as const);
      },
    }));
    [may, reached] = [true, { a: true, b: true }];
    conductor = new Conductor(rooms, {
      may: () => may,
      reaches: (side) => reached[side],
      tell: () => undefined,
    });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("begins both with one seed and one key, so that it is done once by however many pages", async () => {
    show("a", { step: 0, light: 3, episode: 3 });
    show("b", { step: 0, light: 5, episode: 8 });
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    const fields = { seed: EPOCH + 3, idempotency_key: `pair-${EPOCH}-3-${EPOCH}-8-0` };
    expect(asked).toEqual([
      ["a", "reset", fields],
      ["b", "reset", fields],
    ]);
    expect(fields.idempotency_key.length).toBeLessThanOrEqual(64);
  });

  it("holds the one that arrives first, and goes on with both", async () => {
    for (const side of ["a", "b"] as const) show(side, { step: 0 });
    show("a", { step: 1, terminated: true });
    expect(asked).toEqual([["a", "pause"]]);
    expect(conductor.held).toEqual({ a: true, b: false });
    show("b", { step: 1 });
    show("b", { step: 2, terminated: true });
    await settle();
    expect(asked.map(([side, type]) => `${side} ${type}`)).toEqual([
      ...["a pause", "a reset", "b reset", "a resume"],
    ]);
    expect(conductor.held).toEqual(FREE);
  });

  it("waits for both to show the new trip before it looks at where they are", async () => {
    for (const side of ["a", "b"] as const) show(side, { step: 0 });
    for (const side of ["a", "b"] as const) show(side, { step: 1, terminated: true });
    await settle();
    const before = asked.length;
    show("a", { step: 0, episode: 4, light: 5 });
    show("a", { step: 20, episode: 4, light: 5 });
    expect(asked.length).toBe(before);
    show("b", { step: 0, episode: 4, light: 5 });
    expect(asked.at(-1)).toEqual(["a", "pause"]);
  });

  it("tries again where a beginning was lost", async () => {
    for (const side of ["a", "b"] as const) show(side, { step: 0 });
    for (const side of ["a", "b"] as const) show(side, { step: 1, terminated: true });
    await settle();
    const before = asked.length;
    await vi.advanceTimersByTimeAsync(6_000);
    expect(asked.length).toBe(before + 2);
  });

  it("lets go of a room whose companion is gone, as soon as it hears", () => {
    for (const side of ["a", "b"] as const) show(side, { step: 0 });
    show("a", { step: 1, terminated: true });
    [may, reached] = [false, { a: false, b: false }];
    conductor.look();
    expect(conductor.held.a).toBe(true);
    reached = { a: true, b: false };
    conductor.look();
    expect(asked.at(-1)).toEqual(["a", "resume"]);
    expect(conductor.held).toEqual(FREE);
  });

  it("lets go of what it holds when the page goes", () => {
    for (const side of ["a", "b"] as const) show(side, { step: 0 });
    show("b", { step: 1, terminated: true });
    const free: Side[] = [];
    conductor.letGo((side) => free.push(side));
    expect(free).toEqual(["b"]);
    expect(asked.at(-1)).toEqual(["b", "resume"]);
    conductor.letGo((side) => free.push(side));
    expect(free).toEqual(["b"]);
  });
});
