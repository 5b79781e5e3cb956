/** What is enforced in one of two rooms, in a line; what differs from the other is marked. */
import { h, setText, worded } from "../hud/dom";
import { FrameFacts } from "../hud/frame-facts";
import { ENFORCED, told } from "../hud/law";
import { measuresOf } from "../protocol/measures";
import type { Frame, Room } from "../protocol/messages";
import type { Own } from "../protocol/own";
import type { View } from "../state/view";

export class LawLine {
  readonly element = h("dl", { class: "law-line" });
  readonly #rows = ENFORCED.map(({ words, own }) => {
    const value = h("dd", { "data-law": own });
    return { own, value, element: h("div", {}, worded(h("dt"), words), value) };
  });
  readonly #facts = new FrameFacts(this.element, (room, frame) => this.#write(room, frame));
  #other: Own | null = null;

  constructor() {
    this.element.append(...this.#rows.map(({ element }) => element));
  }

  render(view: View, other: View): void {
    this.#other = other.frame?.own ?? null;
    this.#facts.render(view);
  }

  #write(room: Room, frame: Frame): boolean {
    const measures = measuresOf(room);
    for (const { own, value, element } of this.#rows) {
      const now = frame.own[own];
      element.hidden = now === null || measures === null;
      element.classList.toggle("differs", this.#other !== null && this.#other[own] !== now);
      if (now !== null && measures !== null) setText(value, told[own](now, measures));
    }
    return this.#rows.some(({ element }) => !element.hidden);
  }
}
