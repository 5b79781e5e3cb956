import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Parsed } from "../src/protocol/messages";
import { SCHEMA } from "../dev/encode.mjs";
import { parseMessage } from "../src/protocol/parse";
import type { Schema } from "../src/protocol/schema";
import {
  frame,
  keyframe,
  parsed,
  room,
  text,
  WIRE_HELLO,
  WIRE_JOINED,
  WIRE_KEYFRAME,
  WIRE_ROOM,
  type Wire,
} from "./wire";

const KINDS: readonly Parsed["kind"][] = [
  "hello",
  "joined",
  "room",
  "keyframe",
  "delta",
  "event",
  "presence",
  "reply",
  "error",
  "pong",
  "unknown",
  "malformed",
  "incompatible",
];

const DELTA: Wire = { type: "delta", seq: 19, base: 17, step: 14 };
const EVENT: Wire = { type: "event", kind: "paused", seq: 17, data: {} };
const PRESENCE: Wire = {
  type: "presence",
  viewers: 2,
  players: [{ member: 1, name: "Asha", online: true }],
};
const REPLY: Wire = { type: "reply", id: 1, result: {} };
const REFUSAL: Wire = {
  type: "error",
  id: 1,
  code: "BUSY",
  message: "Try again.",
  retryable: true,
  retry_after_ms: 500,
};
const PONG: Wire = { type: "pong", id: "ping-1", sent: 1, time: 1790000000000.5 };

const ALL = [
  WIRE_HELLO,
  WIRE_JOINED,
  WIRE_ROOM,
  WIRE_KEYFRAME,
  DELTA,
  EVENT,
  PRESENCE,
  REPLY,
  REFUSAL,
  PONG,
];

describe("parseMessage", () => {
  it("reads a frame", () => {
    expect(frame()).toMatchObject({
      epoch: 1790000000123,
      seq: 17,
      position: [12, 14],
      policeHere: true,
      lightRed: false,
      action: 3,
      actionName: "Stop",
      rewardTerms: [25, 1],
      outputs: [-1.5, 0.25, 0, 4, 2],
      lights: [
        { cell: [3, 14], state: "red" },
        { cell: [6, 14], state: "green" },
      ],
      stops: [
        { cell: [4, 14], waiting: 0 },
        { cell: [8, 14], waiting: 5 },
      ],
    });
  });

  it("reads a room", () => {
    expect(room()).toMatchObject({ model: "ppo", grid: [15, 15], maxSteps: 350, paused: false });
    expect(room().route).toHaveLength(3);
    expect(room({ mode: "wheel", wheel: 7, recording: "today" })).toMatchObject({
      mode: "wheel",
      wheel: 7,
      recording: "today",
    });
  });

  it("reads no frame of a room that was not described", () => {
    expect(parseMessage(keyframe())).toEqual({ kind: "undescribed" });
    expect(parseMessage(new ArrayBuffer(3))).toEqual({ kind: "undescribed" });
  });

  it.each([
    ["a field twice", [...SCHEMA, ...SCHEMA.slice(0, 1)]],
    ["a field of a type that there is not", [...SCHEMA, { ...SCHEMA[0], name: "x", type: "map" }]],
    ["no step", SCHEMA.slice(1)],
    ["a step of another type", [{ ...SCHEMA[0], type: "int" }, ...SCHEMA.slice(1)]],
  ])("refuses a room that declares %s", (_, fields) => {
    expect(parseMessage(text(WIRE_ROOM, { frame: fields })).kind).toBe("malformed");
  });

  it("reads where the stops and the ends are and what they are called", () => {
    expect(room().places).toEqual([
      { cell: [13, 14], name: "Kariakoo" },
      { cell: [14, 13], name: "Posta" },
    ]);
  });

  it.each([
    ["wheel_taken", { member: 3, name: "Asha" }, { of: "wheel", member: 3, name: "Asha" }],
    ["wheel_released", { member: 3, name: null }, { of: "wheel", member: 3, name: null }],
    [
      "turn_started",
      { turn: 4, seconds: 10, choosing: [1, 3] },
      { of: "turn", turn: 4, seconds: 10, choosing: [1, 3] },
    ],
    ["vote_cast", { turn: 4, member: 3, choosing: [1] }, { of: "cast", turn: 4, choosing: [1] }],
    [
      "turn_resolved",
      { turn: 4, action: 2, votes: [0, 1, 2, 0, 0], by: "votes" },
      { of: "resolved", turn: 4, action: 2, votes: [0, 1, 2, 0, 0], by: "votes" },
    ],
  ])("reads what an event says: %s", (kind, data, details) => {
    expect(parsed("event", text(EVENT, { kind, data })).details).toEqual(details);
  });

  it("reads the frame of a reset, which has no action", () => {
    expect(frame({ action: null }).actionName).toBeNull();
  });

  it("reads of a delta what it has, and nothing else", () => {
    expect(parsed("delta", text(DELTA))).toEqual({
      kind: "delta",
      seq: 19,
      base: 17,
      changes: { step: 14 },
    });
  });

  it.each([
    [
      WIRE_HELLO,
      { kind: "hello", server: "0.1.0", role: "drive", historyFrames: 600, nameChars: 32 },
    ],
    [WIRE_JOINED, { kind: "joined", room: "main", member: 1, key: null, resume: "new", missed: 0 }],
    [EVENT, { kind: "event", name: "paused", seq: 17, reason: null, details: null }],
    [
      { ...EVENT, kind: "room_closed", data: { reason: "by an admin" } },
      { kind: "event", name: "room_closed", seq: 17, reason: "by an admin", details: null },
    ],
    [
      PRESENCE,
      { kind: "presence", viewers: 2, players: [{ member: 1, name: "Asha", online: true }] },
    ],
    [REPLY, { kind: "reply", id: 1, result: {} }],
    [REFUSAL, { kind: "error", id: 1, code: "BUSY", message: "Try again.", retryAfterMs: 500 }],
    [PONG, { kind: "pong", id: "ping-1", time: 1790000000000.5 }],
  ])("reads %o", (wire, message) => {
    expect(parseMessage(text(wire))).toEqual(message);
  });

  it("ignores types and fields it does not know", () => {
    expect(parseMessage('{"type":"weather","sky":"blue"}')).toEqual({ kind: "unknown" });
    expect(frame({ weather: { sky: "blue" } }).seq).toBe(17);
  });

  it("asks for a reload when the server speaks another protocol, whatever else it says", () => {
    const message = JSON.stringify({ type: "hello", protocol: 4, role: { of: "another kind" } });
    expect(parseMessage(message)).toEqual({ kind: "incompatible", theirs: 4 });
  });

  it.each([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["null", "null"],
    ["no type", "{}"],
    ["neither text nor bytes", 17],
    ["a missing field", keyframe({ passengers: undefined })],
    ["a negative sequence", keyframe({ seq: -1 })],
    ["a text for a number", keyframe({ money: "4000" })],
    ["an overflowing number", keyframe().replace('"money":4000', '"money":1e999')],
    ["a flag that is a number", keyframe({ fined: 1 })],
    ["a cell of three", keyframe({ position: [1, 2, 3] })],
    ["a cell far outside", keyframe({ position: [1, 1e9] })],
    ["a cell of halves", keyframe({ lights: [[0.5, 1]] })],
    ["a list that is none", keyframe({ police: { length: 1 } })],
    ["an endless list", keyframe({ police: Array(5000).fill([1, 1]) })],
    ["an endless text", text(WIRE_ROOM, { model: "x".repeat(300) })],
    ["an endless message", keyframe({ padding: "x".repeat(1 << 20) })],
    ["a delta over a later frame", text(DELTA, { base: 20 })],
    ["a delta with one bad field", text(DELTA, { waiting: [-1] })],
    ["a room without a route", text(WIRE_ROOM, { route: [] })],
    ["a route outside its grid", text(WIRE_ROOM, { grid: [5, 5] })],
    ["a grid of nothing", text(WIRE_ROOM, { grid: [0, 0] })],
    ["a kind of room that there is not", text(WIRE_ROOM, { kind: "dream" })],
    ["terms that are none", keyframe({ reward_terms: [1, null] })],
    ["outputs of no kind", text(WIRE_ROOM, { outputs: "wishes" })],
    ["a place without a name", text(WIRE_ROOM, { places: [[1, 1]] })],
    [
      "a turn without those who choose",
      text(EVENT, { kind: "turn_started", data: { turn: 1, seconds: 9 } }),
    ],
    ["a role that there is not", text(WIRE_HELLO, { role: "god" })],
    ["a player without a name", text(PRESENCE, { players: [{ member: 1, online: true }] })],
  ])("refuses %s", (_, data) => {
    expect(parseMessage(data, SCHEMA as Schema).kind).toBe("malformed");
  });

  it("is not fooled by names that objects inherit", () => {
    const own = { name: "__proto__", type: "cells", unit: "", meaning: "" };
    const schema = room({ frame: [...SCHEMA, own] }).schema;
    const hostile = keyframe().replace('"step":', '"__proto__":[[1,1]],"step":');
    const read = parseMessage(hostile, schema);
    expect(read.kind === "keyframe" && Object.hasOwn(read.world, "__proto__")).toBe(true);
    expect(parseMessage(keyframe(), schema).kind).toBe("malformed");
    expect(Array.isArray(Object.getPrototypeOf({}))).toBe(false);
  });

  it("takes a frame that tells too little for one in which nobody waits", () => {
    expect(frame({ waiting: [] }).stops.map((stop) => stop.waiting)).toEqual([0, 0]);
    expect(frame({ lights_red: [] }).lights.map((light) => light.state)).toEqual([
      "green",
      "green",
    ]);
  });

  it("never throws, whatever JSON comes in any field of any message", () => {
    const places = ALL.flatMap((wire) => Object.keys(wire).map((name) => [wire, name] as const));
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue(), ([wire, name], value) => {
        expect(KINDS).toContain(parseMessage(text(wire, { [name]: value }), SCHEMA as Schema).kind);
      }),
      { numRuns: 2000 },
    );
  });

  it("never throws on text that is no JSON", () => {
    fc.assert(
      fc.property(fc.string(), (data) => {
        expect(["malformed", "unknown"]).toContain(parseMessage(data).kind);
      }),
    );
  });
});
