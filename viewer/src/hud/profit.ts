/**
 * The question that rules with money and danger pose, in two numbers: what the trip has brought so
 * far, by what it is made of, and what it has put at risk.
 */
import { oneDigit, signed } from "../format";
import { measuresOf } from "../protocol/measures";
import type { Frame, Room } from "../protocol/messages";
import type { View } from "../state/view";
import { card } from "./card";
import { h, setText, worded } from "./dom";
import { FrameFacts } from "./frame-facts";

/** TSh since the trip began. */
export interface Profit {
  readonly sum: number;
  readonly fares: number;
  readonly fines: number;
  /** All else that is in the reward: it is what is left of the sum. */
  readonly costs: number;
}

/** Null where the rules tell no fines, or measure rewards in something else than money. */
export function profitOf(room: Room, frame: Frame): Profit | null {
  const measures = measuresOf(room);
  if (measures === null || frame.own.fines === null) return null;
  const sum = Math.round(frame.totalReward * measures.rewardTsh);
  const [fares, fines] = [frame.money, -frame.own.fines];
  return { sum, fares, fines, costs: sum - fares - fines };
}

export class ProfitCard {
  readonly #facts: FrameFacts;
  readonly #sum = h("p", { class: "big", "data-field": "profit" });
  readonly #risk = h("p", { class: "big", "data-field": "micromorts" });
  readonly #riskBox: HTMLElement;
  readonly #riskNote = worded(h("p", { class: "note" }), "profit.risk.why");
  readonly #fares = h("dd");
  readonly #fines = h("dd", { "data-field": "fines" });
  readonly #costs = h("dd");

  constructor(host: HTMLElement) {
    this.#riskBox = h(
      "div",
      { class: "risk" },
      worded(h("p", { class: "name" }), "profit.risk"),
      this.#risk,
    );
    const element = card(
      "profit",
      "profit.title",
      h(
        "div",
        { class: "head" },
        h("div", {}, worded(h("p", { class: "name" }), "profit.sum"), this.#sum),
        this.#riskBox,
      ),
      h(
        "dl",
        { class: "facts" },
        h("div", {}, worded(h("dt"), "profit.fares"), this.#fares),
        h("div", {}, worded(h("dt"), "profit.fines"), this.#fines),
        h("div", {}, worded(h("dt"), "profit.costs"), this.#costs),
      ),
      this.#riskNote,
    );
    this.#facts = new FrameFacts(element, (room, frame) => this.#write(room, frame));
    host.append(element);
  }

  render(view: View): void {
    this.#facts.render(view);
  }

  #write(room: Room, frame: Frame): boolean {
    const profit = profitOf(room, frame);
    if (profit === null) return false;
    setText(this.#sum, signed(profit.sum));
    this.#sum.classList.toggle("loss", profit.sum < 0);
    setText(this.#fares, signed(profit.fares));
    setText(this.#fines, signed(profit.fines));
    this.#fines.classList.toggle("loss", profit.fines < 0);
    setText(this.#costs, signed(profit.costs));
    const { micromorts } = frame.own;
    this.#riskBox.hidden = micromorts === null;
    this.#riskNote.hidden = micromorts === null;
    setText(this.#risk, micromorts === null ? "" : oneDigit(micromorts));
    return true;
  }
}
