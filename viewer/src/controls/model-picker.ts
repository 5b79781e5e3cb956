/** Who drives, by which rules: what the server's catalog has, to be loaded into the room. */
import type { ModelEntry } from "../connection/api";
import type { Session } from "../connection/session";
import { h, inWords, setText, worded } from "../hud/dom";
import { t } from "../i18n";
import type { Room } from "../protocol/messages";
import type { View } from "../state/view";
import { Problem } from "./problem";

export class ModelPicker {
  readonly element: HTMLFormElement;
  readonly #session: Session;
  readonly #select = h("select", { class: "model" });
  readonly #load = h("button", { type: "submit" });
  readonly #problem = new Problem((busy) => {
    this.#busy = busy;
    this.#write();
  });
  #models: readonly ModelEntry[] = [];
  #room: Room | null = null;
  #loaded = "";
  #busy = false;
  #asked = false;

  constructor(session: Session) {
    this.#session = session;
    const label = h(
      "label",
      { class: "field wide" },
      worded(h("span"), "room.model"),
      this.#select,
    );
    this.element = h("form", { class: "model-form" }, label, this.#load, this.#problem.element);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#loadChosen();
    });
    this.#select.addEventListener("change", () => {
      this.#write();
    });
    inWords(() => {
      this.#write();
    });
  }

  /** What there is to choose from; empty until the server has told. */
  get models(): readonly ModelEntry[] {
    return this.#models;
  }

  /** Which of them drives the room, as the value of its option. */
  get loaded(): string {
    return this.#loaded;
  }

  render({ room }: View): void {
    this.element.hidden = room === null || !this.#session.can("load");
    if (room === null || this.element.hidden) return;
    if (!this.#asked) void this.#fetch();
    this.#room = room;
    const now = keyOf(room);
    if (now !== this.#loaded) {
      this.#loaded = now;
      this.#fill();
      this.#select.value = now;
    }
    this.#write();
  }

  async #fetch(): Promise<void> {
    this.#asked = true;
    const answer = await this.#session.api.models();
    if (answer.kind === "error") {
      this.#asked = false;
      this.#problem.say(() => t("room.models.none"));
      return;
    }
    this.#models = answer.value;
    this.#fill();
    this.#select.value = this.#loaded;
    this.#write();
  }

  #fill(): void {
    const room = this.#room;
    const here = this.#models.some((model) => keyOf(model) === this.#loaded);
    // A model that was given to the server as a file is in no catalog.
    const all = here || room === null ? this.#models : [room, ...this.#models];
    this.#select.replaceChildren(...modelOptions(all));
  }

  async #loadChosen(): Promise<void> {
    const chosen = this.#models.find((model) => keyOf(model) === this.#select.value);
    if (chosen === undefined) return;
    const { model, rules } = chosen;
    await this.#problem.ask(() => this.#session.request("load", { model, rules }));
  }

  #write(): void {
    const loaded = this.#select.value === this.#loaded;
    this.#load.disabled = this.#busy || loaded;
    this.#select.disabled = this.#busy;
    this.element.setAttribute("aria-busy", String(this.#busy));
    const words = this.#busy ? "room.loading" : loaded ? "room.loaded" : "room.load";
    setText(this.#load, t(words));
  }
}

function keyOf({ rules, model }: ModelEntry): string {
  return `${rules}/${model}`;
}

/** An option for each model, in groups by rules. */
export function modelOptions(models: readonly ModelEntry[]): HTMLOptGroupElement[] {
  const rules = [...new Set(models.map((each) => each.rules))];
  return rules.map((name) =>
    h(
      "optgroup",
      { label: name },
      ...models
        .filter((each) => each.rules === name)
        .map((each) => h("option", { value: keyOf(each) }, each.model)),
    ),
  );
}
