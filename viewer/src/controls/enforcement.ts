/**
 * Changes what is enforced: who may load a model may change the law under which it drives. Each
 * change begins a new trip, as a trip is under one law. Not there where rules tell none of it.
 */
import type { Session } from "../connection/session";
import { h, worded } from "../hud/dom";
import type { Room } from "../protocol/messages";
import type { View } from "../state/view";
import { Levers } from "./levers";
import { Problem } from "./problem";

export class EnforcementControl {
  readonly element: HTMLElement;
  readonly #session: Session;
  readonly #problem = new Problem((busy) => {
    this.#levers.disable(busy);
  });
  readonly #levers = new Levers(() => void this.#ask());
  #room: Room | null = null;

  constructor(session: Session) {
    this.#session = session;
    this.element = h(
      "details",
      { class: "enforcement" },
      worded(h("summary"), "law.change.title"),
      worded(h("p", { class: "note" }), "law.change"),
      ...this.#levers.elements,
      this.#problem.element,
    );
  }

  render({ room, frame }: View): void {
    this.#room = room;
    this.element.hidden = !this.#session.can("load") || !this.#levers.render(room, frame);
  }

  async #ask(): Promise<void> {
    const room = this.#room;
    if (room === null) return;
    const { model, rules } = room;
    const set = this.#levers.moved();
    await this.#problem.ask(() => this.#session.request("load", { model, rules, set }));
    this.#levers.letGo();
  }
}
