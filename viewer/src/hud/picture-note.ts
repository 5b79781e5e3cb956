/** Says in words that the three-dimensional picture has gone, and whether it is waited for. */
import type { Picture } from "../city-view";
import type { PlainKey } from "../i18n";
import { h, worded } from "./dom";

const WORDS: Readonly<Record<Exclude<Picture, "drawn">, readonly [PlainKey, PlainKey]>> = {
  lost: ["scene.lost", "scene.lost.wait"],
  plan: ["scene.plan", "scene.plan.why"],
};

export class PictureNote {
  readonly #host: HTMLElement;

  constructor(host: HTMLElement) {
    this.#host = host;
  }

  show(picture: Picture): void {
    if (picture === "drawn") {
      this.#host.replaceChildren();
      return;
    }
    const [title, text] = WORDS[picture];
    this.#host.replaceChildren(
      worded(h("p", { class: "notice-title" }), title),
      worded(h("p", { class: "notice-text" }), text),
    );
  }
}
