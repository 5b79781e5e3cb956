import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { binaryDelta, binaryKeyframe } from "../dev/encode.mjs";
import { crc32 } from "../src/recording/crc32";
import { Player } from "../src/recording/player";
import { MAX_FILE, readRecording, SLICE } from "../src/recording/read";
import { Recording } from "../src/recording/recording";
import { EPOCH, text, WIRE_ROOM, WIRE_WORLD, type Wire } from "./wire";

const HEADER: Wire = { ...WIRE_ROOM, server: "0.1.0", created: 1790000000000, room: "main" };

/** Frames of two episodes, each of a keyframe and deltas over it. */
const FRAMES = Array.from({ length: 20 }, (_, at) => {
  const step = at % 10;
  return { ...WIRE_WORLD, episode: 1 + Math.floor(at / 10), step, terminated: step === 9 };
});

function record(payload: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(8));
  head.setUint32(0, payload.length, true);
  head.setUint32(4, crc32(payload), true);
  return join(new Uint8Array(head.buffer), payload);
}

function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** What is compared of a frame as version 2 of the protocol had it. */
interface OldFrame {
  seq: number;
  step: number;
  position: [number, number];
  action: number | null;
  action_name: string | null;
  total_reward: number;
  reward_terms: number[];
  outputs: number[];
  passengers: number;
  money: number;
  light_red: number;
  police_here: number;
  must_stop: number;
  fined: number;
  crashed: number;
  police_checkpoints: [number, number][];
  traffic_lights: [number, number][];
  traffic_light_states: Record<string, number>;
  waiting: Record<string, number>;
  terminated: boolean;
  ending: string | null;
}

const utf8 = (words: string): Uint8Array => new TextEncoder().encode(words);

function file(header = text(HEADER)): Uint8Array<ArrayBuffer> {
  const frames = FRAMES.map((frame, at) => {
    const base = at - (at % 10);
    const first = FRAMES[base];
    if (first === undefined || base === at) return binaryKeyframe(EPOCH, 100 + at, frame);
    return binaryDelta(100 + at, 100 + base, first, frame);
  });
  return join(utf8("DALAREC2"), record(utf8(header)), ...frames.map((frame) => record(frame)));
}

function read(bytes: Uint8Array<ArrayBuffer>, onProgress?: (share: number) => void) {
  return readRecording(new Blob([bytes]), "night", onProgress);
}

async function opened(bytes: Uint8Array<ArrayBuffer>): Promise<Recording> {
  const recording = await read(bytes);
  if (typeof recording === "string") throw new Error(recording);
  return recording;
}

const steps = (recording: Recording): (number | undefined)[] =>
  Array.from({ length: recording.count }, (_, at) => recording.frame(at)?.step);

describe("crc32", () => {
  it("is the one of the standard", () => {
    expect(crc32(utf8("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array())).toBe(0);
  });
});

describe("a recording", () => {
  it("is read whole", async () => {
    const recording = await opened(file());
    expect(recording).toMatchObject({ name: "night", count: 20, damaged: false });
    expect(recording.room).toMatchObject({ code: "main", kind: "playback", model: "ppo", fps: 5 });
    expect(steps(recording)).toEqual(FRAMES.map(({ step }) => step));
    expect(recording.frame(13)).toMatchObject({ seq: 14, episode: 2, actionName: "Stop" });
    expect(recording.frame(20)).toBeNull();
    expect(recording.ends.map(({ seq }) => seq)).toEqual([10, 20]);
  });

  it("of the first format is read as it was shown by the server that made it", async () => {
    const kept = new URL("../../server/tests/recordings/", import.meta.url);
    const recording = await opened(
      Uint8Array.from(readFileSync(new URL("version-1.dalarec", kept))),
    );
    expect(recording).toMatchObject({ count: 131, damaged: false });
    expect(recording.room).toMatchObject({ rules: "classic", model: "random", capacity: 50 });
    const lines = readFileSync(new URL("version-1.jsonl", kept), "utf8").trim().split("\n");
    for (const line of lines) {
      const old = JSON.parse(line) as OldFrame;
      const frame = recording.frame(old.seq - 1);
      expect(frame).toMatchObject({
        step: old.step,
        position: old.position,
        action: old.action,
        actionName: old.action_name,
        totalReward: old.total_reward,
        rewardTerms: old.reward_terms,
        outputs: old.outputs.map(Math.fround),
        passengers: old.passengers,
        money: old.money,
        lightRed: old.light_red === 1,
        policeHere: old.police_here === 1,
        mustStop: old.must_stop === 1,
        fined: old.fined === 1,
        crashed: old.crashed === 1,
        police: old.police_checkpoints,
        terminated: old.terminated,
        ending: old.ending,
      });
      expect(frame?.stops).toHaveLength(4);
      for (const { cell, waiting } of frame?.stops ?? [])
        expect(waiting).toBe(old.waiting[cell.join(",")]);
      expect(frame?.lights.map(({ cell }) => cell)).toEqual(old.traffic_lights);
      for (const { cell, state } of frame?.lights ?? [])
        expect(state === "red").toBe(old.traffic_light_states[cell.join(",")] === 1);
    }
  });

  it("is read in slices, and says how far it is", async () => {
    const filler = Array.from({ length: SLICE / 50 }, () =>
      record(binaryKeyframe(EPOCH, 1, WIRE_WORLD)),
    );
    const start = join(utf8("DALAREC2"), record(utf8(text(HEADER))));
    const shares: number[] = [];
    const recording = await read(join(start, ...filler), (share) => shares.push(share));
    expect(recording).toMatchObject({ count: filler.length });
    expect(shares.length).toBeGreaterThan(1);
    expect(shares.at(-1)).toBe(1);
  });

  it.each([
    ["nothing", new Uint8Array(), "not-a-recording"],
    ["other bytes", utf8("PK\u0003\u0004 and so on and on"), "not-a-recording"],
    ["the magic alone", utf8("DALAREC2"), "not-a-recording"],
    ["another version", join(utf8("DALAREC3"), file().subarray(8)), "not-a-recording"],
    ["a header that is no JSON", file("{"), "not-a-recording"],
    ["a header without a route", file(text(HEADER, { route: [] })), "not-a-recording"],
    ["a header alone", join(utf8("DALAREC2"), record(utf8(text(HEADER)))), "empty"],
  ])("is not %s", async (_, bytes, why) => {
    expect(await read(Uint8Array.from(bytes))).toBe(why);
  });

  it("is refused where it is too large, before it is read", async () => {
    const slice = vi.fn();
    const huge = { size: MAX_FILE + 1, slice } as unknown as Blob;
    expect(await readRecording(huge, "huge")).toBe("too-large");
    expect(slice).not.toHaveBeenCalled();
  });

  it("is refused where the file cannot be read", async () => {
    const gone = { size: 9, slice: () => ({ arrayBuffer: () => Promise.reject(new Error()) }) };
    expect(await readRecording(gone as unknown as Blob, "gone")).toBe("unread");
  });

  it("of deltas that follow from nothing has none of them", async () => {
    const [first, second] = FRAMES;
    if (first === undefined || second === undefined) throw new Error("no frames");
    const key = record(binaryKeyframe(EPOCH, 1, first));
    const lost = record(binaryDelta(9, 8, first, second));
    const bytes = join(utf8("DALAREC2"), record(utf8(text(HEADER))), key, lost, key);
    expect(await read(bytes)).toMatchObject({ count: 1, damaged: true });
  });

  it("that was cut off anywhere is readable up to there", async () => {
    const whole = file();
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (cut) => {
        const recording = await read(whole.slice(0, cut));
        if (typeof recording === "string")
          expect(["not-a-recording", "empty"]).toContain(recording);
        else expect(steps(recording)).toEqual(FRAMES.slice(0, recording.count).map((f) => f.step));
      }),
      { numRuns: 300 },
    );
  });

  it("that was damaged anywhere gives only true frames", async () => {
    const whole = file();
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (at, bit) => {
        const recording = await read(whole.with(at, (whole[at] ?? 0) ^ (1 << bit)));
        if (typeof recording === "string") return;
        expect(recording).toMatchObject({ damaged: true });
        expect(recording.count).toBeLessThan(20);
        expect(steps(recording)).toEqual(FRAMES.slice(0, recording.count).map((f) => f.step));
      }),
      { numRuns: 500 },
    );
  });

  it("that is hostile never throws: any records with right checksums", async () => {
    const start = join(utf8("DALAREC2"), record(utf8(text(HEADER))));
    const kinds = fc
      .tuple(fc.constantFrom(1, 2, 3), fc.uint8Array({ maxLength: 60 }))
      .map(([kind, rest]) => Uint8Array.from([kind, ...rest]));
    await fc.assert(
      fc.asyncProperty(fc.array(kinds, { maxLength: 6 }), async (payloads) => {
        const recording = await read(join(start, ...payloads.map((each) => record(each))));
        if (typeof recording !== "string") steps(recording);
      }),
      { numRuns: 500 },
    );
  });
});

describe("Player", () => {
  let player: Player;
  let shown: number[];

  beforeEach(async () => {
    const recording = await opened(file());
    vi.useFakeTimers();
    shown = [];
    player = new Player(recording, {
      onFrame: (_, index) => shown.push(index),
      onState: () => undefined,
    });
  });

  afterEach(() => {
    player.close();
    vi.useRealTimers();
  });

  it("plays at the recording's speed, to the end, and then stands", () => {
    player.seek(0, true);
    vi.advanceTimersByTime(1_000);
    expect(shown).toEqual([0, 1, 2, 3, 4, 5]);
    vi.advanceTimersByTime(10_000);
    expect(player).toMatchObject({ index: 19, playing: false });
    expect(shown).toHaveLength(20);
  });

  it("plays from the beginning again when it stands at the end", () => {
    player.seek(19, false);
    player.play();
    vi.advanceTimersByTime(400);
    expect(shown).toEqual([19, 0, 1, 2]);
  });

  it("plays slower and quicker, and quicker than a screen without leaving frames out", () => {
    player.seek(0, true);
    player.setFps(1);
    vi.advanceTimersByTime(2_000);
    expect(shown).toEqual([0, 1, 2]);
    player.setFps(200);
    vi.advanceTimersByTime(64);
    expect(shown.length).toBeGreaterThan(10);
    expect(shown).toEqual(shown.map((_, at) => at));
    player.setFps(1e9);
    expect(player.fps).toBe(240);
  });

  it("goes to any frame, at most to its ends, and pauses there", () => {
    player.seek(0, true);
    for (const wish of [-5, 7.4, 1e9]) player.seek(wish, false);
    vi.advanceTimersByTime(5_000);
    expect(shown).toEqual([0, 0, 7, 19]);
    expect(player.playing).toBe(false);
  });
});
