/**
 * The wheel: who takes it drives the bus by keys, a step each. The keys are armed first, and the room
 * stands until one of them moves it: nobody can take over a bus that drives on. What was stopped so
 * goes on when the wheel is given back, or when the page goes.
 */
import type { Session } from "../connection/session";
import { h, inWords, named, setText, worded } from "../hud/dom";
import { t } from "../i18n";
import { EMPTY, type View } from "../state/view";
import { ActionPad } from "./action-pad";
import { Problem } from "./problem";

/** Fields in which keys mean what is written on them. */
const FIELDS = "input, select, textarea, [contenteditable]";

export class WheelControl {
  readonly element: HTMLElement;
  readonly #session: Session;
  readonly #problem = new Problem();
  readonly #toggle = h("button", { type: "button", class: "take" });
  readonly #note = h("p", { class: "note", role: "status" });
  readonly #pad = new ActionPad((action) => void this.#act(action), true);
  #view: View = EMPTY;
  #armed = false;
  /** A key has taken it since they were armed. */
  #taken = false;
  /** What the last key asked for. */
  #acting: Promise<unknown> = Promise.resolve();
  /** The room stands because the wheel was taken here. */
  #stopped = false;
  /** It was given back because this page asked. */
  #asked = false;

  constructor(session: Session) {
    this.#session = session;
    this.element = h(
      "div",
      { class: "wheel" },
      worded(h("h3"), "wheel.title"),
      this.#toggle,
      this.#note,
      named(this.#pad.element, "wheel.keys"),
      this.#problem.element,
    );
    this.#toggle.addEventListener("click", () => {
      if (this.#armed || this.#view.wheel?.mine === true) void this.release();
      else this.#arm(true);
    });
    // Before the page's own keys, which mean other things while nobody drives.
    addEventListener(
      "keydown",
      (event) => {
        this.#key(event);
      },
      { capture: true },
    );
    addEventListener("pagehide", () => {
      const code = this.#view.room?.code;
      if (this.#stopped && code !== undefined) {
        void session.api.post(`api/rooms/${encodeURIComponent(code)}/resume`, {});
      }
    });
    inWords(() => {
      this.#write();
    });
  }

  render(view: View): void {
    this.#view = view;
    const mine = view.wheel?.mine === true;
    // Taken away by the server, after too long without a turn of it.
    if (this.#taken && !mine && view.released?.mine === true) {
      this.#arm(false);
      void this.#goOn();
    }
    const other = view.wheel !== null && !mine;
    if (this.#armed && (other || view.vote !== null || !this.#session.can("act"))) {
      this.#arm(false);
      this.#stopped = false;
    }
    if (mine) this.#taken = true;
    this.#write();
  }

  async release(): Promise<void> {
    this.#arm(false);
    // The last key may be about to take it; and what is known is newer than what was drawn.
    await this.#acting;
    const mine = this.#session.view.wheel?.mine === true;
    this.#asked = mine;
    const released = mine ? await this.#session.request("release") : null;
    if (released?.kind === "error") this.#problem.refused(released);
    await this.#goOn();
  }

  /** The bus stands until it is driven. Keys need not wait for the answer: they are done after it. */
  async #stop(): Promise<void> {
    const { room } = this.#view;
    if (room === null || room.paused || room.kind !== "stream" || room.mode !== "policy") return;
    this.#stopped = true;
    const outcome = await this.#session.request("pause");
    if (outcome.kind === "error") this.#stopped = false;
  }

  async #goOn(): Promise<void> {
    if (!this.#stopped) return;
    this.#stopped = false;
    const outcome = await this.#session.request("resume");
    if (outcome.kind === "error") this.#problem.refused(outcome);
  }

  #arm(on: boolean): void {
    this.#armed = on;
    if (on) this.#problem.clear();
    // Nobody drives by looking back.
    if (on && this.#view.watching.kind === "back") void this.#session.live();
    if (on) void this.#stop();
    this.#taken = false;
    this.#asked = false;
    this.#write();
  }

  #key(event: KeyboardEvent): void {
    if (!this.#armed || event.ctrlKey || event.metaKey || event.altKey) return;
    const { target } = event;
    if (target instanceof Element && target.closest(FIELDS) !== null) return;
    // A dialog over the page has the keys.
    if (document.querySelector("dialog[open]") !== null) return;
    const action = this.#pad.actionOf(event.key);
    if (event.key !== "Escape" && action === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (action === null) void this.release();
    else void this.#act(action);
  }

  /** A key that is held asks again as soon as it was answered. */
  async #act(action: number): Promise<void> {
    if (this.#problem.busy) return;
    this.#acting = this.#problem.ask(() => this.#session.request("act", { action }));
    await this.#acting;
  }

  #write(): void {
    const { room, vote, wheel } = this.#view;
    this.element.hidden = room === null || !this.#session.can("act");
    const other = wheel !== null && !wheel.mine;
    const on = this.#armed || wheel?.mine === true;
    this.#toggle.hidden = other || vote !== null;
    this.#toggle.setAttribute("aria-pressed", String(on));
    this.#toggle.classList.toggle("strong", on);
    setText(this.#toggle, t(on ? "wheel.release" : "wheel.take"));
    setText(this.#note, this.#words());
    this.#pad.element.hidden = !on;
    this.#pad.render(room?.actions ?? []);
  }

  #words(): string {
    const { wheel, released, vote } = this.#view;
    if (vote !== null) return t("wheel.voting");
    if (wheel?.mine === true) return t("wheel.mine");
    if (wheel !== null) return t("wheel.other", { name: wheel.name ?? t("wheel.somebody") });
    if (this.#armed) return t("wheel.armed");
    if (released === null || this.#view.room?.mode !== "policy") return "";
    if (released.mine) return this.#asked ? "" : t("wheel.idle");
    return t("wheel.left", { name: released.name ?? t("wheel.somebody") });
  }
}
