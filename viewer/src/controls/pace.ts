/**
 * Pause, step, speed and new episode: what changes the room's clock, for everybody in it. Who looks
 * back pauses what is shown there, and nothing that others see.
 */
import type { Session } from "../connection/session";
import { h, inWords, setText, worded } from "../hud/dom";
import { t } from "../i18n";
import type { Room } from "../protocol/messages";
import type { View } from "../state/view";
import { Problem } from "./problem";

/** Speeds on the slider, in frames a second: as fine as one can tell apart. */
const SPEEDS = [0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 60, 90, 120, 240];

/** How long (milliseconds) the slider rests before its speed is asked for. */
const REST_MS = 150;

/** What the pace needs of a session: two rooms that are driven together have it too. */
export type Paced = Pick<Session, "can" | "request" | "live" | "play">;

export class Pace {
  readonly element: HTMLElement;
  readonly #session: Paced;
  readonly #problem = new Problem((busy) => {
    for (const button of this.#buttons) button.disabled = busy;
    this.#write();
  });
  readonly #pause = h("button", { type: "button", class: "pause strong" });
  readonly #step = worded(h("button", { type: "button", class: "step" }), "drive.step");
  readonly #reset = worded(h("button", { type: "submit", class: "reset" }), "drive.reset");
  readonly #buttons = [this.#pause, this.#step, this.#reset];
  readonly #seed = h("input", {
    ...{ type: "text", inputmode: "numeric", name: "seed", autocomplete: "off" },
  });
  readonly #speed = h("input", {
    ...{ type: "range", min: "0", max: String(SPEEDS.length - 1), step: "1", class: "speed" },
  });
  readonly #fps = h("output", { class: "fps" });
  #room: Room | null = null;
  #held = false;
  /** Where this page looks back, if it does. */
  #back: Extract<View["watching"], { kind: "back" }> | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(session: Paced) {
    this.#session = session;
    const seed = h("label", { class: "field" }, worded(h("span"), "drive.seed"), this.#seed);
    const reset = h("form", { class: "reset-form" }, seed, this.#reset);
    const said = h("span", { class: "said" }, worded(h("span"), "drive.speed"), this.#fps);
    const speed = h("label", { class: "field wide" }, said, this.#speed);
    this.element = h(
      "div",
      { class: "pace" },
      h("div", { class: "buttons" }, this.#pause, this.#step),
      speed,
      reset,
      this.#problem.element,
    );
    this.#pause.addEventListener("click", () => {
      if (this.#back === null) void this.#ask(this.#room?.paused ? "resume" : "pause");
      else void this.#session.play(!this.#back.playing);
    });
    this.#step.addEventListener("click", () => void this.#ask("step"));
    reset.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#restart();
    });
    this.#speed.addEventListener("input", () => {
      this.#held = true;
      this.#write();
      clearTimeout(this.#rest);
      this.#rest = setTimeout(() => void this.#setSpeed(), REST_MS);
    });
    inWords(() => {
      this.#write();
    });
  }

  render({ room, watching }: Pick<View, "room" | "watching">): void {
    const back = watching.kind === "back" ? watching : null;
    this.element.hidden = room === null || !this.#session.can("step");
    if (room === this.#room && back?.playing === this.#back?.playing) return;
    this.#back = back;
    this.#room = room;
    if (room !== null && !this.#held) this.#speed.value = String(nearest(room.fps));
    this.#write();
  }

  /** Pause a room that runs, let go one that is paused. */
  toggle(): void {
    if (!this.element.hidden && !this.#pause.hidden) this.#pause.click();
  }

  #write(): void {
    const room = this.#room;
    if (room === null) return;
    // A driven room moves by steps alone, and one that is held has no clock to stop.
    this.#pause.hidden = room.kind === "driven";
    const held = this.#back === null && room.mode !== "policy";
    this.#pause.disabled = this.#problem.busy || held;
    setText(this.#pause, this.#pauseWords(room));
    const fps = this.#held ? (SPEEDS[Number(this.#speed.value)] ?? room.fps) : room.fps;
    const words = t("drive.fps", { count: Number(fps.toPrecision(3)) });
    setText(this.#fps, words);
    this.#speed.setAttribute("aria-valuetext", words);
  }

  #pauseWords({ paused }: Room): string {
    if (this.#back !== null) return t(this.#back.playing ? "time.hold" : "time.play");
    return t(paused ? "drive.resume" : "drive.pause");
  }

  #ask(type: "pause" | "resume" | "step"): Promise<unknown> {
    // What is asked for is done at the latest frame, and is to be seen there.
    if (type === "step" && this.#back !== null) void this.#session.live();
    return this.#problem.ask(() => this.#session.request(type));
  }

  async #setSpeed(): Promise<void> {
    const fps = SPEEDS[Number(this.#speed.value)];
    if (fps === undefined) return;
    if (this.#problem.busy) {
      this.#rest = setTimeout(() => void this.#setSpeed(), REST_MS);
      return;
    }
    await this.#problem.ask(() => this.#session.request("speed", { fps }));
    this.#held = false;
    if (this.#room !== null) this.#speed.value = String(nearest(this.#room.fps));
    this.#write();
  }

  async #restart(): Promise<void> {
    const text = this.#seed.value.trim();
    const seed = Number(text);
    if (text !== "" && (!/^\d+$/.test(text) || !Number.isSafeInteger(seed))) {
      this.#problem.say(() => t("drive.seed.wrong"));
      this.#seed.focus();
      return;
    }
    await this.#problem.ask(() => this.#session.request("reset", text === "" ? {} : { seed }));
  }
}

/** The place on the slider that is nearest to this speed. */
export function nearest(fps: number): number {
  const away = SPEEDS.map((speed) => Math.abs(Math.log(speed / Math.max(fps, 0.01))));
  return away.indexOf(Math.min(...away));
}
