import { afterEach, describe, expect, it } from "vitest";
import { happenedBetween } from "../src/hud/happened";
import { explain } from "../src/hud/why";
import { setLanguage } from "../src/i18n";
import { at, CITY, cityFrame, without } from "./city-wire";
import { frame, type Wire } from "./wire";

afterEach(() => {
  setLanguage("en");
});

const [MOVE, SPEED_UP, STOP, PICK_UP, DROP_OFF] = [0, 1, 2, 3, 4];

const happened = (before: Wire, after: Wire) =>
  happenedBetween(CITY, cityFrame(before), cityFrame({ ...before, seq: 2, ...after }));

const tell = (before: Wire, after: Wire): string | null =>
  explain({
    room: CITY,
    previous: cityFrame({ seq: 1, ...before }),
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
    const told = explain({ room: CITY, previous: null, frame: alone });
    expect(told).toBe("Pick up near Ubungo: −260 TSh");
  });
});
