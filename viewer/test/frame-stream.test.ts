import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FrameStream, HOLD_MS } from "../src/connection/frame-stream";
import { keyframe, parsed, room, text, type Wire } from "./wire";

describe("FrameStream", () => {
  let shown: [seq: number, step: number][];
  let begun: number[] = [];
  let stream: FrameStream;

  const key = (seq: number, fields: Wire = {}): void => {
    stream.keyframe(parsed("keyframe", keyframe({ seq, step: 0, ...fields })));
  };
  const delta = (seq: number, base: number, fields: Wire = {}): void => {
    stream.delta(parsed("delta", text({ type: "delta", seq, base, step: seq - base, ...fields })));
  };
  const seqs = (): number[] => shown.map(([seq]) => seq);

  beforeEach(() => {
    vi.useFakeTimers();
    shown = [];
    begun = [];
    stream = new FrameStream(
      (frame) => shown.push([frame.seq, frame.step]),
      ({ seq }) => begun.push(seq),
    );
    stream.joined();
    stream.room(room());
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("lays deltas over their keyframe, not over each other", () => {
    key(10, { passengers: 3 });
    delta(12, 10, { passengers: 9 });
    stream.delta(parsed("delta", text({ type: "delta", seq: 13, base: 10, step: 3 })));
    expect(shown).toEqual([
      [12, 2],
      [13, 3],
    ]);
    expect(stream.latest?.passengers).toBe(3);
  });

  it("does not show the base on joining in the middle of an episode", () => {
    key(10);
    expect(shown).toEqual([]);
    delta(17, 10);
    vi.advanceTimersByTime(HOLD_MS);
    expect(shown).toEqual([[17, 7]]);
    expect(begun).toEqual([10]);
  });

  it("shows a keyframe that nothing comes over", () => {
    key(10);
    vi.advanceTimersByTime(HOLD_MS);
    expect(seqs()).toEqual([10]);
    key(20);
    key(30);
    vi.advanceTimersByTime(HOLD_MS);
    expect(seqs()).toEqual([10, 20, 30]);
    expect(begun).toEqual([]);
  });

  it("shows a keyframe at once that continues, and both where its next frame comes soon", () => {
    key(10);
    delta(11, 10);
    key(12);
    expect(seqs()).toEqual([10, 11, 12]);
  });

  it("goes on from what it has when all that was missed is sent after a break", () => {
    key(10);
    delta(12, 10);
    stream.stop();
    stream.joined();
    stream.room(room());
    key(10);
    delta(13, 10);
    delta(14, 10);
    key(15);
    expect(seqs()).toEqual([12, 13, 14, 15]);
    expect(stream.dropped).toBe(0);
  });

  it("drops and counts what comes over an unknown base", () => {
    delta(12, 10);
    key(20);
    delta(22, 20);
    stream.joined();
    stream.room(room());
    delta(23, 20);
    expect(seqs()).toEqual([22]);
    expect(stream.dropped).toBe(2);
  });

  it("drops and counts frames of a room that was not described", () => {
    stream.joined();
    key(10);
    expect(stream.dropped).toBe(1);
  });

  it("keeps nothing of an old epoch", () => {
    key(10);
    delta(12, 10);
    stream.room(room({ epoch: 5 }));
    expect(stream.latest).toBeNull();
    delta(13, 10);
    expect(stream.dropped).toBe(1);
    key(1, { epoch: 5 });
    vi.advanceTimersByTime(HOLD_MS);
    expect(stream.latest).toMatchObject({ epoch: 5, seq: 1 });
  });

  it("shows nothing held after it was stopped", () => {
    key(10);
    stream.stop();
    vi.advanceTimersByTime(HOLD_MS);
    expect(shown).toEqual([]);
  });

  it("remembers a bounded number of keyframes, the newest", () => {
    for (let seq = 1; seq <= 1000; seq += 1) key(seq);
    delta(1001, 1);
    expect(stream.dropped).toBe(1);
    delta(1001, 990);
    expect(stream.latest?.seq).toBe(1001);
  });

  it("shows every frame once and in order, wherever one joins and whatever is left out", () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 2, max: 12 }), (gaps, length) => {
        shown = [];
        stream = new FrameStream(
          (frame) => shown.push([frame.seq, frame.step]),
          () => undefined,
        );
        stream.joined();
        stream.room(room());
        const sent: number[] = [];
        let seq = 0;
        let base = 0;
        for (const gap of gaps) {
          seq += gap;
          const first = seq - ((seq - 1) % length);
          if (base !== first) key((base = first));
          if (seq !== first) delta(seq, first);
          if (seq !== first) sent.push(seq);
        }
        vi.advanceTimersByTime(HOLD_MS);
        // Of the first frames of episodes, those that came as mere bases are not shown.
        expect(seqs().filter((shownSeq) => (shownSeq - 1) % length !== 0)).toEqual(sent);
        expect(seqs()).toEqual([...seqs()].sort((a, b) => a - b));
        for (const [shownSeq, step] of shown) expect(step).toBe((shownSeq - 1) % length);
      }),
    );
  });
});
