import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { averageReturn, EMPTY, reduce, type View } from "../src/state/view";
import { frame, parsed, WIRE_ROOM, type Wire } from "./wire";

/** The view after these frames, each given as its difference from the standard one. */
function after(...steps: readonly Wire[]): View {
  return steps.reduce<View>((view, fields) => {
    const message = parsed(fields);
    return reduce(view, message.frame, message.room);
  }, EMPTY);
}

describe("reduce", () => {
  it("keeps the frame before, within an episode", () => {
    const view = after({ seq: 1, step: 1 }, { seq: 2, step: 2 });
    expect(view.previous?.seq).toBe(1);
    expect(view.frame?.seq).toBe(2);
  });

  it("starts a new episode without a frame before", () => {
    const view = after({ seq: 1, episode: 3 }, { seq: 2, episode: 4, step: 0 });
    expect(view.previous).toBeNull();
  });

  it("keeps the room until another is described", () => {
    const view = after({ seq: 1, room: WIRE_ROOM }, { seq: 2, step: 13 });
    expect(view.room?.model).toBe("ppo");
    const changed = after(
      { seq: 1, room: WIRE_ROOM },
      { seq: 2, room: { ...WIRE_ROOM, model: "dqn" } },
    );
    expect(changed.room?.model).toBe("dqn");
  });

  it("counts frames that never came", () => {
    expect(after({ seq: 1, step: 1 }, { seq: 5, step: 5 }).skipped).toBe(3);
  });

  it("throws everything away when the epoch changes", () => {
    const view = after(
      { epoch: 1, seq: 90, terminated: true },
      { epoch: 1, seq: 99, episode: 4, step: 5 },
      { epoch: 2, seq: 0, episode: 4, step: 6 },
    );
    expect(view.seen).toEqual({ episodes: 0, returnSum: 0, last: null });
    expect(view.previous).toBeNull();
    expect(view.skipped).toBe(0);
    expect(view.frame?.epoch).toBe(2);
  });

  it("ignores an old frame, and takes a repeated one only with a room", () => {
    const view = after({ seq: 5 });
    expect(reduce(view, frame({ seq: 4 }), null)).toBe(view);
    const again = parsed({ seq: 5, room: WIRE_ROOM });
    expect(reduce(view, again.frame, again.room).room?.name).toBe("main");
  });

  it("counts an episode once, though its last frame comes again on reconnecting", () => {
    const last = { seq: 9, terminated: true, total_reward: 100 };
    expect(after(last, { ...last, room: WIRE_ROOM }).seen.episodes).toBe(1);
  });

  it("averages the returns of the episodes it saw end", () => {
    const view = after(
      { seq: 1, episode: 1, terminated: true, total_reward: 400 },
      { seq: 2, episode: 2, step: 0, total_reward: 0 },
      { seq: 3, episode: 2, truncated: true, total_reward: 200 },
      { seq: 4, episode: 3, total_reward: 77 },
    );
    expect(view.seen.episodes).toBe(2);
    expect(averageReturn(view.seen)).toBe(300);
    expect(averageReturn(EMPTY.seen)).toBeNull();
  });

  it("averages any returns within their range", () => {
    const returns = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 });
    fc.assert(
      fc.property(returns, (totals) => {
        const view = after(
          ...totals.map((total, at) => ({
            seq: at,
            episode: at,
            terminated: true,
            total_reward: total,
          })),
        );
        const average = averageReturn(view.seen) ?? NaN;
        expect(view.seen.episodes).toBe(totals.length);
        expect(average).toBeGreaterThanOrEqual(Math.min(...totals) - 1e-9);
        expect(average).toBeLessThanOrEqual(Math.max(...totals) + 1e-9);
      }),
    );
  });
});

describe("the reason of an ending", () => {
  const room = {
    ...WIRE_ROOM,
    route: [
      [10, 14],
      [11, 14],
      [12, 14],
    ],
  };
  const before = { seq: 1, step: 27, room, police_here: 0 };
  const last = { seq: 2, step: 28, terminated: true };
  const endingAfter = (first: Wire, second: Wire) =>
    after({ ...before, ...first }, { ...last, ...second }).seen.last?.ending;

  it("is arrival at the end of the route", () => {
    expect(endingAfter({}, { police_here: 0 })).toBe("arrived");
  });

  it("is arrival though fined, where the bus already stood at the end", () => {
    expect(endingAfter({ fined: 1, police_here: 1 }, { fined: 1 })).toBe("arrived");
  });

  it("is impounding at a checkpoint on the way", () => {
    expect(endingAfter({ position: [8, 14] }, { position: [9, 14], fined: 1 })).toBe("impounded");
  });

  it("is impounding on reaching a checkpoint in the last cell", () => {
    expect(endingAfter({ position: [11, 14] }, { fined: 1 })).toBe("impounded");
  });

  it("is a crash wherever the server says so", () => {
    expect(endingAfter({}, { crashed: 1, fined: 1 })).toBe("crashed");
  });

  it("is truncation where the episode did not terminate", () => {
    expect(endingAfter({}, { terminated: false, truncated: true })).toBe("truncated");
  });

  it("is left open where nothing explains it", () => {
    expect(endingAfter({}, { position: [3, 3], police_here: 0 })).toBe("ended");
  });
});
