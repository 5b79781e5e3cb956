/** Episode, step and where the bus is now, in the bar at the top. */
import { whole } from "../format";
import { onLanguage, t } from "../i18n";
import { mostSteps, rollsOn } from "../protocol/measures";
import type { View } from "../state/view";
import { h, setText, worded } from "./dom";
import { capital, nearestPlace } from "./words";

export class StatusBar {
  readonly #episode = h("dd", { "data-field": "episode" }, "–");
  readonly #step = h("span", { "data-field": "step" }, "–");
  readonly #most = h("small");
  readonly #place = h("span", { "data-field": "place" }, "–");
  readonly #cell = h("small", { "data-field": "cell" });
  #view: View | null = null;

  constructor(host: HTMLElement) {
    const fact = (label: HTMLElement, value: HTMLElement): HTMLElement =>
      h("div", {}, label, value);
    host.append(
      h(
        "dl",
        {},
        fact(worded(h("dt"), "status.episode"), this.#episode),
        fact(worded(h("dt"), "status.step"), h("dd", {}, this.#step, " ", this.#most)),
        fact(worded(h("dt"), "status.place"), h("dd", {}, this.#place, " ", this.#cell)),
      ),
    );
    onLanguage(() => {
      if (this.#view !== null) this.render(this.#view);
    });
  }

  render(view: View): void {
    this.#view = view;
    const { frame, room } = view;
    if (frame === null) return;
    setText(this.#episode, whole(frame.episode));
    setText(this.#step, whole(frame.step));
    setText(
      this.#most,
      room === null
        ? ""
        : t(rollsOn(room) ? "status.of" : "status.of.most", { most: mostSteps(room) }),
    );
    const near = nearestPlace(room, frame.routeIndex);
    const [x, y] = frame.position;
    setText(this.#cell, t("status.cell", { x, y }));
    const words =
      near === null ? "" : near.away === 0 ? near.name : t("place.near", { place: near.name });
    setText(this.#place, capital(words));
  }
}
