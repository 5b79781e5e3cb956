/** All that drives the room: its clock, the wheel, and votes. Not there for who may only watch. */
import type { Session } from "../connection/session";
import { card } from "../hud/card";
import { h, worded } from "../hud/dom";
import type { View } from "../state/view";
import "./controls.css";
import { CompareControl } from "./compare";
import { EnforcementControl } from "./enforcement";
import { Pace } from "./pace";
import { Voting } from "./voting";
import { WheelControl } from "./wheel";

export class DrivePanel {
  readonly #session: Session;
  readonly #card: HTMLElement;
  readonly #pace: Pace;
  readonly #wheel: WheelControl;
  readonly #voting: Voting;
  readonly #enforcement: EnforcementControl;
  readonly #compare: CompareControl;
  readonly #socket = worded(h("p", { class: "note", hidden: "" }), "drive.socket");

  constructor(host: HTMLElement, session: Session) {
    this.#session = session;
    this.#pace = new Pace(session);
    this.#wheel = new WheelControl(session);
    this.#voting = new Voting(session);
    this.#enforcement = new EnforcementControl(session);
    this.#compare = new CompareControl(session);
    const all = [this.#pace, this.#wheel, this.#enforcement, this.#compare, this.#voting];
    const parts = all.map(({ element }) => element);
    this.#card = card("drive", "drive.title", ...parts, this.#socket);
    host.append(this.#voting.ballot, this.#card);
  }

  render(view: View): void {
    // With a recording open there is nothing here to drive.
    this.#card.hidden = view.room === null || !this.#session.can("step");
    this.#pace.render(view);
    this.#wheel.render(view);
    this.#voting.render(view);
    this.#enforcement.render(view);
    this.#compare.render(view);
    this.#socket.hidden = this.#session.can("act") || !this.#session.mayElsewhere("act");
  }

  /** Pause or go on: for a key of the page. */
  togglePause(): void {
    this.#pace.toggle();
  }
}
