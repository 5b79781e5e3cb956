/**
 * Passengers against what the bus can hold and what the law allows, as a bar with a mark; money; and
 * where those aboard want to go, where that is told.
 */
import { whole } from "../format";
import { onLanguage, t } from "../i18n";
import type { Frame, Room } from "../protocol/messages";
import type { View } from "../state/view";
import { card } from "./card";
import { Destinations } from "./destinations";
import { h, named, setText, worded } from "./dom";

const METER = {
  class: "meter",
  role: "meter",
  "aria-valuemin": "0",
  "aria-valuemax": "1",
  "aria-valuenow": "0",
} as const;

export class Load {
  readonly #now = h("span", { class: "big", "data-field": "passengers" }, "–");
  readonly #of = h("span", { "data-field": "capacity" });
  readonly #over = h("strong", { class: "too-many" });
  readonly #fill = h("div", { class: "fill" });
  readonly #legal = h("span", { "data-field": "legal" });
  readonly #mark = h("div", { class: "mark" }, this.#legal);
  readonly #money = h("span", { class: "big", "data-field": "money" }, "–");
  readonly #meter = named(
    h("div", METER, h("div", { class: "track" }, this.#fill), this.#mark),
    "load.title",
  );
  readonly #destinations = new Destinations();
  #frame: Frame | null = null;
  #room: Room | null = null;

  constructor(host: HTMLElement) {
    host.append(
      card(
        "load",
        "load.title",
        h(
          "div",
          { class: "head" },
          h("p", { class: "now" }, this.#now, " ", this.#of),
          h(
            "p",
            { class: "money" },
            worded(h("span", { class: "name" }), "money.title"),
            h("small", {}, " TSh "),
            this.#money,
          ),
        ),
        h("div", { class: "gauge" }, this.#meter, this.#over),
        this.#destinations.element,
      ),
    );
    onLanguage(() => {
      if (this.#frame !== null) this.#show(this.#frame);
    });
  }

  render({ frame, room }: View): void {
    if (frame === null || frame === this.#frame) return;
    this.#frame = frame;
    this.#room = room;
    this.#show(frame);
  }

  #show(frame: Frame): void {
    const { passengers, capacity, legalCapacity } = frame;
    if (this.#room !== null) this.#destinations.show(this.#room, frame);
    const over = Math.max(0, passengers - legalCapacity);
    setText(this.#now, whole(passengers));
    setText(this.#of, t("load.of", { capacity }));
    setText(this.#over, over === 0 ? "" : t("load.over", { count: over }));
    setText(this.#legal, t("load.legal", { legal: legalCapacity }));
    setText(this.#money, whole(frame.money));
    this.#fill.style.transform = `scaleX(${part(passengers, capacity)})`;
    this.#mark.style.left = `${part(legalCapacity, capacity) * 100}%`;
    this.#meter.classList.toggle("overloaded", over > 0);
    this.#meter.setAttribute("aria-valuemax", String(capacity));
    this.#meter.setAttribute("aria-valuenow", String(Math.min(passengers, capacity)));
    const values = { passengers, capacity, legal: legalCapacity };
    this.#meter.setAttribute("aria-valuetext", t("load.value", values));
  }
}

/** `value` as a part of `of`, within 0 and 1 whatever the message said. */
function part(value: number, of: number): number {
  return of > 0 ? Math.min(1, Math.max(0, value / of)) : 0;
}
