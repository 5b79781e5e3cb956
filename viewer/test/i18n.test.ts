import { afterEach, describe, expect, it } from "vitest";
import { whole, signed } from "../src/format";
import { DICTIONARIES, onLanguage, setLanguage, t, tIn } from "../src/i18n";
import type { Entry } from "../src/i18n/dictionary";

const { en, sw } = DICTIONARIES;

/** The places for values in an entry, those of all its forms together. */
function places(entry: Entry | undefined): string[] {
  const texts = typeof entry === "object" ? [entry.one, entry.other] : [entry ?? ""];
  const found = texts.flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  return [...new Set(found.map(String))].sort();
}

afterEach(() => {
  setLanguage("en");
});

describe("the dictionaries", () => {
  it("have the same keys in both languages", () => {
    expect(Object.keys(sw).sort()).toEqual(Object.keys(en).sort());
  });

  it.each(Object.keys(en))("%s has the same places for values, and words", (key) => {
    const english = Reflect.get(en, key) as Entry;
    const swahili = Reflect.get(sw, key) as Entry;
    expect(places(swahili)).toEqual(places(english));
    expect(typeof swahili).toBe(typeof english);
    for (const entry of [english, swahili]) {
      const texts = typeof entry === "string" ? [entry] : [entry.one, entry.other];
      expect(texts.filter((text) => text.trim() === "")).toEqual([]);
    }
  });
});

describe("t", () => {
  it("speaks the language of the moment, and tells who listens that it changed", () => {
    const heard: string[] = [];
    const stop = onLanguage(() => heard.push(t("action.Stop")));
    setLanguage("sw");
    setLanguage("sw");
    setLanguage("en");
    stop();
    setLanguage("sw");
    expect(heard).toEqual(["Simama", "Stop"]);
    expect(t("action.Pick up")).toBe("Pakia");
    expect(tIn("en", "action.Pick up")).toBe("Pick up");
  });

  it("puts values in their places, and numbers as the language writes them", () => {
    expect(t("place.near", { place: "{x} & Co" })).toBe("near {x} & Co");
    expect(t("load.of", { capacity: 12000 })).toBe("of 12,000");
  });

  it("chooses the form by the count", () => {
    const values = { where: "here", money: "0" };
    expect(t("why.dropped", { ...values, count: 1 })).toContain("1 passenger off");
    expect(t("why.dropped", { ...values, count: 2 })).toContain("2 passengers off");
  });
});

describe("numbers", () => {
  it("are written in either language", () => {
    for (const language of ["en", "sw"] as const) {
      setLanguage(language);
      expect(whole(12000)).toBe("12,000");
      expect(signed(-40)).toBe("−40");
      expect(signed(0.04)).toBe("0");
    }
  });
});
