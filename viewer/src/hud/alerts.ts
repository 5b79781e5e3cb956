/**
 * The warning lamps. They keep their places, lit or not, so that nothing jumps and a glance is
 * enough; what is lit differs in shape and in words, not in colour alone.
 */
import type { Frame } from "../protocol/messages";
import { find, setText } from "./dom";

const LAMPS: Readonly<Record<string, (frame: Frame) => boolean>> = {
  red: (frame) => frame.lightRed,
  police: (frame) => frame.policeHere,
  overloaded: (frame) => frame.passengers > frame.legalCapacity,
  fined: (frame) => frame.fined,
  crashed: (frame) => frame.crashed,
};

export class Alerts {
  readonly #lamps: readonly (readonly [HTMLElement, HTMLElement, (frame: Frame) => boolean])[];

  constructor(page: ParentNode) {
    this.#lamps = Object.entries(LAMPS).map(([name, isLit]) => {
      const lamp = find(page, `[data-alert="${name}"]`);
      return [lamp, find(lamp, ".state"), isLit] as const;
    });
  }

  show(frame: Frame): void {
    for (const [lamp, state, isLit] of this.#lamps) {
      const lit = isLit(frame);
      lamp.classList.toggle("lit", lit);
      setText(state, lit ? "yes" : "no");
    }
  }
}
