import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  binaryDelta,
  binaryKeyframe,
  changes,
  SCHEMA,
  type WireFrame,
  type WireValue,
} from "../dev/encode.mjs";
import { parseMessage } from "../src/protocol/parse";
import { FIELD_TYPES, type FieldType } from "../src/protocol/schema";
import { makeFrame, type Changes, type World } from "../src/protocol/world";
import { EPOCH, parsed, room, text, WIRE_WORLD } from "./wire";

/** A room whose rules add a field of every type. */
const OWN = FIELD_TYPES.map((type) => ({ name: `own_${type}`, type, unit: "", meaning: "" }));
const ROOM = room({ frame: [...SCHEMA, ...OWN] });

const count = fc.oneof(fc.nat(300), fc.maxSafeNat());
// JSON knows no negative zero.
const real = fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const cell = fc.tuple(fc.nat(255), fc.nat(255));

const VALUES: Record<FieldType, fc.Arbitrary<WireValue>> = {
  bool: fc.boolean(),
  uint: count,
  int: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  float: real,
  optional_uint: fc.option(fc.nat(1000)),
  optional_text: fc.option(fc.string({ minLength: 1, maxLength: 20 })),
  cell,
  bools: fc.array(fc.boolean(), { maxLength: 20 }),
  uints: fc.array(count, { maxLength: 20 }),
  floats: fc.array(real, { maxLength: 20 }),
  cells: fc.array(cell, { maxLength: 20 }),
};

/** A frame as the wire has it: any that the rules of some rule set might make. */
const wireFrame: fc.Arbitrary<WireFrame> = fc.record(
  Object.fromEntries(ROOM.schema.map(({ name, type }) => [name, VALUES[type]])),
);

const read = (data: unknown) => parseMessage(data, ROOM.schema);

function worldOf(data: unknown): World {
  const message = read(data);
  if (message.kind !== "keyframe") throw new Error(JSON.stringify(message));
  return message.world;
}

function changesOf(data: unknown): { base: number; changes: Changes } {
  const message = read(data);
  if (message.kind !== "delta") throw new Error(JSON.stringify(message));
  return message;
}

function fromJson(wire: WireFrame, seq: number): World {
  return worldOf(text({ type: "keyframe", epoch: EPOCH, seq, ...wire }));
}

function fromBinary(wire: WireFrame, seq: number): World {
  return worldOf(binaryKeyframe(EPOCH, seq, wire, [...ROOM.schema]).buffer);
}

/** The number of a field, as the one bit that is set. */
function only(name: string): number[] {
  const number = SCHEMA.findIndex((field) => field.name === name);
  const full = Array<number>(Math.floor(number / 7)).fill(0x80);
  return [...full, 1 << (number % 7)];
}

describe("binary frames", () => {
  it("say the same as JSON: keyframes", () => {
    fc.assert(
      fc.property(wireFrame, count, (wire, seq) => {
        expect(fromBinary(wire, seq)).toEqual(fromJson(wire, seq));
      }),
    );
  });

  it("say the same as JSON: deltas in both encodings, over any base", () => {
    fc.assert(
      fc.property(wireFrame, wireFrame, fc.nat(1000), (base, wire, ago) => {
        const seq = 5000;
        const whole = fromJson(wire, seq);
        const bytes = binaryDelta(seq, seq - ago, base, wire, [...ROOM.schema]);
        const binary = changesOf(bytes.buffer);
        expect(binary.base).toBe(seq - ago);
        expect({ ...fromBinary(base, 1), ...binary.changes }).toEqual(whole);
        const json = text({ type: "delta", seq, base: seq - ago, ...changes(base, wire) });
        expect({ ...fromJson(base, 1), ...changesOf(json).changes }).toEqual(whole);
        makeFrame(whole, EPOCH, seq, ROOM);
      }),
    );
  });

  it("read the document's own layout, byte by byte", () => {
    // Fields 0, 1, 3, 10, 11: step, position, action, passengers, money.
    const bytes = [1, 0x80, 0x01, 17, 0b1000_1011, 0b001_1000, 12, 12, 14, 4, 8, 0x03];
    const message = parsed("keyframe", Uint8Array.from(bytes).buffer);
    expect({ epoch: message.epoch, seq: message.seq }).toEqual({ epoch: 128, seq: 17 });
    expect(makeFrame(message.world, 128, 17, ROOM)).toMatchObject({
      step: 12,
      position: [12, 14],
      passengers: 8,
      money: -2,
      action: 3,
      terminated: false,
      police: [],
    });
  });

  it("say how the episode ended, and nothing where it goes on", () => {
    const named = Array.from("impounded", (letter) => letter.charCodeAt(0));
    const delta = [2, 19, 2, ...only("ending"), named.length, ...named];
    expect(read(Uint8Array.from(delta).buffer)).toMatchObject({ changes: { ending: "impounded" } });
    const none = [2, 19, 2, ...only("ending"), 0];
    expect(read(Uint8Array.from(none).buffer)).toMatchObject({ changes: { ending: null } });
  });

  it("say which actions the policy chose among, and nothing where it looked at no mask", () => {
    for (const [bytes, action_mask] of [
      [[20], 0b1_0011],
      [[0], null],
    ] as const) {
      const delta = Uint8Array.from([2, 19, 2, ...only("action_mask"), ...bytes]);
      expect(read(delta.buffer)).toMatchObject({ changes: { action_mask } });
    }
  });

  it("of a kind that is not known are passed over", () => {
    expect(read(Uint8Array.from([3, 1, 2]).buffer)).toEqual({ kind: "unknown" });
  });

  it.each([
    ["nothing", []],
    ["a keyframe without an end", [1, 1]],
    ["a delta before the first frame", [2, 3, 4, 0]],
    ["an integer without an end", [2, ...Array<number>(12).fill(0x80)]],
    ["an integer above 2^53", [2, ...Array<number>(8).fill(0xff), 0x7f, 0, 0]],
    ["bits without an end", [2, 1, 0, ...Array<number>(2000).fill(0x80)]],
    ["a field that is not declared", [2, 1, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 1]],
    ["a list longer than the message", [2, 1, 0, ...only("police"), 0xff, 0x1f, 1, 1, 0]],
    ["a truth that is neither", [2, 1, 0, ...only("fined"), 2]],
    ["a reward that is no number", [2, 1, 0, ...only("reward"), 0, 0, 0xc0, 0x7f]],
    ["terms longer than the message", [2, 1, 0, ...only("reward_terms"), 2, 3, 0, 0, 0, 0]],
    ["an output that is no number", [2, 1, 0, ...only("outputs"), 1, 1, 0, 0, 0x80, 0x7f]],
    ["a text that is no UTF-8", [2, 1, 0, ...only("ending"), 1, 0xff]],
    ["bytes after the end", [2, 1, 0, 0x01, 5, 6]],
  ])("refuse %s", (_, bytes) => {
    expect(read(Uint8Array.from(bytes).buffer).kind).toBe("malformed");
  });

  it("never throw, whatever bytes come", () => {
    const hostile = fc
      .tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 120 }))
      .map(([kind, rest]) => Uint8Array.from([kind, ...rest]));
    fc.assert(
      fc.property(fc.oneof(hostile, fc.uint8Array()), (bytes) => {
        const message = read(Uint8Array.from(bytes).buffer);
        expect(["keyframe", "delta", "unknown", "malformed"]).toContain(message.kind);
      }),
      { numRuns: 2000 },
    );
  });

  it("never throw on a frame that was cut off or whose bytes were changed", () => {
    const bytes = [...binaryKeyframe(EPOCH, 17, WIRE_WORLD)];
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
        expect(read(Uint8Array.from(bytes.slice(0, at)).buffer).kind).toBe("malformed");
        read(Uint8Array.from(bytes.with(at, byte)).buffer);
      }),
      { numRuns: 1000 },
    );
  });

  it("are not longer than they have to be", () => {
    expect(binaryKeyframe(EPOCH, 17, WIRE_WORLD).byteLength).toBeLessThan(120);
    expect(read(new ArrayBuffer((1 << 20) + 1)).kind).toBe("malformed");
  });
});
