/**
 * Draws what the page knows once a screen refresh, however many messages came since: after a break
 * hundreds of missed frames come at once, and a page that nobody looks at draws nothing at all.
 */
import type { Frame } from "./protocol/messages";
import { follows, type View } from "./state/view";

/** `known` is what is known; `drawn` the same, but going on from the frame that was drawn last. */
export type Draw = (drawn: View, known: View) => void;

export class Painter {
  readonly #draw: Draw;
  readonly #schedule: (paint: () => void) => void;
  #view: View | null = null;
  #drawn: Frame | null = null;

  constructor(draw: Draw, schedule: (paint: () => void) => void) {
    this.#draw = draw;
    this.#schedule = schedule;
  }

  /** The frame that is on the screen; what was received since is yet to be drawn. */
  get drawn(): Frame | null {
    return this.#drawn;
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
    // What moves goes on from what was drawn, not from a frame that nobody saw. What changed without
    // a new frame must not look like a jump.
    const same = this.#drawn === view.frame;
    const previous = same || follows(this.#drawn, view.frame) ? this.#drawn : null;
    this.#draw({ ...view, previous: same ? view.previous : previous }, view);
    this.#drawn = view.frame;
  };
}
