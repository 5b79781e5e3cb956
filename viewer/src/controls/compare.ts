/**
 * Opens the what-if: a second room with the driver, the scenario and the trips of this one, under
 * another law, and the page that shows both. Not there for who may not make rooms, nor for rules
 * that tell no law.
 */
import { pageOf } from "../connection/address";
import type { Session } from "../connection/session";
import { h, worded } from "../hud/dom";
import { t } from "../i18n";
import { rememberMade } from "../pair/made";
import type { View } from "../state/view";
import { copyRoom } from "./copy-room";
import { Levers, settingsOf } from "./levers";
import { Problem } from "./problem";

export class CompareControl {
  readonly element: HTMLElement;
  readonly #session: Session;
  readonly #open = worded(h("button", { type: "submit", class: "strong" }), "compare.do");
  readonly #levers = new Levers(() => {
    this.#problem.clear();
  });
  readonly #problem = new Problem((busy) => {
    this.#levers.disable(busy);
    this.#open.disabled = busy;
  });
  #view: View | null = null;

  constructor(session: Session) {
    this.#session = session;
    const form = h("form", {}, ...this.#levers.elements, this.#open, this.#problem.element);
    this.element = h(
      "details",
      { class: "compare" },
      worded(h("summary"), "compare.title"),
      worded(h("p", { class: "note" }), "compare.explain"),
      form,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#compare();
    });
  }

  render(view: View): void {
    this.#view = view;
    const { room, frame } = view;
    const may = this.#session.can("create") && room?.kind === "stream";
    this.element.hidden = !may || !this.#levers.render(room, frame);
  }

  async #compare(): Promise<void> {
    const { room, frame } = this.#view ?? { room: null, frame: null };
    if (room === null || frame === null) return;
    const law = this.#levers.moved();
    const now = settingsOf(frame.own);
    if (Object.entries(law).every(([field, value]) => now[field] === value)) {
      this.#problem.say(() => t("compare.same"));
      return;
    }
    const { api } = this.#session;
    const made = await this.#problem.ask(() => copyRoom(api, room, frame, law));
    if (made?.kind === "different") this.#problem.say(() => t("compare.uncopied"));
    if (made?.kind !== "made") return;
    rememberMade(made.code);
    location.assign(pageOf(location.href, [room.code, made.code]));
  }
}
