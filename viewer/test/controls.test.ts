import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keysFor } from "../src/controls/keys";
import { thin } from "../src/controls/marks";
import { nearest } from "../src/controls/pace";
import { refusalWords } from "../src/controls/problem";
import { setLanguage } from "../src/i18n";

describe("the keys at the wheel", () => {
  const labels = (actions: readonly string[]) => keysFor(actions).map((key) => key?.label);

  it("suit the actions that are known, and are letters of the names of others", () => {
    expect(labels(["Move", "Pick up", "Drop off", "Stop", "Speed up"])).toEqual([
      "↑",
      "P",
      "D",
      "↓",
      "→",
    ]);
    expect(labels(["Slow down", "Creep", "Crawl"])).toEqual(["←", "C", "R"]);
  });

  it("are never those of the page or of the cameras, and each does one action", () => {
    const names = fc.array(fc.string({ maxLength: 8 }), { maxLength: 40 });
    fc.assert(
      fc.property(names, (actions) => {
        const keys = keysFor(actions).flatMap((key) => key?.keys ?? []);
        for (const key of keys) expect("mhgb?0123456789 ").not.toContain(key);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });
});

describe("marks of episodes' ends", () => {
  it("are those on the bar, at their places", () => {
    const ends = [90, 100, 150, 200, 201].map((seq) => ({ seq, ending: "arrived" }) as const);
    expect(thin(ends, 100, 200).map(({ part }) => part)).toEqual([0, 0.5, 1]);
  });

  it("are few, however many ends there are", () => {
    const ends = Array.from({ length: 100_000 }, (_, seq) => ({ seq, ending: "arrived" }) as const);
    expect(thin(ends, 0, 100_000).length).toBeLessThanOrEqual(151);
    expect(thin(ends, 5, 5)).toHaveLength(2);
  });
});

describe("the speed slider", () => {
  it("shows any speed at the nearest of its own", () => {
    expect([nearest(5), nearest(0.01), nearest(0), nearest(19_000)]).toEqual([5, 0, 0, 18]);
  });
});

describe("what went wrong", () => {
  const refusal = { kind: "error", id: 1, retryAfterMs: null } as const;

  it("is said in the server's words, or in the page's other language where it has them", () => {
    const busy = { ...refusal, code: "BUSY", message: "the room is busy" };
    expect(refusalWords(busy)).toBe("The room is busy.");
    setLanguage("sw");
    expect(refusalWords(busy)).toBe("Chumba kina kazi nyingi mno.");
    expect(refusalWords({ ...refusal, code: "NEW", message: "what?" })).toBe("What?");
    setLanguage("en");
  });
});
