import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binaryDelta, binaryKeyframe, changes, type WireFrame } from "../dev/encode.mjs";
import type { Frame } from "../src/protocol/messages";
import { parseMessage } from "../src/protocol/parse";
import { makeFrame, type World } from "../src/protocol/world";
import { EPOCH, parsed, room, text, WIRE_WORLD } from "./wire";

const ROOM = room();

const count = fc.oneof(fc.nat(300), fc.maxSafeNat());
const bit = fc.constantFrom(0, 1);
// JSON knows no negative zero.
const real = fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const cell = fc.tuple(fc.nat(255), fc.nat(255));
const cells = fc.uniqueArray(cell, { selector: String, maxLength: 20 });

/** A frame as the wire has it: any that the rules of some rule set might make. */
const wireFrame = fc
  .record({
    step: count,
    position: cell,
    drawnApart: fc.option(fc.tuple(real, real)),
    route_index: count,
    passengers: count,
    capacity: count,
    legal_capacity: count,
    money: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
    speed: count,
    bits: fc.tuple(bit, bit, bit, bit, bit),
    hazards: cells.chain((places) =>
      fc.tuple(
        ...places.map(([x, y]) =>
          fc.tuple(fc.constant(x), fc.constant(y), fc.constantFrom("police", "trafficLight")),
        ),
      ),
    ),
    red: fc.array(bit, { minLength: 20, maxLength: 20 }),
    high_demand_stops: cells,
    waiting: fc.array(count, { minLength: 20, maxLength: 20 }),
    light_cycle: count,
    episode: count,
    action: fc.option(fc.nat(4)),
    reward: real,
    total_reward: real,
    reward_terms: fc.array(real, { maxLength: 9 }),
    outputs: fc.array(real, { maxLength: 9 }),
    terminated: fc.boolean(),
    truncated: fc.boolean(),
  })
  .map(({ drawnApart, bits, red, waiting, ...same }): WireFrame => {
    const [x, y] = same.position;
    const [pos_x, pos_y] = drawnApart ?? same.position;
    const [light_red, police_here, must_stop, fined, crashed] = bits;
    const hazards = [...same.hazards];
    const of = (kind: string) =>
      hazards.filter((hazard) => hazard[2] === kind).map((at): [number, number] => [at[0], at[1]]);
    const numbered = (places: readonly (readonly number[])[], numbers: readonly number[]) =>
      Object.fromEntries(places.map((at, nth) => [at.join(","), numbers[nth] ?? 0]));
    const traffic_lights = of("trafficLight");
    return {
      ...same,
      ...{ x, y, pos_x, pos_y, light_red, police_here, must_stop, fined, crashed },
      hazards,
      police_checkpoints: of("police"),
      traffic_lights,
      traffic_light_states: numbered(traffic_lights, red),
      waiting: numbered(same.high_demand_stops, waiting),
      action_name: same.action === null ? null : (ROOM.actions[same.action] ?? null),
    };
  });

function fromJson(wire: WireFrame, seq: number): Frame {
  const message = text({ type: "keyframe", epoch: EPOCH, seq, ...wire });
  return makeFrame(parsed("keyframe", message).world, EPOCH, seq, ROOM);
}

function fromBinary(wire: WireFrame, seq: number): { world: World; frame: Frame } {
  const message = parsed("keyframe", binaryKeyframe(EPOCH, seq, wire).buffer);
  const { world } = message;
  return { world, frame: makeFrame(world, message.epoch, message.seq, ROOM) };
}

describe("binary frames", () => {
  it("say the same as JSON: keyframes", () => {
    fc.assert(
      fc.property(wireFrame, count, (wire, seq) => {
        expect(fromBinary(wire, seq).frame).toEqual(fromJson(wire, seq));
      }),
    );
  });

  it("say the same as JSON: deltas in both encodings, over any base", () => {
    fc.assert(
      fc.property(wireFrame, wireFrame, fc.nat(1000), (base, wire, ago) => {
        const seq = 5000;
        const whole = fromJson(wire, seq);
        const binary = parsed("delta", binaryDelta(seq, seq - ago, base, wire).buffer);
        expect(binary.base).toBe(seq - ago);
        const over = { ...fromBinary(base, seq - ago).world, ...binary.changes };
        expect(makeFrame(over, EPOCH, seq, ROOM)).toEqual(whole);

        const json = parsed(
          "delta",
          text({ type: "delta", seq, base: seq - ago, ...changes(base, wire) }),
        );
        const first = parsed("keyframe", text({ type: "keyframe", epoch: EPOCH, seq: 1, ...base }));
        expect(makeFrame({ ...first.world, ...json.changes }, EPOCH, seq, ROOM)).toEqual(whole);
      }),
    );
  });

  it("read the document's own layout, byte by byte", () => {
    const bytes = [1, 0x80, 0x01, 17, 0b1011_0011, 0b1000_0001, 0b100, 12, 12, 14, 8, 50, 0x03, 4];
    // Fields 0, 1, 4, 5, 7, 16: step, position, passengers, capacity, money, action.
    const { epoch, seq, world } = parsed("keyframe", Uint8Array.from(bytes).buffer);
    expect({ epoch, seq }).toEqual({ epoch: 128, seq: 17 });
    expect(world).toMatchObject({
      step: 12,
      position: [12, 14],
      drawnX: null,
      passengers: 8,
      capacity: 50,
      money: -2,
      action: 3,
      legalCapacity: 0,
      terminated: false,
      police: [],
    });
  });

  it("say how the episode ended, and nothing where it goes on", () => {
    const named = Array.from("impounded", (letter) => letter.charCodeAt(0));
    const delta = [2, 19, 2, 0x80, 0x80, 0x80, 0x01, named.length, ...named];
    expect(parseMessage(Uint8Array.from(delta).buffer)).toMatchObject({
      changes: { ending: "impounded" },
    });
    const none = [2, 19, 2, 0x80, 0x80, 0x80, 0x01, 0];
    expect(parseMessage(Uint8Array.from(none).buffer)).toMatchObject({ changes: { ending: null } });
  });

  it("say which actions the policy chose among, and nothing where it looked at no mask", () => {
    const delta = (mask: number): number[] => [2, 19, 2, 0x80, 0x80, 0x80, 0x02, mask];
    for (const [mask, actionMask] of [
      [0b1_0011, 0b1_0011],
      [0, null],
    ] as const) {
      const read = parseMessage(Uint8Array.from(delta(mask)).buffer);
      expect(read).toMatchObject({ changes: { actionMask } });
    }
  });

  it("are read though a later server appends fields", () => {
    const delta = [2, 19, 2, 0x81, 0x80, 0x80, 0x04, 14, 99, 99];
    expect(parseMessage(Uint8Array.from(delta).buffer)).toEqual({
      kind: "delta",
      seq: 19,
      base: 17,
      changes: { step: 14 },
    });
    expect(parseMessage(Uint8Array.from([3, 1, 2]).buffer)).toEqual({ kind: "unknown" });
  });

  it.each([
    ["nothing", []],
    ["a keyframe without an end", [1, 1]],
    ["a delta before the first frame", [2, 3, 4, 0]],
    ["an integer without an end", [2, ...Array<number>(12).fill(0x80)]],
    ["an integer above 2^53", [2, ...Array<number>(8).fill(0xff), 0x7f, 0, 0]],
    ["a list longer than the message", [2, 1, 0, 0x80, 0x08, 0xff, 0x1f, 1, 1, 0]],
    ["a hazard of no kind", [2, 1, 0, 0x80, 0x08, 1, 1, 1, 2]],
    ["a place of no kind", [2, 1, 0, 0x04, 2]],
    ["a reward that is no number", [2, 1, 0, 0x80, 0x80, 0x08, 0, 0, 0xc0, 0x7f]],
    ["terms longer than the message", [2, 1, 0, 0x80, 0x80, 0x20, 2, 0, 0, 0, 0]],
    ["an output that is no number", [2, 1, 0, 0x80, 0x80, 0x40, 1, 0, 0, 0x80, 0x7f]],
    ["bytes after the end", [2, 1, 0, 0x01, 5, 6]],
  ])("refuse %s", (_, bytes) => {
    expect(parseMessage(Uint8Array.from(bytes).buffer).kind).toBe("malformed");
  });

  it("never throw, whatever bytes come", () => {
    const hostile = fc
      .tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 120 }))
      .map(([kind, rest]) => Uint8Array.from([kind, ...rest]));
    fc.assert(
      fc.property(fc.oneof(hostile, fc.uint8Array()), (bytes) => {
        const message = parseMessage(Uint8Array.from(bytes).buffer);
        expect(["keyframe", "delta", "unknown", "malformed"]).toContain(message.kind);
      }),
      { numRuns: 2000 },
    );
  });

  it("never throw on a frame that was cut off or whose bytes were changed", () => {
    const bytes = [...binaryKeyframe(EPOCH, 17, WIRE_WORLD)];
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
        expect(parseMessage(Uint8Array.from(bytes.slice(0, at)).buffer).kind).toBe("malformed");
        parseMessage(Uint8Array.from(bytes.with(at, byte)).buffer);
      }),
      { numRuns: 1000 },
    );
  });

  it("are not longer than they have to be", () => {
    expect(binaryKeyframe(EPOCH, 17, WIRE_WORLD).byteLength).toBeLessThan(120);
    expect(parseMessage(new ArrayBuffer((1 << 20) + 1)).kind).toBe("malformed");
  });
});
