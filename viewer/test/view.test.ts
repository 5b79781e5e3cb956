import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { standingOf } from "../src/hud/standing";
import { Painter } from "../src/painter";
import type { News } from "../src/protocol/messages";
import { MOST_KEPT, remember } from "../src/state/trail";
import { averageReturn, EMPTY, reduce, type Heard, type View } from "../src/state/view";
import { frame, parsed, room, text, WIRE_HELLO, WIRE_JOINED, type Wire } from "./wire";

/** The view after these frames, each given as its difference from the standard one. */
function after(...steps: readonly Wire[]): View {
  return told(...steps.map((fields): News => ({ kind: "frame", frame: frame(fields) })));
}

function told(...news: readonly News[]): View {
  return hear(EMPTY, ...news);
}

function hear(view: View, ...heard: readonly Heard[]): View {
  return heard.reduce((known, each) => reduce(known, each, NOW), view);
}

/** When all of this is heard, milliseconds. */
const NOW = 1_000_000;

function event(kind: string, data: Wire, seq = 17): News {
  return parsed("event", text({ type: "event", kind, seq, data }));
}

function frames(...steps: readonly Wire[]): Heard[] {
  return steps.map((fields) => ({ kind: "frame", frame: frame(fields) }));
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
    const paused = hear(first, roomNews({ paused: true }));
    expect(paused.room?.paused).toBe(true);
    expect(paused.room?.route).toBe(first.room?.route);
    expect(paused.frame).toBe(first.frame);
    const elsewhere = hear(first, roomNews({ grid: [20, 20] }));
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
    expect(view.seen).toEqual(EMPTY.seen);
    expect(view.previous).toBeNull();
    expect(view.skipped).toBe(0);
    expect(view.frame?.epoch).toBe(2);
  });

  it("ignores an old frame and a repeated one", () => {
    const view = after({ seq: 5, terminated: true });
    expect(after({ seq: 5, terminated: true }, { seq: 4 }).frame?.seq).toBe(5);
    expect(hear(view, { kind: "frame", frame: frame({ seq: 5 }) })).toEqual(view);
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
    expect(hear(before, ...kept)).toMatchObject({ skipped: 0, resume: "missed" });
    const lost = { kind: "frame", frame: frame({ seq: 700, step: 6 }) } as const;
    expect(hear(before, lost).skipped).toBe(694);
  });

  it("keeps the last complaint until something goes right", () => {
    const refusal = parsed(
      "error",
      text({ type: "error", id: 1, code: "BUSY", message: "Later.", retry_after_ms: null }),
    );
    const view = told(refusal, { kind: "frame", frame: frame() });
    expect(view.complaint).toBe("Later.");
    expect(hear(view, { kind: "reply", id: 2, result: {} }).complaint).toBeNull();
    expect(hear(view, parsed("joined", text(WIRE_JOINED))).complaint).toBeNull();
  });

  it("knows who is here and what may be done", () => {
    const view = told(
      parsed("hello", text(WIRE_HELLO)),
      { kind: "presence", viewers: 3, players: [] },
      event("speed", {}),
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

describe("what episodes came to", () => {
  const ends = (fields: Wire) => ({ step: 9, terminated: true, ...fields });

  it("is totalled and averaged", () => {
    const { seen } = after(
      ends({ seq: 1, episode: 1, total_reward: 400, passengers: 30, money: 9000, fined: true }),
      ends({ seq: 2, episode: 2, total_reward: 100, passengers: 10, money: 1000, crashed: true }),
    );
    expect(seen).toMatchObject({ episodes: 2, fined: 1, crashed: 1, bestReturn: 400 });
    expect([seen.meanPassengers, seen.meanMoney]).toEqual([20, 5000]);
  });

  it("is told with the server's reason, whichever comes first", () => {
    const complete = event("episode_complete", { reason: "impounded at a checkpoint" }, 5);
    const [last] = frames(ends({ seq: 5 }));
    if (last === undefined) throw new Error("no frame");
    for (const order of [
      [complete, last],
      [last, complete],
    ]) {
      expect(hear(EMPTY, ...order).seen.last?.reason).toBe("impounded at a checkpoint");
    }
    expect(hear(EMPTY, event("episode_complete", {}, 4), last).seen.last?.reason).toBeNull();
  });
});

describe("the trail", () => {
  const drive = frames(
    { seq: 1, episode: 1, step: 0 },
    { seq: 2, episode: 1, step: 1, terminated: true },
    { seq: 3, episode: 2, step: 0, total_reward: 0, passengers: 0 },
    { seq: 5, episode: 2, step: 2, total_reward: 7, passengers: 4 },
  );
  const seqs = (view: View) => view.trail.map(({ seq }) => seq);

  it("is the running episode, as far as it was seen", () => {
    const view = hear(EMPTY, ...drive);
    expect(seqs(view)).toEqual([3, 5]);
    expect(view.trail.at(-1)).toMatchObject({ totalReward: 7, passengers: 4, step: 2 });
    expect(view.ends).toEqual([{ seq: 2, ending: "ended" }]);
  });

  it("is the whole episode for who looks back, and grows by what is seen there", () => {
    const view = hear(EMPTY, ...drive, { kind: "back", seq: 4, playing: false });
    const back = hear(view, ...frames({ seq: 4, episode: 2, step: 1 }));
    expect(seqs(back)).toEqual([3, 4, 5]);
    expect(seqs(hear(back, ...frames({ seq: 1, episode: 1, step: 0 })))).toEqual([1, 2]);
  });

  it("has the frame before the shown one, however the page came to it", () => {
    const view = hear(EMPTY, ...drive, { kind: "back", seq: 2, playing: false });
    const back = hear(view, ...frames({ seq: 2, episode: 1, step: 1 }));
    expect(back).toMatchObject({ previous: null, before: { seq: 1 } });
    // One is missing, and a reset has none before it.
    expect(hear(EMPTY, ...drive).before).toBeNull();
    expect(hear(view, ...frames({ seq: 3, episode: 2, step: 0 })).before).toBeNull();
  });

  it("is bounded, in order and with the newest frame, whatever is looked at", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3000), { minLength: 1, maxLength: 300 }), (order) => {
        let kept: readonly { readonly seq: number }[] = Array.from(
          { length: MOST_KEPT },
          (_, at) => ({ seq: 1000 + at }),
        );
        for (const seq of order) {
          kept = remember(kept, { seq });
          expect(kept.some((known) => known.seq === seq)).toBe(true);
        }
        expect(kept.length).toBe(MOST_KEPT);
        const seqs = kept.map(({ seq }) => seq);
        expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      }),
      { numRuns: 20 },
    );
  });
});

describe("offences", () => {
  const red = { lights: [[14, 14]], lights_red: [true], position: [14, 14], police: [] };
  const drive = (...last: readonly Wire[]): View =>
    hear(
      EMPTY,
      roomNews(),
      ...frames(
        { seq: 1, step: 0, action: null, route_index: 0, position: [13, 14], police: [] },
        { seq: 2, step: 1, action: 0, route_index: 1, ...red },
        ...last,
      ),
    );
  const on = {
    seq: 3,
    step: 2,
    route_index: 2,
    position: [14, 13],
    police: [[14, 13]],
    lights: [],
  };

  it("are lights and checkpoints that were passed, whether or not they were fined", () => {
    expect(drive({ ...on, action: 0 }).offences).toEqual({ reds: 1, checkpoints: 0, whole: true });
    const end = { ...on, seq: 4, step: 3, action: 4, terminated: true };
    const over = drive({ ...on, action: 0 }, end);
    expect(over.offences).toEqual({ reds: 1, checkpoints: 1, whole: true });
    expect(over.seen.last?.offences).toEqual(over.offences);
    expect(over.seen.offences).toEqual(over.offences);
  });

  it("are none for who brakes by rules that let no bus stand", () => {
    expect(drive({ ...on, action: 3 }).offences).toEqual({ reds: 0, checkpoints: 0, whole: true });
  });

  it("may be more where frames were not seen", () => {
    expect(drive({ ...on, seq: 5, step: 4, action: 0 }).offences.whole).toBe(false);
    expect(hear(EMPTY, roomNews(), ...frames({ step: 5 })).offences.whole).toBe(false);
  });
});

describe("back in time", () => {
  const hello = parsed("hello", text(WIRE_HELLO));
  const live = hear(
    EMPTY,
    hello,
    roomNews(),
    ...frames({ seq: 700, step: 5 }, { seq: 701, step: 6, terminated: true }),
  );
  const back = hear(
    live,
    { kind: "back", seq: 300, playing: false },
    ...frames({ seq: 300, step: 2, episode: 1 }),
  );

  it("is said, with what the server still keeps", () => {
    const watching = { kind: "back", seq: 300, oldest: 102, latest: 701, playing: false };
    expect(back.watching).toEqual(watching);
    expect(back.frame?.seq).toBe(300);
    expect(back.latestSeq).toBe(701);
  });

  it("learns how the room goes on without it", () => {
    const later = hear(back, { kind: "latest", epoch: back.frame?.epoch ?? 0, seq: 720 });
    expect(later.watching).toMatchObject({ seq: 300, oldest: 121, latest: 720 });
    expect(hear(later, event("speed", {}, 730)).latestSeq).toBe(730);
    expect(hear(later, { kind: "latest", epoch: 5, seq: 9999 }).latestSeq).toBe(720);
  });

  it("counts no episode twice, and nothing as skipped", () => {
    const again = hear(back, ...frames({ seq: 701, step: 6, terminated: true }));
    expect(again.seen).toEqual(live.seen);
    expect(again.skipped).toBe(live.skipped);
    const old = hear(back, ...frames({ seq: 301, step: 3, episode: 1, terminated: true }));
    expect(old.seen.episodes).toBe(1);
  });

  it("ends with the first live frame, not with the wish", () => {
    const wished = hear(back, { kind: "live", seq: 750 });
    expect(wished.watching.kind).toBe("back");
    expect(wished.latestSeq).toBe(750);
    const there = hear(wished, ...frames({ seq: 750, episode: 9, step: 3 }));
    expect(there.watching).toEqual({ kind: "live" });
    expect(there.skipped).toBe(live.skipped);
    expect(hear(there, ...frames({ seq: 300 })).frame?.seq).toBe(750);
  });

  it("ends at once where nothing has moved", () => {
    const [last] = frames({ seq: 701, step: 6, terminated: true });
    const there = hear(back, ...(last === undefined ? [] : [last]), { kind: "live", seq: 701 });
    expect(there.watching).toEqual({ kind: "live" });
  });

  it("ends with a new epoch and with a new connection", () => {
    expect(hear(back, roomNews({ epoch: 5 })).watching.kind).toBe("live");
    expect(hear(back, parsed("joined", text(WIRE_JOINED))).watching.kind).toBe("live");
  });
});

describe("who chooses", () => {
  const joined = parsed("joined", text(WIRE_JOINED, { member: 3 }));
  const players = [{ member: 8, name: "Juma", online: true }];
  const here = hear(EMPTY, joined, roomNews(), { kind: "presence", viewers: 2, players });

  it("is known by name from the room alone, for who comes later", () => {
    const view = hear(here, roomNews({ mode: "wheel", wheel: 8 }));
    expect(view.wheel).toEqual({ member: 8, name: "Juma", mine: false });
    expect(hear(view, roomNews()).wheel).toBeNull();
  });

  it("is told by events, one's own wheel too, and when it is given back", () => {
    const mine = hear(here, event("wheel_taken", { member: 3, name: null }));
    expect(mine.wheel).toEqual({ member: 3, name: null, mine: true });
    const free = hear(mine, event("wheel_released", { member: 3, name: null }), roomNews());
    expect(free.wheel).toBeNull();
    expect(free.released).toEqual({ member: 3, name: null, mine: true, at: NOW });
    expect(hear(free, event("wheel_taken", { member: 8, name: "Juma" })).released).toBeNull();
  });

  it("is a vote, turn by turn", () => {
    const voting = hear(here, roomNews({ mode: "vote", turn_seconds: 20 }));
    expect(voting.vote).toMatchObject({ turnSeconds: 20, turn: null, endsAt: null });
    const turn = hear(voting, event("turn_started", { turn: 2, seconds: 20, choosing: [3, 8] }));
    expect(turn.vote).toMatchObject({ turn: 2, endsAt: NOW + 20_000, choosing: [3, 8], cast: 0 });
    const cast = hear(turn, event("vote_cast", { turn: 2, member: 8, choosing: [3] }));
    expect(cast.vote).toMatchObject({ choosing: [3], voters: 2, cast: 1 });
    const stale = hear(cast, event("vote_cast", { turn: 1, member: 3, choosing: [] }));
    expect(stale.vote).toBe(cast.vote);
    const votes = [0, 2, 0, 0, 0];
    const done = hear(cast, event("turn_resolved", { turn: 2, action: 1, votes, by: "votes" }));
    expect(done.vote).toMatchObject({
      turn: null,
      endsAt: null,
      last: { turn: 2, action: 1, votes, by: "votes" },
    });
    expect(hear(done, roomNews()).vote).toBeNull();
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
  const before = { seq: 1, step: 27, police: [] };
  const last = { seq: 2, step: 28, terminated: true };
  const endingAfter = (first: Wire, second: Wire) =>
    told(
      city,
      { kind: "frame", frame: frame({ ...before, ...first }) },
      { kind: "frame", frame: frame({ ...last, ...second }) },
    ).seen.last?.ending;

  it.each([
    ["arrived", "arrived"],
    ["impounded", "impounded"],
    ["out_of_time", "truncated"],
    ["of other rules", "ended"],
  ])("is what the last frame calls it: %s", (ending, shown) => {
    expect(endingAfter({}, { ending, crashed: true, fined: true })).toBe(shown);
  });

  it("is arrival at the end of the route", () => {
    expect(endingAfter({}, { police: [] })).toBe("arrived");
  });

  it("is arrival though fined, where the bus already stood at the end", () => {
    expect(endingAfter({ fined: true, police: [[12, 14]] }, { fined: true })).toBe("arrived");
  });

  it("is impounding at a checkpoint on the way", () => {
    expect(
      endingAfter({ position: [8, 14] }, { position: [9, 14], police: [[9, 14]], fined: true }),
    ).toBe("impounded");
  });

  it("is impounding on reaching a checkpoint in the last cell", () => {
    expect(endingAfter({ position: [11, 14] }, { fined: true })).toBe("impounded");
  });

  it("is a crash wherever the server says so", () => {
    expect(endingAfter({}, { crashed: true, fined: true })).toBe("crashed");
  });

  it("is truncation where the episode did not terminate", () => {
    expect(endingAfter({}, { terminated: false, truncated: true })).toBe("truncated");
  });

  it("is left open where nothing explains it", () => {
    expect(endingAfter({}, { position: [3, 3], police: [] })).toBe("ended");
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
