/**
 * What a glance should catch, over the scene: the speed, the action in both languages, the reward.
 */
import { signed, whole } from "../format";
import { language, onLanguage } from "../i18n";
import type { Frame } from "../protocol/messages";
import type { View } from "../state/view";
import { h, replay, setText, worded } from "./dom";
import { actionWords } from "./words";

/** Notches that the small gauge can show; rules with more fill it. */
const GAUGE_NOTCHES = 3;

export class Instruments {
  readonly #speed = h("span", { class: "big", "data-field": "speed" }, "–");
  readonly #notches = Array.from({ length: GAUGE_NOTCHES }, () => h("i"));
  readonly #action = h("p", { class: "big", "data-field": "action" }, "–");
  readonly #other = h("p", { class: "other", "data-field": "action-other" });
  readonly #pill = h("div", { class: "action" }, this.#action, this.#other);
  readonly #reward = h("span", { class: "big", "data-field": "reward" }, "–");
  readonly #rewardBox: HTMLElement;
  readonly #total = h("span", { class: "sum", "data-field": "total" }, "–");
  #frame: Frame | null = null;

  constructor(host: HTMLElement) {
    this.#rewardBox = h(
      "div",
      { class: "reward" },
      h("p", {}, worded(h("span", { class: "name" }), "dash.reward"), " ", this.#reward),
      h("p", {}, worded(h("span", { class: "name" }), "dash.total"), " ", this.#total),
    );
    host.append(
      h(
        "div",
        { class: "speed" },
        h("p", {}, worded(h("span", { class: "name" }), "dash.speed"), " ", this.#speed),
        h("p", { class: "notches", "aria-hidden": "true" }, ...this.#notches),
      ),
      this.#pill,
      this.#rewardBox,
    );
    onLanguage(() => {
      if (this.#frame !== null) this.#write(this.#frame);
    });
  }

  render({ frame }: View): void {
    if (frame === null || frame === this.#frame) return;
    const before = this.#frame;
    this.#frame = frame;
    this.#write(frame);
    this.#pill.dataset["action"] = frame.actionName ?? "none";
    this.#rewardBox.dataset["sign"] = frame.reward < 0 ? "loss" : "gain";
    this.#notches.forEach((notch, nth) => notch.classList.toggle("lit", nth < frame.speed));
    if (before !== null && frame.actionName !== null) replay(this.#rewardBox, "flash");
  }

  #write(frame: Frame): void {
    setText(this.#speed, whole(frame.speed));
    setText(this.#action, actionWords(frame.actionName));
    const other = actionWords(frame.actionName, language() === "en" ? "sw" : "en");
    setText(this.#other, other === this.#action.textContent ? "" : other);
    setText(this.#reward, signed(frame.reward));
    setText(this.#total, signed(frame.totalReward));
  }
}
