import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMessage } from "../src/protocol/parse";
import { parsed, text, WIRE_FRAME, WIRE_ROOM } from "./wire";

describe("parseMessage", () => {
  it("reads a frame", () => {
    const { frame, room } = parsed();
    expect(room).toBeNull();
    expect(frame).toMatchObject({
      epoch: 1790000000123,
      seq: 17,
      position: [12, 14],
      policeHere: true,
      lightRed: false,
      actionName: "Stop",
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

  it("reads the room of a first frame", () => {
    const { room } = parsed({ room: WIRE_ROOM });
    expect(room).toMatchObject({ model: "ppo", grid: [15, 15], maxSteps: 350 });
    expect(room?.route).toHaveLength(3);
  });

  it("reads the frame of a reset, which has no action", () => {
    expect(parsed({ action: null, action_name: null }).frame.actionName).toBeNull();
  });

  it("ignores types and fields it does not know", () => {
    expect(parseMessage('{"type":"weather","sky":"blue"}')).toEqual({ kind: "unknown" });
    expect(parsed({ weather: { sky: "blue" } }).frame.seq).toBe(17);
  });

  it("asks for a reload when the room speaks another protocol, whatever else it says", () => {
    const message = JSON.stringify({ type: "frame", room: { protocol: 2 } });
    expect(parseMessage(message)).toEqual({ kind: "incompatible", theirs: 2 });
  });

  it.each([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["null", "null"],
    ["no type", "{}"],
    ["binary", new ArrayBuffer(4)],
    ["a missing field", text({ seq: undefined })],
    ["a negative sequence", text({ seq: -1 })],
    ["a text for a number", text({ money: "4000" })],
    ["an overflowing number", text().replace('"money":4000', '"money":1e999')],
    ["a flag that is no bit", text({ fined: 2 })],
    ["a cell of three", text({ position: [1, 2, 3] })],
    ["a cell far outside", text({ position: [1, 1e9] })],
    ["a cell of halves", text({ traffic_lights: [[0.5, 1]] })],
    ["a list that is none", text({ police_checkpoints: { length: 1 } })],
    ["an endless list", text({ police_checkpoints: Array(5000).fill([1, 1]) })],
    ["an endless text", text({ action_name: "x".repeat(300) })],
    ["an endless message", text({ padding: "x".repeat(1 << 20) })],
    ["a room without a route", text({ room: { ...WIRE_ROOM, route: [] } })],
    ["a route outside its grid", text({ room: { ...WIRE_ROOM, grid: [5, 5] } })],
    ["a grid of nothing", text({ room: { ...WIRE_ROOM, grid: [0, 0] } })],
    ["a room that is none", text({ room: "main" })],
  ])("refuses %s", (_, data) => {
    expect(parseMessage(data).kind).toBe("malformed");
  });

  it("is not fooled by names that objects inherit", () => {
    const hostile = text().replace('"waiting":{', '"waiting":{"__proto__":{"polluted":1},');
    expect(parseMessage(hostile).kind).toBe("malformed");
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(parsed({ waiting: {} }).frame.stops.map((stop) => stop.waiting)).toEqual([0, 0]);
  });

  it("never throws, whatever JSON comes in any field", () => {
    const fields = Object.keys(WIRE_FRAME);
    fc.assert(
      fc.property(fc.constantFrom(...fields, "room"), fc.jsonValue(), (name, value) => {
        const { kind } = parseMessage(text({ [name]: value }));
        expect(["frame", "unknown", "malformed", "incompatible"]).toContain(kind);
      }),
      { numRuns: 500 },
    );
  });

  it("never throws on text that is no JSON", () => {
    fc.assert(
      fc.property(fc.string(), (data) => {
        expect(parseMessage(data).kind).not.toBe("frame");
      }),
    );
  });
});
