/**
 * What stands between two rooms: by how much their profits differ, on the trip of now and in the mean
 * of the trips that both have finished, and why it cannot be said where it cannot.
 */
import { signed } from "../format";
import { h, inWords, setText, worded } from "../hud/dom";
import { t } from "../i18n";
import { TripBars } from "./bars";
import { estimate, LEAST_TRIPS, type Estimate } from "./estimate";
import type { Hindrance } from "./hindrance";
import type { Moment } from "./moment";

export interface Balance {
  readonly hindrance: Hindrance | null;
  /** How the two are in step, in words. */
  readonly step: () => string;
  readonly moment: Moment | null;
  readonly differences: readonly number[];
}

export class BalanceCard {
  readonly element: HTMLElement;
  readonly #trip = h("p", { class: "big", "data-field": "trip-difference" });
  readonly #tripNote = h("p", { class: "note" });
  readonly #meanName = h("p", { class: "name" });
  readonly #mean = h("p", { class: "big", "data-field": "mean-difference" });
  readonly #meanNote = h("p", { class: "note", "data-field": "interval" });
  readonly #bars = new TripBars();
  readonly #state = h("p", { class: "state", role: "status", "data-field": "state" });
  #balance: Balance | null = null;

  constructor() {
    this.element = h(
      "section",
      { class: "card balance", "aria-labelledby": "balance" },
      worded(h("h2", { id: "balance" }), "pair.difference"),
      h(
        "div",
        { class: "amounts" },
        h("div", {}, worded(h("p", { class: "name" }), "pair.trip"), this.#trip, this.#tripNote),
        h("div", {}, this.#meanName, this.#mean, this.#meanNote),
      ),
      this.#bars.element,
      this.#state,
    );
    inWords(() => {
      if (this.#balance !== null) this.show(this.#balance);
    });
  }

  show(balance: Balance): void {
    this.#balance = balance;
    const { hindrance, moment, differences, step } = balance;
    const known = hindrance === null ? moment : null;
    amount(this.#trip, known?.difference ?? null);
    setText(this.#tripNote, known === null ? "" : tripWords(known));
    const mean = estimate(differences);
    amount(this.#mean, mean?.mean ?? null);
    setText(this.#meanName, t("pair.mean", { count: mean?.count ?? 0 }));
    setText(this.#meanNote, meanWords(mean));
    this.#bars.show(differences);
    setText(this.#state, hindrance === null ? step() : t(`pair.no.${hindrance}`));
    this.#state.classList.toggle("hindered", hindrance !== null);
  }
}

function amount(element: HTMLElement, tsh: number | null): void {
  setText(element, tsh === null ? "–" : `${signed(tsh)} TSh`);
  element.classList.toggle("loss", (tsh ?? 0) < 0);
}

function tripWords({ tick, over }: Moment): string {
  return over ? t("pair.trip.over") : t("pair.trip.so.far", { count: tick });
}

function meanWords(mean: Estimate | null): string {
  if (mean === null) return t("pair.mean.none");
  const { mean: middle, half, count } = mean;
  if (half !== null) {
    return t("pair.interval", { least: signed(middle - half), most: signed(middle + half) });
  }
  return count < LEAST_TRIPS ? t("pair.interval.later", { count: LEAST_TRIPS }) : t("pair.equal");
}
