import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pageOf, readPair } from "../src/connection/address";
import type { Answer } from "../src/connection/api";
import { copyRoom } from "../src/controls/copy-room";
import { estimate, LEAST_TRIPS, studentT } from "../src/pair/estimate";
import { hindranceOf } from "../src/pair/hindrance";
import { differences, EMPTY_LEDGER, enter, type Ledger } from "../src/pair/ledger";
import { momentOf } from "../src/pair/moment";
import { stepWords } from "../src/pair/step";
import { tripOf } from "../src/pair/trip";
import type { Room } from "../src/protocol/messages";
import { EMPTY, reduce, type View } from "../src/state/view";
import { CITY, cityFrame, without } from "./city-wire";
import { EPOCH, type Wire } from "./wire";

/** What a trip begins with; another cell of the light is another trip. */
const trip = (cell: number): Wire => ({
  ...{ lights: [[cell, 0]], lights_red: [true], light_ticks: [5] },
  ...{ police: [[7, 0]], unmanned: [[9, 0]], waiting: [3, 4] },
});

/** What a room shows after these frames. */
function seen(frames: readonly Wire[], room: Room = CITY, before: View = EMPTY): View {
  let view = reduce(before, { kind: "room", room }, 0);
  let seq = before.frame?.seq ?? 0;
  for (const fields of frames) {
    seq += 1;
    view = reduce(view, { kind: "frame", frame: cityFrame({ seq, ...fields }, room) }, 0);
  }
  return view;
}

/** A trip from its first frame to its last, with what it brought in thousand TSh. */
const driven = (cell: number, profit: number, more: Wire = {}): readonly Wire[] => [
  { ...trip(cell), step: 0, action: null, total_reward: 0, ...more },
  { ...trip(cell), step: 1, total_reward: -1, ...more },
  { ...trip(cell), step: 2, total_reward: profit, terminated: true, ...more },
];

describe("the address of two rooms", () => {
  it("names two that are not the same, and anything else is none", () => {
    expect(readPair("http://x/?rooms=main,what-if")).toEqual(["main", "what-if"]);
    for (const query of ["", "?rooms=", "?rooms=a", "?rooms=a,a", "?rooms=a,", "?rooms=a,b,c"]) {
      expect(readPair(`http://x/${query}`)).toBeNull();
    }
  });

  it("is made from that of one room and back, and keeps all else, the token too", () => {
    const one = "http://x/?room=main&lang=sw#token=t";
    const two = pageOf(one, ["main", "b"]);
    expect(readPair(two.href)).toEqual(["main", "b"]);
    expect(two.searchParams.has("room")).toBe(false);
    expect(pageOf(two.href, "main").searchParams.toString()).toBe("lang=sw&room=main");
    expect(two.hash).toBe("#token=t");
  });
});

describe("which trip it is", () => {
  it("is told by the world that it begins in, whatever the law, the number and the room", () => {
    const first = (more: Wire) => tripOf(seen([{ ...trip(4), step: 0, ...more }]));
    const same = first({});
    expect(same).not.toBeNull();
    expect(first({ inspect: 0.5, load_fine: 1, sight: 3, episode: 9 })).toBe(same);
    expect(first({ lights: [[5, 0]] })).not.toBe(same);
    expect(first({ light_ticks: [6] })).not.toBe(same);
    expect(first({ waiting: [3, 5] })).not.toBe(same);
    // Who mans a checkpoint is a matter of enforcement too.
    expect(first({ police: [[9, 0]], unmanned: [[7, 0]] })).toBe(same);
  });

  it("stays the same to its end, and is not known to who came in its middle", () => {
    const whole = seen(driven(4, 20));
    expect(tripOf(whole)).toBe(tripOf(seen(driven(4, 20).slice(0, 1))));
    const late = seen([{ ...trip(4), step: 1 }]);
    expect(tripOf(late)).toBeNull();
    const begun = cityFrame({ ...trip(4), step: 0, seq: 0 });
    expect(tripOf(reduce(late, { kind: "begun", frame: begun }, 0))).toBe(tripOf(whole));
  });

  it("is not taken from another episode", () => {
    const next = seen([...driven(4, 20), { ...trip(4), step: 3, episode: 4 }]);
    expect(tripOf(next)).toBeNull();
  });
});

describe("differences of trips", () => {
  const drive = (ledger: Ledger, side: "a" | "b", frames: readonly Wire[], room = CITY): Ledger => {
    let view: View = EMPTY;
    let known = ledger;
    for (const frame of frames) {
      view = seen([frame], room, view);
      known = enter(known, side, view);
    }
    return known;
  };

  it("are of the trips that both have finished, whatever the order and the numbers", () => {
    let ledger = drive(EMPTY_LEDGER, "a", [...driven(4, 20), ...driven(5, 10, { episode: 4 })]);
    expect(differences(ledger)).toEqual([]);
    ledger = drive(ledger, "b", [
      ...driven(5, 12.5, { episode: 7 }),
      ...driven(6, 99, { episode: 8 }),
    ]);
    expect(differences(ledger)).toEqual([2_500]);
    ledger = drive(ledger, "b", driven(4, -10, { episode: 9 }));
    expect(differences(ledger)).toEqual([-30_000, 2_500]);
  });

  it("do not count a trip that has not ended, or whose beginning was not seen", () => {
    const ledger = drive(EMPTY_LEDGER, "a", driven(4, 20));
    expect(differences(drive(ledger, "b", driven(4, 5).slice(0, 2)))).toEqual([]);
    expect(differences(drive(ledger, "b", driven(4, 5).slice(1)))).toEqual([]);
  });

  it("count a trip once, and forget what was driven under another law", () => {
    let ledger = drive(EMPTY_LEDGER, "a", driven(4, 20));
    ledger = drive(ledger, "b", [...driven(4, 10), ...driven(4, 10, { episode: 4 })]);
    expect(differences(ledger)).toEqual([-10_000]);
    const room = { ...CITY, epoch: EPOCH + 1 };
    const frame = { ...cityFrame({ ...trip(6), step: 0 }), epoch: EPOCH + 1 };
    const view = reduce(reduce(EMPTY, { kind: "room", room }, 0), { kind: "frame", frame }, 0);
    expect(differences(enter(ledger, "b", view))).toEqual([]);
  });
});

describe("the mean of differences", () => {
  it("is nothing of nothing, and has an interval from enough trips on", () => {
    expect(estimate([])).toBeNull();
    expect(estimate([3])).toEqual({ count: 1, mean: 3, half: null });
    const few = Array.from({ length: LEAST_TRIPS - 1 }, (_, nth) => nth);
    expect(estimate(few)?.half).toBeNull();
    // Ten numbers from 0 to 9: a deviation of 3.0277, and 2.2622 of Student's t.
    const enough = estimate([...few, 9]);
    expect(enough?.mean).toBe(4.5);
    expect(enough?.half).toBeCloseTo((2.2622 * 3.0277) / Math.sqrt(10), 3);
  });

  it("has none where all trips say the same", () => {
    expect(estimate(Array.from({ length: 20 }, () => 7))).toEqual({
      count: 20,
      mean: 7,
      half: null,
    });
  });

  it("goes by Student's t as in tables", () => {
    for (const [freedom, quantile] of [
      [9, 2.26216],
      [14, 2.14479],
      [29, 2.04523],
      [120, 1.97993],
    ] as const) {
      expect(Math.abs(studentT(freedom) - quantile)).toBeLessThan(1e-4);
    }
  });

  it("covers the truth about as often as it says", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 10 }), (numbers) => {
        const { mean, half } = estimate(numbers) ?? { mean: 0, half: null };
        const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
        expect(mean).toBeGreaterThanOrEqual(least);
        expect(mean).toBeLessThanOrEqual(most);
        if (half !== null) expect(half).toBeGreaterThan(0);
      }),
    );
  });
});

describe("the trip of now", () => {
  const on = (...profits: readonly number[]): View =>
    seen(profits.map((total_reward, step) => ({ ...trip(4), step, total_reward })));

  it("is compared at the same tick, also where one is ahead", () => {
    expect(momentOf(on(0, 1, 2), on(0, 5, 7))).toEqual({ tick: 2, difference: 5_000, over: false });
    expect(momentOf(on(0, 1), on(0, 5, 7, 9))).toMatchObject({ tick: 1, difference: 4_000 });
  });

  it("keeps what a finished trip has brought, until both are over", () => {
    const over = seen(driven(4, 20));
    expect(momentOf(over, on(0, 1, 2, 3, 4))).toEqual({
      ...{ tick: 4, difference: -16_000, over: false },
    });
    expect(momentOf(over, seen(driven(4, 25)))).toMatchObject({ difference: 5_000, over: true });
  });

  it("is nothing where no tick of both is known", () => {
    expect(momentOf(on(0, 1), seen([{ ...trip(4), step: 9 }]))).toBeNull();
    expect(momentOf(EMPTY, on(0))).toBeNull();
  });
});

describe("what cannot be compared", () => {
  const room = (fields: Partial<Room>): Room => ({ ...CITY, ...fields });
  const of = (view: View, live = true) => ({ view, live });
  const here = of(seen([{ ...trip(4), step: 0 }]));
  const with_ = (fields: Partial<Room>) => of(seen([{ ...trip(4), step: 0 }], room(fields)));

  it("is nothing in the same trip of the same driver", () => {
    expect(hindranceOf(here, with_({ scenarioHash: "another", paused: true }))).toBeNull();
  });

  it("is nothing where the scenarios differ by the law alone, however often it was set", () => {
    const town = (set: string) => with_({ scenario: `town${set}` });
    const [law, more] = [" police.inspect=0.5", " bus.fare=0.7"];
    expect(hindranceOf(town(""), town(`${law} police.inspect=0 police.fine=30`))).toBeNull();
    expect(hindranceOf(town(more + law), town(law + more))).toBeNull();
    expect(hindranceOf(town(more), town(law))).toBe("scenario");
    expect(hindranceOf(town(more), town(" bus.fare=0.8"))).toBe("scenario");
  });

  it.each([
    ["rules", { rules: "classic" }],
    ["model", { model: "outlaw" }],
    ["scenario", { scenario: "tiny" }],
    ["kind", { kind: "driven" }],
    ["people", { mode: "wheel" }],
    ["money", { schema: without("fines").schema }],
  ] as const)("is a room of another kind: %s", (why, fields) => {
    expect(hindranceOf(here, with_(fields))).toBe(why);
    expect(hindranceOf(with_(fields), here)).toBe(why);
  });

  it("is a room that is not live, or not there", () => {
    expect(hindranceOf(here, of(here.view, false))).toBe("away");
    expect(hindranceOf(of(EMPTY), here)).toBe("away");
  });

  it("is another trip, or one that may be another", () => {
    expect(hindranceOf(here, of(seen([{ ...trip(5), step: 0 }])))).toBe("trip");
    expect(hindranceOf(here, of(seen([{ ...trip(4), step: 3 }])))).toBe("unknown");
  });
});

describe("how two are in step", () => {
  const at = (step: number, fields: Partial<Room> = {}, more: Wire = {}): View =>
    seen([{ ...trip(4), step, ...more }], { ...CITY, scenarioHash: "1", ...fields });

  it("is said: together, apart, paused, arrived, and where the law is the same", () => {
    const other = { scenarioHash: "2" };
    expect(stepWords({ a: at(3), b: at(4, other) })).toBe("The same trip, in step.");
    expect(stepWords({ a: at(3), b: at(9, other) })).toBe("The same trip; B is 6 steps ahead.");
    expect(stepWords({ a: at(3, { paused: true }), b: at(3, other) })).toBe("A is paused.");
    const arrived = at(9, { paused: true }, { terminated: true });
    expect(stepWords({ a: arrived, b: at(9, other) })).toMatch(/^A has finished the trip; B/);
    expect(stepWords({ a: at(3), b: at(3) })).toMatch(/same law/);
  });
});

describe("a second room", () => {
  const frame = cityFrame({});
  const room: Room = {
    ...CITY,
    ...{ scenario: "dar-es-salaam police.inspect=0 bus.fare=0.7", scenarioHash: "right" },
  };
  const answer = (value: unknown): Promise<Answer<never>> =>
    Promise.resolve({ kind: "answer", value: value as never });

  /** A server where rooms with a scenario by name, or without, have these hashes. */
  function server(hashes: { readonly named: string; readonly unnamed: string }) {
    const asked: unknown[] = [];
    return {
      asked,
      create: (wish: unknown) => {
        asked.push(wish);
        return answer(Object.hasOwn(wish as object, "scenario") ? "named" : "unnamed");
      },
      hash: (code: string) => answer(code === "named" ? hashes.named : hashes.unnamed),
      post: (path: string, body: unknown) => {
        asked.push([path, body]);
        return answer({});
      },
      close: (code: string) => {
        asked.push(`close ${code}`);
        return answer({});
      },
    };
  }

  const law = { "police.inspect": 0.5 };
  const like = {
    ...{ rules: "city", model: "ppo", fps: 5 },
    set: { "police.inspect": 0.15, "police.fine": 30, "speed.radar": 0.0001, "police.sight": 12 },
  };

  it("is made under the same law, and gets the other once it is known to be the same", async () => {
    const api = server({ named: "wrong", unnamed: "right" });
    expect(await copyRoom(api, room, frame, law)).toEqual({ kind: "made", code: "unnamed" });
    const load = { rules: "city", model: "ppo", set: law };
    expect(api.asked).toEqual([like, ["api/rooms/unnamed/load", load]]);
  });

  it("is asked for by the scenario's name where it is another otherwise", async () => {
    const api = server({ named: "right", unnamed: "wrong" });
    expect(await copyRoom(api, room, frame, law)).toEqual({ kind: "made", code: "named" });
    expect(api.asked.slice(1, 3)).toEqual([
      "close unnamed",
      { ...like, scenario: "dar-es-salaam", set: { ...like.set, "bus.fare": 0.7 } },
    ]);
  });

  it("is none, and nothing is left of it, where it would differ by more than the law", async () => {
    const api = server({ named: "wrong", unnamed: "wrong" });
    expect(await copyRoom(api, room, frame, law)).toEqual({ kind: "different" });
    expect(api.asked.filter((each) => typeof each === "string")).toEqual([
      "close unnamed",
      "close named",
    ]);
  });
});
