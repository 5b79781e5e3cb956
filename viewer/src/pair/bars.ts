/**
 * The differences of the newest trips, a bar each from zero up or down: whether a mean comes from all
 * of them or from a few. The sentence below it tells the same.
 */
import { draw, h, setText } from "../hud/dom";
import { t } from "../i18n";

/** As many as can be told from each other. */
const MOST_BARS = 40;

/** Of the drawing, which is stretched to its place. */
const WIDTH = 200;
const HEIGHT = 60;

export class TripBars {
  readonly element: HTMLElement;
  readonly #drawing = draw("svg", {
    ...{ class: "trip-bars", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" },
    "aria-hidden": "true",
  });
  readonly #words = h("p", { class: "note", "data-field": "trips" });
  #drawn = "";

  constructor() {
    this.element = h("div", {}, this.#drawing, this.#words);
  }

  show(differences: readonly number[]): void {
    this.element.hidden = differences.length === 0;
    setText(this.#words, this.element.hidden ? "" : tripsWords(differences));
    const newest = differences.slice(-MOST_BARS);
    const key = newest.join();
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.#drawing.replaceChildren(...barsOf(newest));
  }
}

function tripsWords(differences: readonly number[]): string {
  const count = (which: (difference: number) => boolean): number =>
    differences.filter(which).length;
  return t("pair.trips", {
    more: count((each) => each > 0),
    less: count((each) => each < 0),
    same: count((each) => each === 0),
  });
}

function barsOf(differences: readonly number[]): readonly SVGElement[] {
  const top = Math.max(0, ...differences);
  const bottom = Math.min(0, ...differences);
  const high = (tsh: number): number => ((top - tsh) / Math.max(1, top - bottom)) * HEIGHT;
  const wide = WIDTH / Math.max(10, differences.length);
  const zero = high(0);
  const bars = differences.map((tsh, nth) =>
    draw("rect", {
      ...{ class: tsh < 0 ? "loss" : "gain", x: (nth + 0.1) * wide, width: 0.8 * wide },
      ...{ y: Math.min(zero, high(tsh)), height: Math.abs(high(tsh) - zero) },
    }),
  );
  return [...bars, draw("path", { class: "base", d: `M0 ${zero}H${WIDTH}` })];
}
