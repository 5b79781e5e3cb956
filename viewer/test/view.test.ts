import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { standingOf } from "../src/hud/standing";
import { Painter } from "../src/painter";
import type { News } from "../src/protocol/messages";
import { averageReturn, EMPTY, reduce, type View } from "../src/state/view";
import { frame, parsed, room, text, WIRE_JOINED, type Wire } from "./wire";

/** The view after these frames, each given as its difference from the standard one. */
function after(...steps: readonly Wire[]): View {
  return told(...steps.map((fields): News => ({ kind: "frame", frame: frame(fields) })));
}

function told(...news: readonly News[]): View {
  return news.reduce<View>(reduce, EMPTY);
}

function roomNews(fields: Wire = {}): News {
  return { kind: "room", room: room(fields) };
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

  it("keeps the room until it changes, and the city for as long as it is the same", () => {
    const first = told(roomNews(), { kind: "frame", frame: frame() });
    const paused = reduce(first, roomNews({ paused: true }));
    expect(paused.room?.paused).toBe(true);
    expect(paused.room?.route).toBe(first.room?.route);
    expect(paused.frame).toBe(first.frame);
    const elsewhere = reduce(first, roomNews({ grid: [20, 20] }));
    expect(elsewhere.room?.grid).toEqual([20, 20]);
    expect(elsewhere.room?.route).not.toBe(first.room?.route);
  });

  it("forgets the frames of an old epoch as soon as the room says so", () => {
    const view = told({ kind: "frame", frame: frame() }, roomNews({ epoch: 5 }));
    expect(view).toMatchObject({ frame: null, previous: null, skipped: 0 });
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

  it("ignores an old frame and a repeated one", () => {
    const view = after({ seq: 5, terminated: true });
    expect(after({ seq: 5, terminated: true }, { seq: 4 }).frame?.seq).toBe(5);
    expect(reduce(view, { kind: "frame", frame: frame({ seq: 5 }) })).toEqual(view);
    expect(view.seen.episodes).toBe(1);
  });

  it("counts nothing as skipped after a break in which all was kept, and all that was lost", () => {
    const before = after({ seq: 5, step: 5 });
    const joined = parsed("joined", text(WIRE_JOINED, { resume: "missed", missed: 1 }));
    const kept = [
      joined,
      roomNews(),
      { kind: "frame", frame: frame({ seq: 6, step: 6 }) },
    ] as const;
    expect(kept.reduce<View>(reduce, before)).toMatchObject({ skipped: 0, resume: "missed" });
    const lost = { kind: "frame", frame: frame({ seq: 700, step: 6 }) } as const;
    expect(reduce(before, lost).skipped).toBe(694);
  });

  it("keeps the last complaint until something goes right", () => {
    const refusal = parsed(
      "error",
      text({ type: "error", id: 1, code: "BUSY", message: "Later.", retry_after_ms: null }),
    );
    const view = told(refusal, { kind: "frame", frame: frame() });
    expect(view.complaint).toBe("Later.");
    expect(reduce(view, { kind: "reply", id: 2 }).complaint).toBeNull();
    expect(reduce(view, parsed("joined", text(WIRE_JOINED))).complaint).toBeNull();
  });

  it("knows who is here and what may be done", () => {
    const view = told(
      { kind: "hello", server: "2", role: "drive" },
      { kind: "presence", viewers: 3, players: [] },
      { kind: "event", name: "speed", reason: null },
    );
    expect(view).toMatchObject({ hello: { role: "drive" }, presence: { viewers: 3 } });
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
  const city = roomNews({
    route: [
      [10, 14],
      [11, 14],
      [12, 14],
    ],
  });
  const before = { seq: 1, step: 27, police_here: 0 };
  const last = { seq: 2, step: 28, terminated: true };
  const endingAfter = (first: Wire, second: Wire) =>
    told(
      city,
      { kind: "frame", frame: frame({ ...before, ...first }) },
      { kind: "frame", frame: frame({ ...last, ...second }) },
    ).seen.last?.ending;

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

describe("Painter", () => {
  it("draws the latest of many frames, as going on from what was drawn", () => {
    const drawn: View[] = [];
    const due: (() => void)[] = [];
    const painter = new Painter(
      (view) => drawn.push(view),
      (paint) => due.push(paint),
    );
    const show = (...steps: readonly Wire[]): void => {
      for (const fields of steps) painter.show(after(fields));
      for (const paint of due.splice(0)) paint();
    };
    show({ seq: 1, step: 1 }, { seq: 2, step: 2 }, { seq: 3, step: 3 });
    show({ seq: 4, step: 4 }, { seq: 5, step: 5 });
    show({ seq: 6, episode: 4, step: 0 }, { seq: 7, episode: 4, step: 1 });
    expect(drawn.map(({ frame, previous }) => [frame?.seq, previous?.seq])).toEqual([
      [3, undefined],
      [5, 3],
      [7, undefined],
    ]);
  });
});

describe("how things stand", () => {
  const live = { kind: "live" } as const;

  it("is live only where frames come by themselves", () => {
    expect(standingOf(live, null)).toBe("live");
    expect(standingOf(live, room())).toBe("live");
    expect(standingOf(live, room({ kind: "driven" }))).toBe("driven");
    expect(standingOf(live, room({ mode: "wheel", wheel: 1 }))).toBe("held");
    expect(standingOf(live, room({ kind: "driven", paused: true }))).toBe("paused");
  });

  it("is the connection's first: nothing is known of a room that is not heard", () => {
    expect(standingOf({ kind: "silent" }, room({ paused: true }))).toBe("silent");
  });
});
