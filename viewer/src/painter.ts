/**
 * Draws what the page knows once a screen refresh, however many messages came since: after a break
 * hundreds of missed frames come at once, and a page that nobody looks at draws nothing at all.
 */
import type { Frame } from "./protocol/messages";
import { follows, type View } from "./state/view";

export class Painter {
  readonly #draw: (view: View) => void;
  readonly #schedule: (paint: () => void) => void;
  #view: View | null = null;
  #drawn: Frame | null = null;

  constructor(draw: (view: View) => void, schedule: (paint: () => void) => void) {
    this.#draw = draw;
    this.#schedule = schedule;
  }

  show(view: View): void {
    const waits = this.#view !== null;
    this.#view = view;
    if (!waits) this.#schedule(this.#paint);
  }

  readonly #paint = (): void => {
    const view = this.#view;
    if (view === null) return;
    this.#view = null;
    // What moves goes on from what was drawn, not from a frame that nobody saw.
    this.#draw({ ...view, previous: follows(this.#drawn, view.frame) ? this.#drawn : null });
    this.#drawn = view.frame;
  };
}
