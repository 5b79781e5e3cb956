/** The reward of the last step by its parts: a bar for each that is not nothing, and the sum. */
import { onLanguage } from "../i18n";
import type { View } from "../state/view";
import { card } from "./card";
import { h, setText, worded } from "./dom";
import { rewardNumber, rewardWords, termWords } from "./words";

export interface Term {
  readonly name: string;
  readonly value: number;
}

/** The parts of the frame's reward that are not nothing. */
export function termsOf({ room, frame }: Pick<View, "room" | "frame">): readonly Term[] {
  if (room === null || frame === null) return [];
  return room.rewardTerms
    .map((name, nth) => ({ name, value: frame.rewardTerms[nth] ?? 0 }))
    .filter(({ value }) => value !== 0);
}

export class Terms {
  readonly #list = h("ul", { class: "bars around amounts" });
  readonly #sum = h("span", { class: "amount" });
  readonly #none = worded(h("p", { class: "note" }), "terms.none");
  readonly #foot: HTMLElement;
  #view: View | null = null;

  constructor(host: HTMLElement) {
    this.#foot = h("p", { class: "foot" }, worded(h("span"), "terms.sum"), this.#sum);
    const body = h("div", { class: "body" }, this.#list, this.#none, this.#foot);
    host.append(card("terms", "terms.title", body));
    onLanguage(() => {
      if (this.#view !== null) this.#show(this.#view);
    });
  }

  render(view: View): void {
    const before = this.#view?.frame;
    this.#view = view;
    if (view.frame !== before) this.#show(view);
  }

  #show(view: View): void {
    const { frame } = view;
    if (frame === null) return;
    const terms = termsOf(view);
    const largest = Math.max(...terms.map(({ value }) => Math.abs(value)), 1);
    this.#list.replaceChildren(
      ...terms.map((term) => row(term, largest, rewardNumber(view.room, term.value))),
    );
    this.#none.hidden = frame.actionName !== null;
    this.#foot.hidden = frame.actionName === null;
    setText(this.#sum, rewardWords(view.room, frame.reward));
  }
}

/** Gains go to the right of the middle, losses to the left. */
function row({ name, value }: Term, largest: number, amount: string): HTMLElement {
  const half = (Math.abs(value) / largest) * 50;
  const bar = h("span", { class: "bar" });
  bar.style.left = `${value < 0 ? 50 - half : 50}%`;
  bar.style.width = `${half}%`;
  const element = h(
    "li",
    { class: value < 0 ? "loss" : "", "data-term": name },
    h("span", { class: "who" }, termWords(name)),
    h("span", { class: "track", "aria-hidden": "true" }, bar),
    h("span", { class: "amount" }, amount),
  );
  element.style.setProperty("--zero", "50%");
  return element;
}
