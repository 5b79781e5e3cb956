/**
 * Pause, resume and single step, for those whom the server lets drive. A button says what it will
 * do and waits for its answer; what the room then is, is drawn from what the server says of it.
 */
import type { Outcome } from "../connection/requests";
import type { View } from "../state/view";
import { find, setText } from "./dom";

export type Command = "pause" | "resume" | "step";

export class Controls {
  readonly #element: HTMLElement;
  readonly #pause: HTMLElement;
  readonly #send: (command: Command) => Promise<Outcome>;
  #paused = false;
  #busy = false;
  #notBefore = 0;

  constructor(element: HTMLElement, send: (command: Command) => Promise<Outcome>) {
    this.#element = element;
    this.#send = send;
    this.#pause = find(element, ".pause");
    this.#pause.addEventListener("click", () => void this.#ask(this.#paused ? "resume" : "pause"));
    find(element, ".step").addEventListener("click", () => void this.#ask("step"));
  }

  render({ hello, room }: View): void {
    this.#element.hidden = room === null || hello === null || hello.role === "watch";
    if (room === null) return;
    this.#paused = room.paused;
    // A driven room moves by steps alone: there is nothing to pause.
    this.#pause.hidden = room.kind === "driven";
    setText(this.#pause, room.paused ? "Resume" : "Pause");
  }

  /** One request at a time, and none before the server wants to hear another: a key may be held. */
  async #ask(command: Command): Promise<void> {
    if (this.#busy || Date.now() < this.#notBefore) return;
    this.#busy = true;
    const refusal = await this.#send(command);
    this.#busy = false;
    this.#notBefore = Date.now() + (refusal?.retryAfterMs ?? 0);
  }
}
