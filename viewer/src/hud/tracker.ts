/** The small map of the whole route, as on a conductor's phone. */
import { Plan } from "../plan/plan";
import type { View } from "../state/view";
import { card } from "./card";
import { h, named } from "./dom";
import { legend } from "./legend";

export class Tracker {
  readonly #plan: Plan;

  constructor(host: HTMLElement) {
    const map = named(h("div", { class: "map", role: "img" }), "page.scene");
    host.append(card("tracker", "tracker.title", map, legend()));
    this.#plan = new Plan(map, { detail: "mini" });
  }

  render(view: View): void {
    this.#plan.render(view);
  }
}
