/** The sentence about the last step, like a subtitle. */
import { onLanguage } from "../i18n";
import type { View } from "../state/view";
import { h, named, setText } from "./dom";
import { explain } from "./why";

export class Narration {
  readonly #text = h("p", { class: "why", "data-field": "why" });
  #view: View | null = null;

  constructor(host: HTMLElement) {
    host.append(named(h("div", { class: "narration", role: "group" }, this.#text), "dash.why"));
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
    setText(this.#text, explain(view) ?? "");
  }
}
