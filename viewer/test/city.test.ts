import { afterEach, describe, expect, it } from "vitest";
import { destinationsOf } from "../src/hud/destinations";
import { happenedBetween } from "../src/state/happened";
import { factsOf } from "../src/hud/law";
import { profitOf } from "../src/hud/profit";
import { leversOf, setting } from "../src/controls/levers";
import { explain } from "../src/hud/why";
import { rewardWords } from "../src/hud/words";
import { setLanguage } from "../src/i18n";
import { secondsToChange, sightPath } from "../src/plan/ahead";
import { layoutOf } from "../src/scene/markers";
import { at, CITY, cityFrame, without } from "./city-wire";
import { frame, room, type Wire } from "./wire";

afterEach(() => {
  setLanguage("en");
});

const [MOVE, SPEED_UP, STOP, PICK_UP, DROP_OFF] = [0, 1, 2, 3, 4];

const happened = (before: Wire, after: Wire) =>
  happenedBetween(CITY, cityFrame(before), cityFrame({ ...before, seq: 2, ...after }));

const tell = (before: Wire, after: Wire): string | null =>
  explain({
    room: CITY,
    before: cityFrame({ seq: 1, ...before }),
    frame: cityFrame({ ...before, seq: 2, reward: -0.26, ...after }),
  });

describe("fields of the rules", () => {
  it("are read by name and type, and are nothing where a room does not declare them", () => {
    expect(cityFrame({ unmanned: [[5, 0]] }).own).toEqual({
      ...{ fines: 0, held: 0, unmanned: [[5, 0]], sight: 12, lightTicks: [], inspect: 0.15 },
      ...{ loadFine: 30_000, radar: 0.0001, aboard: [0, 12, 8], micromorts: 1.5 },
    });
    const old = cityFrame({}, without("sight", "radar"));
    expect(old.own).toMatchObject({ sight: null, radar: null, inspect: 0.15 });
    expect(new Set(Object.values(frame().own))).toEqual(new Set([null]));
  });

  it("of another type are not taken for those that the page knows", () => {
    const schema = CITY.schema.map((field) =>
      field.name === "aboard" ? { ...field, type: "float" as const } : field,
    );
    expect(cityFrame({ aboard: 7 }, { ...CITY, schema }).own.aboard).toBeNull();
  });
});

describe("levers of enforcement", () => {
  it("ask for fields of the scenario, in its units, without the dust of binary fractions", () => {
    const levers = leversOf(cityFrame({}).own);
    expect(levers.map((lever) => setting(lever, lever.step * 3))).toEqual([
      { "police.inspect": 0.15 },
      { "police.fine": 15 },
      { "speed.radar": 0.0003 },
      { "police.sight": 3 },
    ]);
  });

  it("are there for what the room tells alone", () => {
    const fewer = cityFrame({}, without("radar", "sight")).own;
    expect(leversOf(fewer).map(({ own }) => own)).toEqual(["inspect", "loadFine"]);
    expect(leversOf(frame().own)).toEqual([]);
  });
});

describe("what happened in a tick", () => {
  const lights = { lights: [[4, 0]], lights_red: [true] };
  const police = { police: [[4, 0]] };

  it("is looked for on all cells that were left, and on no other", () => {
    const fast = { ...at(3), speed: 3 };
    expect(happened({ ...fast, ...lights }, at(6)).ranRed).toBe(1);
    expect(happened({ ...fast, ...lights }, at(4)).ranRed).toBe(0);
    expect(happened({ ...fast, ...lights, lights_red: [false] }, at(6)).ranRed).toBe(0);
    expect(happened({ ...fast, ...police }, at(6)).fled).toBe(1);
    expect(happened({ ...fast, unmanned: [[5, 0]] }, at(6))).toMatchObject({
      fled: 0,
      passedEmpty: 1,
    });
  });

  it("takes the cell of a crash for left", () => {
    const before = { ...at(3), speed: 2, ...lights };
    expect(happened(before, { ...at(4), crashed: true }).ranRed).toBe(1);
  });

  it("is no flight where the bus has stood", () => {
    expect(happened({ ...at(4), speed: 0, ...police }, { ...at(5), speed: 1 }).fled).toBe(0);
    expect(happened({ ...at(4), speed: 1, ...police }, { ...at(5), speed: 1 }).fled).toBe(1);
  });

  it("tells a count from a bribe, and both from being let go", () => {
    const before = { ...at(4), speed: 1, ...police, passengers: 50 };
    const stand = { speed: 0, action: STOP };
    const counted = { ...stand, passengers: 33, fines: 30_000, held: 20 };
    expect(happened(before, counted)).toMatchObject({ check: "counted", putOff: 17, alighted: 0 });
    expect(happened(before, { ...stand, fines: 5_000 }).check).toBe("bribed");
    expect(happened(before, stand).check).toBe("uncounted");
    expect(happened({ ...before, passengers: 33 }, { ...stand, passengers: 33 }).check).toBe(
      "legal",
    );
    // Once it has stood, it has been checked.
    expect(happened({ ...before, speed: 0 }, stand).check).toBeNull();
  });
});

describe("the sentence about a tick", () => {
  it("says how fast the bus is, and what the tick brought in shillings", () => {
    expect(tell({}, { ...at(5), action: MOVE })).toBe("Drove on at 50 km/h near Ubungo: −260 TSh");
    expect(tell({ speed: 2 }, { ...at(6), speed: 3, action: SPEED_UP })).toMatch(
      /^Sped up to 75 km\/h near Ubungo:/,
    );
    expect(tell({ speed: 2 }, { ...at(4), speed: 1, action: STOP })).toMatch(/^Slowed to 25 km\/h/);
    expect(tell({ speed: 0 }, { ...at(4), speed: 1, action: MOVE })).toMatch(/^Set off near/);
  });

  it("counts who boards and who gets off", () => {
    const stop = { ...at(6), speed: 0 };
    expect(tell(stop, { action: PICK_UP, passengers: 24 })).toMatch(
      /^Picked up 4 passengers at Kariakoo:/,
    );
    const off = { action: DROP_OFF, passengers: 15, money: 9000, reward: 2.85 };
    expect(tell(stop, off)).toBe("Let 5 passengers off at Kariakoo for TSh 3,000: +2,850 TSh");
    expect(tell(stop, { action: DROP_OFF })).toMatch(/nobody could get off/);
  });

  it("tells a fine for the load with how many were put off, and how long the police hold the bus", () => {
    const before = { ...at(4), speed: 1, police: [[4, 0]], passengers: 50 };
    const counted = { speed: 0, action: STOP, passengers: 33, fines: 30_000, held: 20 };
    expect(tell(before, { ...counted, reward: -30.15 })).toBe(
      "Stopped for the police near Kariakoo and was fined TSh 30,000 for 17 too many, who were put off: −30,150 TSh",
    );
    const held = { ...at(4), speed: 0, police: [[4, 0]], passengers: 33, fines: 30_000 };
    expect(tell({ ...held, held: 20 }, { held: 19, action: MOVE })).toMatch(
      /^Held by the police near Kariakoo, for another 4:34:/,
    );
    expect(tell({ ...held, held: 1 }, { held: 0, action: MOVE })).toMatch(
      /^The police let the bus go/,
    );
  });

  it("tells what was not counted", () => {
    const before = { ...at(4), speed: 1, police: [[4, 0]], passengers: 50 };
    expect(tell(before, { speed: 0, action: STOP })).toMatch(
      /^Stopped for the police near Kariakoo and was let go uncounted, with 17 too many:/,
    );
    expect(tell({ ...at(3), unmanned: [[4, 0]] }, { ...at(5), action: MOVE })).toMatch(
      /and passed a checkpoint without police:/,
    );
  });

  it("tells fines at lights, at checkpoints and by radar apart", () => {
    const fast = { ...at(3), speed: 3 };
    const fined = { ...at(6), action: MOVE, fines: 30_000 };
    const red = { lights: [[4, 0]], lights_red: [true] };
    expect(tell({ ...fast, ...red }, fined)).toContain("ran a red light and was fined TSh 30,000:");
    expect(tell({ ...fast, police: [[4, 0]] }, { ...fined, fines: 120_000 })).toContain(
      "did not stop for the police and was fined TSh 120,000:",
    );
    expect(tell(fast, fined)).toContain("and was fined TSh 30,000 by radar:");
    setLanguage("sw");
    expect(tell(fast, fined)).toContain("limepigwa faini ya TSh 30,000 na rada");
  });

  it("tells how the trip ended", () => {
    const last = { ...at(11), action: MOVE, terminated: true, ending: "arrived" };
    expect(tell({ ...at(9) }, { ...last, passengers: 12, money: 10_800, reward: 4 })).toBe(
      "Drove on at 50 km/h near Posta and reached the end of the route, where 8 got off for TSh 4,800: +4,000 TSh",
    );
    const crash = { ...at(4), action: MOVE, crashed: true, terminated: true, ending: "crashed" };
    expect(tell({}, crash)).toMatch(/and crashed:/);
    expect(tell({}, { ...at(5), truncated: true, ending: "out_of_time", action: MOVE })).toMatch(
      /and ran out of time:/,
    );
  });

  it("makes up nothing where the frame before is not known", () => {
    const alone = cityFrame({ seq: 2, passengers: 9, fines: 30_000, action: PICK_UP });
    const told = explain({ room: CITY, before: null, frame: alone });
    expect(told).toBe("Pick up near Ubungo: −260 TSh");
  });
});

describe("where those aboard want to go", () => {
  it("is told by the names of the stops, and marks those that are passed", () => {
    expect(destinationsOf(CITY, cityFrame({ ...at(7), aboard: [0, 3, 8] }))).toEqual([
      { name: "Kariakoo", count: 3, passed: true },
      { name: "Posta", count: 8, passed: false },
    ]);
    expect(destinationsOf(CITY, cityFrame({ ...at(6) }))?.[0]?.passed).toBe(false);
  });

  it("is not told where the rules don't", () => {
    expect(destinationsOf(CITY, cityFrame({}, without("aboard")))).toBeNull();
    expect(destinationsOf(room(), frame())).toBeNull();
  });
});

describe("profit", () => {
  it("is the reward in shillings, and its parts add up to it", () => {
    const told = cityFrame({ total_reward: -18.435, money: 15_000, fines: 30_000 });
    expect(profitOf(CITY, told)).toEqual({
      ...{ sum: -18_435, fares: 15_000, fines: -30_000, costs: -3_435 },
    });
    expect(rewardWords(CITY, -18.435)).toBe("−18,435 TSh");
  });

  it("is nothing where rewards are no money", () => {
    expect(profitOf(room(), frame())).toBeNull();
    expect(profitOf(CITY, cityFrame({}, without("fines")))).toBeNull();
    expect(rewardWords(room(), 26)).toBe("+26");
  });
});

describe("what is enforced", () => {
  const values = (fields: Wire, of = CITY) =>
    Object.fromEntries(
      factsOf(of, cityFrame(fields, of)).map(({ words, value }) => [words, value]),
    );

  it("is told in words, with the next light ahead", () => {
    const lights = {
      lights: [
        [9, 0],
        [5, 0],
        [1, 0],
      ],
      ...{ lights_red: [false, true, true], light_ticks: [3, 5, 7] },
    };
    expect(values(lights)).toEqual({
      ...{ "law.inspect": "15 %", "law.load.fine": "TSh 30,000" },
      ...{ "law.radar": "once in 1,000 km", "law.sight": "1,200 m" },
      "light.next": "red for 1:12, in 200 m",
    });
    expect(values({ ...lights, ...at(6) })["light.next"]).toBe("green for 0:43, in 300 m");
    expect(values({ radar: 0 })["law.radar"]).toBe("never");
  });

  it("leaves out what the room does not declare", () => {
    const told = values({}, without("sight", "light_ticks"));
    expect(told).toMatchObject({ "law.sight": null, "light.next": null, "law.inspect": "15 %" });
    expect(factsOf(room(), frame()).every(({ value }) => value === null)).toBe(true);
  });
});

describe("the scene", () => {
  it("is built anew when police stand elsewhere, and not for a tick", () => {
    const layout = layoutOf(cityFrame({ unmanned: [[5, 0]] }));
    expect(layoutOf(cityFrame({ police: [[5, 0]] }))).not.toBe(layout);
    expect(layoutOf(cityFrame({ unmanned: [] }))).not.toBe(layout);
    expect(layoutOf(cityFrame({ ...at(9), unmanned: [[5, 0]], held: 3 }))).toBe(layout);
  });
});

describe("the road ahead on the plan", () => {
  const route = Array.from({ length: 12 }, (_, x) => ({ x: x + 0.5, y: 11.5 }));

  it("is as long as checkpoints are seen, up to the end of the route", () => {
    expect(sightPath(route, cityFrame({ ...at(3), sight: 2 }))).toBe("M3.5 11.5L4.5 11.5L5.5 11.5");
    expect(sightPath(route, cityFrame({ ...at(10), sight: 12 }))).toBe("M10.5 11.5L11.5 11.5");
    expect(sightPath(route, cityFrame({}, without("sight")))).toBe("");
  });

  it("counts the seconds until a light changes", () => {
    const told = cityFrame({ light_ticks: [3, 10] });
    expect(secondsToChange(told, 1, 14.4)).toBe(144);
    expect(secondsToChange(told, 0, undefined)).toBeNull();
    expect(secondsToChange(told, 2, 14.4)).toBeNull();
    expect(secondsToChange(frame(), 0, 14.4)).toBeNull();
  });
});
