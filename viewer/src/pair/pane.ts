/**
 * One of two rooms: its city, what just happened, its law and its profit. The pieces are those that a
 * room's own page is made of.
 */
import type { Wishes } from "../connection/address";
import { EnforcementControl } from "../controls/enforcement";
import { Alerts } from "../hud/alerts";
import { h, setText, worded } from "../hud/dom";
import { Narration } from "../hud/narration";
import { ProfitCard } from "../hud/profit";
import { StatusBar } from "../hud/status";
import { RoomView } from "../room-view";
import type { View } from "../state/view";
import { LawLine } from "./law-line";
import { NAMES, type Side } from "./sides";

export interface PaneOptions {
  readonly side: Side;
  /** With the code of the room. */
  readonly wishes: Wishes;
  /** What the other room is known to be. */
  readonly other: () => View;
  readonly onChange: () => void;
}

export class Pane {
  readonly element: HTMLElement;
  readonly shown: RoomView;
  readonly #complaint = h("p", { class: "problem", role: "status" });

  constructor({ side, wishes, other, onChange }: PaneOptions) {
    const scene = h("div", { class: "scene", role: "img" });
    const notice = h("div", { class: "notice", hidden: "" });
    const sceneNote = h("div", { class: "scene-note", role: "status" });
    const over = h("div", { class: "over" }, notice, sceneNote);
    const status = h("div", { class: "status" });
    const link = h("div", { class: "link" });
    const law = new LawLine();
    const told = h("div", { class: "told" });
    this.element = h(
      "section",
      { class: `pane ${side}`, "aria-labelledby": `room-${side}` },
      h(
        "header",
        {},
        h("h2", { id: `room-${side}` }, NAMES[side], " ", h("small", {}, wishes.room)),
        status,
        link,
      ),
      h("div", { class: "picture" }, scene, over),
      told,
    );
    const pieces = [new StatusBar(status), new Alerts(over), new Narration(told)];
    told.append(worded(h("h3", { class: "unseen" }), "law.title"), law.element);
    const profit = new ProfitCard(told);
    this.shown = new RoomView(
      { whole: this.element, scene, sceneNote, link, notice },
      {
        wishes,
        draw: (_, known) => {
          for (const piece of [...pieces, profit, enforcement]) piece.render(known);
          law.render(known, other());
          setText(this.#complaint, known.complaint ?? "");
        },
        onChange,
      },
    );
    const enforcement = new EnforcementControl(this.shown.session);
    told.append(h("div", { class: "drive" }, enforcement.element), this.#complaint);
  }

  get view(): View {
    return this.shown.session.view;
  }
}
