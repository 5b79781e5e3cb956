/**
 * What a glance should catch, over the scene: the speed, the action in both languages, the reward.
 * Where the rules measure them, speed is in km/h against the limit, and rewards are money.
 */
import { whole } from "../format";
import { language, onLanguage, t } from "../i18n";
import { measuresOf } from "../protocol/measures";
import type { Frame, Room } from "../protocol/messages";
import type { View } from "../state/view";
import { h, replay, setText, worded } from "./dom";
import { actionWords, rewardNumber } from "./words";

/** Notches that the small gauge can show; rules with more fill it. */
const GAUGE_NOTCHES = 3;

export class Instruments {
  readonly #speed = h("span", { class: "big", "data-field": "speed" }, "–");
  readonly #unit = h("small", { "data-field": "speed-unit" });
  readonly #limit = h("small", { class: "limit" });
  readonly #speedBox: HTMLElement;
  readonly #notches = Array.from({ length: GAUGE_NOTCHES }, () => h("i"));
  readonly #action = h("p", { class: "big", "data-field": "action" }, "–");
  readonly #other = h("p", { class: "other", "data-field": "action-other" });
  readonly #pill = h("div", { class: "action" }, this.#action, this.#other);
  readonly #reward = h("span", { class: "big", "data-field": "reward" }, "–");
  readonly #rewardBox: HTMLElement;
  readonly #totalName = h("span", { class: "name" });
  readonly #totalUnit = h("small", { class: "unit" });
  readonly #total = h("span", { class: "sum", "data-field": "total" }, "–");
  #frame: Frame | null = null;
  #room: Room | null = null;

  constructor(host: HTMLElement) {
    this.#rewardBox = h(
      "div",
      { class: "reward" },
      h("p", {}, worded(h("span", { class: "name" }), "dash.reward"), " ", this.#reward),
      h("p", {}, this.#totalName, " ", this.#total, this.#totalUnit),
    );
    const name = worded(h("span", { class: "name" }), "dash.speed");
    const notches = h("span", { class: "notches", "aria-hidden": "true" }, ...this.#notches);
    this.#speedBox = h(
      "div",
      { class: "speed" },
      h("p", {}, name, " ", this.#speed, " ", this.#unit),
      h("p", { class: "below" }, notches, this.#limit),
    );
    host.append(this.#speedBox, this.#pill, this.#rewardBox);
    onLanguage(() => {
      if (this.#frame !== null) this.#write(this.#frame);
    });
  }

  render({ frame, room }: View): void {
    if (frame === null || frame === this.#frame) return;
    const before = this.#frame;
    this.#frame = frame;
    this.#room = room;
    this.#write(frame);
    this.#pill.dataset["action"] = frame.actionName ?? "none";
    this.#rewardBox.dataset["sign"] = frame.reward < 0 ? "loss" : "gain";
    this.#notches.forEach((notch, nth) => notch.classList.toggle("lit", nth < frame.speed));
    if (before !== null && frame.actionName !== null) replay(this.#rewardBox, "flash");
  }

  #write(frame: Frame): void {
    this.#writeSpeed(frame.speed);
    setText(this.#action, actionWords(frame.actionName));
    const other = actionWords(frame.actionName, language() === "en" ? "sw" : "en");
    setText(this.#other, other === this.#action.textContent ? "" : other);
    const measured = measuresOf(this.#room) !== null;
    this.#rewardBox.classList.toggle("measured", measured);
    setText(this.#totalName, t(measured ? "dash.profit" : "dash.total"));
    setText(this.#totalUnit, measured ? " TSh" : "");
    setText(this.#reward, rewardNumber(this.#room, frame.reward));
    setText(this.#total, rewardNumber(this.#room, frame.totalReward));
  }

  #writeSpeed(notch: number): void {
    const measures = measuresOf(this.#room);
    const speed = notch * (measures?.notchKmh ?? 1);
    const limit = measures?.limitKmh ?? Infinity;
    setText(this.#speed, whole(speed));
    setText(this.#unit, measures === null ? "" : t("speed.kmh"));
    setText(this.#limit, measures === null ? "" : t("speed.limit", { limit }));
    this.#speedBox.classList.toggle("measured", measures !== null);
    this.#speedBox.classList.toggle("too-fast", speed > limit);
  }
}
