import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { faultWords } from "../src/hud/fault";
import { readOutputs, softmax } from "../src/hud/outputs";
import { along, niceScale } from "../src/hud/scale";
import { sightsOf } from "../src/hud/sights";
import { termsOf } from "../src/hud/terms";
import { explain } from "../src/hud/why";
import { nearestPlace, offenceWords } from "../src/hud/words";
import { setLanguage } from "../src/i18n";
import { voicesOf } from "../src/sound/sound";
import { frame, room, type Wire } from "./wire";

afterEach(() => {
  setLanguage("en");
});

const TERMS = ["action", "must_stop", "police", "crash", "step", "end", "legal"];
const CITY = room({
  route: [
    [12, 14],
    [13, 14],
    [14, 14],
    [14, 13],
  ],
  reward_terms: TERMS,
  outputs: "logits",
  places: [
    [12, 14, "Magomeni"],
    [14, 13, "Posta"],
  ],
});

/** Terms in the room's order, of which only some are not nothing. */
const paid = (parts: Readonly<Record<string, number>>): number[] =>
  TERMS.map((name) => parts[name] ?? 0);

describe("why the last thing happened", () => {
  const before = {
    seq: 1,
    route_index: 1,
    position: [13, 14],
    must_stop: false,
    police: [],
    lights: [],
  };
  const red = { must_stop: true, lights: [[13, 14]], lights_red: [true] };
  const police = { must_stop: true, police: [[13, 14]] };
  const tell = (first: Wire, second: Wire): string | null =>
    explain({
      room: CITY,
      before: frame({ ...before, ...first }),
      frame: frame({ ...before, seq: 2, route_index: 2, position: [14, 14], ...second }),
    });

  it("says where and before what the bus stopped, and what for", () => {
    const stop = { action: 3, reward: 26, reward_terms: paid({ must_stop: 25, step: 1 }) };
    expect(tell(red, stop)).toBe(
      "Braked for the red light near Magomeni and rolled on, as these rules have it: +26",
    );
    expect(tell(police, stop)).toBe(
      "Braked for the police near Magomeni and rolled on, as these rules have it: +26",
    );
    setLanguage("sw");
    expect(tell(red, stop)).toContain("Limefunga breki kwa taa nyekundu karibu na Magomeni");
  });

  it("counts who boarded and who alighted, and what they paid", () => {
    const boarded = { action: 1, passengers: 9, reward: 16 };
    expect(tell({ passengers: 8 }, boarded)).toBe("Picked up 1 passenger near Magomeni: +16");
    const alighted = { action: 2, passengers: 3, money: 9000, reward: 13 };
    expect(tell({ passengers: 8, money: 4000 }, alighted)).toBe(
      "Let 5 passengers off near Magomeni for TSh 5,000: +13",
    );
    expect(tell({}, { action: 2, reward: -7 })).toContain("nobody could get off");
  });

  it("says what was passed by, and what else came of it", () => {
    const ran = {
      action: 0,
      reward: -37,
      reward_terms: paid({ action: 2, must_stop: -40, step: 1 }),
    };
    expect(tell(red, ran)).toBe("Drove through the red light near Magomeni: −37");
    const crash = {
      ...{ action: 4, passengers: 45, fined: true, crashed: true, terminated: true, reward: -44 },
      reward_terms: paid({ must_stop: -15, crash: -30, step: 1 }),
    };
    expect(tell({ passengers: 45, ...police }, crash)).toBe(
      "Sped up near Magomeni, did not stop for the police, was fined for 45 aboard (33 allowed) and crashed: −44",
    );
  });

  it("says of an arrival within capacity that and no more: lights may have been run", () => {
    const last = {
      ...{ action: 0, terminated: true, route_index: 3, position: [14, 13], reward: 153 },
      reward_terms: paid({ action: 2, step: 1, end: 100, legal: 50 }),
    };
    expect(tell({}, last)).toBe(
      "Drove on near Magomeni and reached the end of the route within capacity, never fined: +153",
    );
  });

  it("begins an episode, and makes up nothing where the frame before is not known", () => {
    const start = frame({ action: null, route_index: 0, position: [12, 14] });
    expect(explain({ room: CITY, before: null, frame: start })).toBe(
      "A new episode begins at Magomeni, with an empty bus.",
    );
    const picked = { ...before, action: 1, reward: 16, route_index: 2, position: [14, 14] };
    expect(explain({ room: CITY, before: null, frame: frame(picked) })).toBe(
      "Pick up near Posta: +16",
    );
    expect(explain({ room: null, before: null, frame: start })).toBeNull();
  });

  it("tells actions that it does not know by their names", () => {
    const other = room({ actions: ["Hoot"], places: [] });
    const hoot = { ...frame({ action: 0 }), actionName: "Hoot" };
    expect(explain({ room: other, before: null, frame: hoot })).toMatch(/^Hoot at cell 12, 14/);
  });
});

describe("what the driver saw", () => {
  const saw = (fields: Wire): readonly string[] =>
    sightsOf(CITY, frame({ police: [], lights: [], ...fields })).map(({ words }) => words);

  it("is what stood in the cell that the bus was in", () => {
    const here = { position: [4, 14], waiting: [3, 0] };
    expect(saw({ ...here, lights: [[4, 14]], lights_red: [true], police: [[4, 14]] })).toEqual([
      "Red light",
      "Police",
      "3 waiting at the stop",
    ]);
    expect(saw({ lights: [[12, 14]], lights_red: [false] })).toEqual(["Green light"]);
    expect(saw({})).toEqual(["Nothing in the way"]);
  });
});

describe("offences in words", () => {
  it("never say of an unseen part that nothing was done in it", () => {
    expect(offenceWords({ reds: 0, checkpoints: 0, whole: true })).toContain("No red light run");
    expect(offenceWords({ reds: 0, checkpoints: 0, whole: false })).not.toContain("No red light");
    expect(offenceWords({ reds: 2, checkpoints: 1, whole: true })).toBe(
      "2 red lights run and 1 checkpoint passed without stopping.",
    );
  });
});

describe("a driver that failed", () => {
  it("is told with what it said and what can be done, until it is asked again", () => {
    const fault = "ZeroDivisionError: division by zero";
    expect(faultWords(room({ fault, paused: true }))).toEqual([
      "The driver failed: ppo",
      fault,
      "The room is paused. Resuming asks the driver again.",
    ]);
    expect(faultWords(room({ fault, kind: "driven" }))?.[2]).toContain("next step");
    expect(faultWords(room({ fault, mode: "wheel" }))?.[2]).toBe("Others can drive on.");
    setLanguage("sw");
    expect(faultWords(room({ fault, paused: true }))?.[0]).toBe("Dereva ameshindwa: ppo");
    expect(faultWords(room({ fault: null }))).toBeNull();
    // A server of an earlier version says nothing of it.
    expect(faultWords(room())).toBeNull();
    expect(faultWords(null)).toBeNull();
  });

  it("may say 200 letters of any script", () => {
    expect(room({ fault: "😀".repeat(200) }).fault).toHaveLength(400);
  });
});

describe("places", () => {
  it("are the nearest along the route, and none where none have names", () => {
    expect(nearestPlace(CITY, 0)).toEqual({ name: "Magomeni", away: 0 });
    expect(nearestPlace(CITY, 2)).toEqual({ name: "Posta", away: 1 });
    expect(nearestPlace(room({ places: [] }), 2)).toBeNull();
  });
});

describe("the policy's outputs", () => {
  it("are chances where they are logits, and mark what was chosen and what it prefers", () => {
    const told = readOutputs(CITY, frame({ action: 3, outputs: [0, 0, 1, 0, 0] }));
    expect(told).toMatchObject({ kind: "chances", zero: 0, chosen: 3, favourite: 2 });
    expect(told?.bars.map(({ action }) => action)).toEqual(CITY.actions);
    expect(told?.bars[2]?.to).toBeCloseTo(Math.E / (Math.E + 4));
  });

  it("are bars around zero where they are values", () => {
    const values = room({ outputs: "values" });
    const told = readOutputs(values, frame({ outputs: [-10, 30, 0, 0, 0] }));
    expect(told?.zero).toBe(0.25);
    expect(told?.bars[0]).toMatchObject({ from: 0, to: 0.25 });
    expect(told?.bars[1]).toMatchObject({ from: 0.25, to: 1 });
  });

  it("give closed actions no chance, and share it among the open ones", () => {
    const told = readOutputs(CITY, frame({ outputs: [0, 9, 0, 9, 9], action_mask: 0b0_0101 }));
    expect(told?.bars.map(({ value }) => value)).toEqual([0.5, 0, 0.5, 0, 0]);
    expect(told?.bars.map(({ open }) => open)).toEqual([true, false, true, false, false]);
    expect(told?.favourite).toBe(0);
    const values = room({ outputs: "values" });
    const lowest = readOutputs(
      values,
      frame({ outputs: [-9, -1, -9, 0, 0], action_mask: 0b0_0010 }),
    );
    expect(lowest?.favourite).toBe(1);
  });

  it("are nothing where nothing is told", () => {
    expect(readOutputs(CITY, frame({ outputs: [] }))).toBeNull();
  });

  it("make chances of any logits", () => {
    const logits = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 });
    fc.assert(
      fc.property(logits, (given) => {
        const chances = softmax(given);
        expect(chances.reduce((sum, chance) => sum + chance)).toBeCloseTo(1);
        expect(Math.min(...chances)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe("reward terms", () => {
  it("are those that are not nothing, by the room's names", () => {
    const told = frame({ reward_terms: [2, -40, 0, 0, 1] });
    expect(termsOf({ room: CITY, frame: told })).toEqual([
      { name: "action", value: 2 },
      { name: "must_stop", value: -40 },
      { name: "step", value: 1 },
    ]);
  });
});

describe("scales", () => {
  it("have round ticks and hold what they are for", () => {
    expect(niceScale(0, 29, 5).ticks).toEqual([0, 10, 20, 30]);
    expect(niceScale(-37, 210, 4).ticks).toEqual([-100, 0, 100, 200, 300]);
    const range = fc.tuple(fc.integer({ min: -5000, max: 0 }), fc.integer({ min: 0, max: 5000 }));
    fc.assert(
      fc.property(range, fc.integer({ min: 2, max: 6 }), ([low, high], parts) => {
        const scale = niceScale(low, high, parts);
        expect(along(scale, low)).toBeGreaterThanOrEqual(0);
        expect(along(scale, high)).toBeLessThanOrEqual(1);
        expect(scale.ticks.length).toBeLessThanOrEqual(parts + 2);
      }),
    );
  });
});

describe("sounds", () => {
  it("are of what changed", () => {
    const before = frame({ passengers: 5, speed: 2, money: 1000, police: [] });
    const after = { passengers: 3, speed: 1, money: 4000, police: [[12, 14]] };
    expect(voicesOf(before, frame(after))).toEqual([
      { kind: "whistle" },
      { kind: "brakes" },
      { kind: "coins", count: 2 },
    ]);
    expect(voicesOf(before, frame({ ...after, crashed: true }))[0]).toEqual({ kind: "crash" });
    expect(voicesOf(before, before)).toEqual([]);
  });
});
