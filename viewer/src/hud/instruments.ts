/**
 * What a glance should catch, over the scene, as one story in its order: where the bus was and what
 * stood there, what the driver did (in both languages), and what came of it: speed and reward. All
 * of it is of one step; where the bus has come to is told by the bar at the top. Where the rules
 * measure them, speed is in km/h against the limit, and rewards are money.
 */
import { whole } from "../format";
import { language, onLanguage, t } from "../i18n";
import { measuresOf } from "../protocol/measures";
import type { View } from "../state/view";
import { h, named, replay, setText, worded } from "./dom";
import { sightsOf, type Sight } from "./sights";
import { actionWords, capital, placeWords, rewardNumber } from "./words";

/** Notches that the small gauge can show; rules with more fill it. */
const GAUGE_NOTCHES = 3;

type Shown = Pick<View, "frame" | "before" | "room">;

export class Instruments {
  readonly #where = h("p", { class: "where", "data-field": "story-where" });
  readonly #saw = h("ul", { class: "saw", "data-field": "story-saw" });
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
  #shown: Shown | null = null;

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
    const was = h(
      "div",
      { class: "was" },
      h("p", {}, worded(h("span", { class: "name" }), "story.was"), " ", this.#where),
      this.#saw,
    );
    const story = h(
      "div",
      { class: "story", role: "group" },
      was,
      this.#pill,
      h("div", { class: "came" }, this.#speedBox, this.#rewardBox),
    );
    host.append(named(story, "story.title"));
    onLanguage(() => {
      if (this.#shown !== null) this.#write(this.#shown);
    });
  }

  render({ frame, before, room }: View): void {
    const last = this.#shown;
    if (frame === null || (frame === last?.frame && before === last.before)) return;
    this.#shown = { frame, before, room };
    this.#write(this.#shown);
    this.#pill.dataset["action"] = frame.actionName ?? "none";
    this.#rewardBox.dataset["sign"] = frame.reward < 0 ? "loss" : "gain";
    this.#notches.forEach((notch, nth) => notch.classList.toggle("lit", nth < frame.speed));
    if (last !== null && frame.actionName !== null) replay(this.#rewardBox, "flash");
  }

  #write({ frame, before, room }: Shown): void {
    if (frame === null) return;
    this.#writeWas({ frame, before, room });
    this.#writeSpeed(frame.speed, room);
    setText(this.#action, actionWords(frame.actionName));
    const other = actionWords(frame.actionName, language() === "en" ? "sw" : "en");
    setText(this.#other, other === this.#action.textContent ? "" : other);
    const measured = measuresOf(room) !== null;
    this.#rewardBox.classList.toggle("measured", measured);
    setText(this.#totalName, t(measured ? "dash.profit" : "dash.total"));
    setText(this.#totalUnit, measured ? " TSh" : "");
    setText(this.#reward, rewardNumber(room, frame.reward));
    setText(this.#total, rewardNumber(room, frame.totalReward));
  }

  /** A reset is where a trip begins; where else the frame before is not known, nothing is made up. */
  #writeWas({ frame, before, room }: Shown): void {
    const from = before ?? (frame?.actionName === null ? frame : null);
    setText(this.#where, from === null ? "–" : capital(placeWords(room, from)));
    const saw: readonly Sight[] =
      before !== null && room !== null
        ? sightsOf(room, before)
        : [{ kind: "clear", words: from === null ? t("story.unseen") : t("story.begins") }];
    this.#saw.replaceChildren(
      ...saw.map(({ kind, words }) => h("li", { "data-sight": kind }, words)),
    );
  }

  #writeSpeed(notch: number, room: View["room"]): void {
    const measures = measuresOf(room);
    const speed = notch * (measures?.notchKmh ?? 1);
    const limit = measures?.limitKmh ?? Infinity;
    setText(this.#speed, whole(speed));
    setText(this.#unit, measures === null ? "" : t("speed.kmh"));
    setText(this.#limit, measures === null ? "" : t("speed.limit", { limit }));
    this.#speedBox.classList.toggle("measured", measures !== null);
    this.#speedBox.classList.toggle("too-fast", speed > limit);
  }
}
