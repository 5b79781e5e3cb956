/** Passengers against what the bus can hold and what the law allows, as a bar with a mark. */
import type { Frame } from "../protocol/messages";
import { find } from "./dom";

export class LoadMeter {
  readonly #meter: HTMLElement;
  readonly #fill: HTMLElement;
  readonly #mark: HTMLElement;

  constructor(meter: HTMLElement) {
    this.#meter = meter;
    this.#fill = find(meter, ".fill");
    this.#mark = find(meter, ".mark");
  }

  show(frame: Frame): void {
    const { passengers, capacity, legalCapacity } = frame;
    this.#fill.style.transform = `scaleX(${part(passengers, capacity)})`;
    this.#mark.style.left = `${part(legalCapacity, capacity) * 100}%`;
    this.#meter.classList.toggle("over", passengers > legalCapacity);
    this.#meter.setAttribute("aria-valuemax", String(capacity));
    this.#meter.setAttribute("aria-valuenow", String(Math.min(passengers, capacity)));
    this.#meter.setAttribute(
      "aria-valuetext",
      `${passengers} of ${capacity}, the law allows ${legalCapacity}`,
    );
  }
}

/** `value` as a part of `of`, within 0 and 1 whatever the message said. */
function part(value: number, of: number): number {
  return of > 0 ? Math.min(1, Math.max(0, value / of)) : 0;
}
