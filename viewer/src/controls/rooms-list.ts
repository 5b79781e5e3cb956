/** The rooms there are, to be opened in place, and a form to create one. */
import type { RoomEntry } from "../connection/api";
import type { Session } from "../connection/session";
import { h, inWords, worded } from "../hud/dom";
import { t } from "../i18n";
import { ROOM_KINDS } from "../protocol/messages";
import type { View } from "../state/view";
import { modelOptions, type ModelPicker } from "./model-picker";
import { Problem, textIn } from "./problem";
import { Refresher } from "./refresher";

/** Time between two looks at the list while it is open, in milliseconds. */
const LOOK_EVERY_MS = 5_000;

export class RoomsList {
  readonly element: HTMLDetailsElement;
  readonly #session: Session;
  readonly #models: ModelPicker;
  readonly #list = h("ul", { class: "rooms" });
  readonly #problem = new Problem();
  readonly #create: HTMLDetailsElement;
  readonly #model = h("select", { name: "model" });
  readonly #refresher = new Refresher(LOOK_EVERY_MS, () => this.#fetch());
  #rooms: readonly RoomEntry[] = [];
  #drawn = "";
  #code = "";

  constructor(session: Session, models: ModelPicker) {
    this.#session = session;
    this.#models = models;
    this.#create = this.#createForm();
    this.element = h(
      "details",
      { class: "others" },
      worded(h("summary"), "room.others"),
      this.#list,
      this.#create,
      this.#problem.element,
    );
    this.element.addEventListener("toggle", () => {
      if (this.element.open) this.#refresher.start();
      else this.#refresher.stop();
    });
    inWords(() => {
      this.#drawn = "";
      this.#write();
    });
  }

  render({ room }: View): void {
    this.#create.hidden = !this.#session.can("create");
    if (room?.code === this.#code) return;
    this.#code = room?.code ?? "";
    if (this.element.open) void this.#refresher.now();
    this.#write();
  }

  async #fetch(): Promise<void> {
    const answer = await this.#session.api.rooms();
    if (answer.kind === "error") {
      this.#problem.say(() => t("room.others.none"));
      return;
    }
    this.#problem.clear();
    this.#rooms = answer.value;
    this.#write();
  }

  #write(): void {
    // What counts on all the time is not worth building the list anew, which would take the focus.
    const shown = this.#rooms.map((entry) => ({ ...entry, seq: 0 }));
    const key = JSON.stringify([shown, this.#code]);
    if (key === this.#drawn) return;
    const focused = document.activeElement?.getAttribute("data-room");
    this.#drawn = key;
    this.#list.replaceChildren(...this.#rooms.map((entry) => this.#item(entry)));
    const again = [...this.#list.querySelectorAll<HTMLElement>("[data-room]")];
    if (focused != null) again.find((each) => each.dataset["room"] === focused)?.focus();
  }

  #item(entry: RoomEntry): HTMLLIElement {
    const { code } = entry;
    const here = code === this.#code;
    const button = h(
      "button",
      { type: "button", "data-room": code, "aria-label": t("room.open", { code }) },
      h("strong", {}, code),
      h("span", { class: "note" }, describe(entry, here)),
    );
    if (here) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => {
      this.#session.openRoom(code);
    });
    return h("li", {}, button);
  }

  #createForm(): HTMLDetailsElement {
    const code = h("input", {
      ...{ type: "text", name: "code", maxlength: "32", pattern: "[a-z0-9\\-]{1,32}" },
      ...{ autocomplete: "off", autocapitalize: "none", spellcheck: "false" },
    });
    const kind = h("select", { name: "kind" });
    const kinds = ROOM_KINDS.filter((each) => each !== "playback").map((each) =>
      worded(h("option", { value: each }), `room.kind.${each}`),
    );
    kind.append(...kinds);
    const fps = h("input", {
      ...{ type: "number", name: "fps", min: "0.1", max: "240", step: "any", value: "5" },
    });
    const field = (
      name: "room.create.code" | "room.create.kind" | "room.model" | "room.create.fps",
      input: HTMLElement,
    ): HTMLElement => h("label", { class: "field" }, worded(h("span"), name), input);
    inWords(() => {
      code.title = t("room.create.code.hint");
    });
    const form = h(
      "form",
      { class: "create" },
      field("room.create.code", code),
      field("room.create.kind", kind),
      field("room.model", this.#model),
      field("room.create.fps", fps),
      worded(h("button", { type: "submit", class: "strong" }), "room.create.do"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const [rules = "", ...model] = this.#model.value.split("/");
      void this.#make({
        ...(code.value === "" ? {} : { code: code.value }),
        ...(rules === "" ? {} : { rules, model: model.join("/") }),
        kind: kind.value,
        fps: fps.valueAsNumber,
      });
    });
    const details = h("details", {}, worded(h("summary"), "room.create"), form);
    details.addEventListener("toggle", () => {
      if (!details.open) return;
      this.#model.replaceChildren(...modelOptions(this.#models.models));
      this.#model.value = this.#models.loaded;
    });
    return details;
  }

  async #make(fields: Readonly<Record<string, string | number>>): Promise<void> {
    const reply = await this.#problem.ask(() => this.#session.request("create", fields));
    const code = reply === null ? null : textIn(reply, "code");
    if (code !== null) this.#session.openRoom(code);
  }
}

function describe(
  { model, rules, fps, viewers, kind, mode, paused }: RoomEntry,
  here: boolean,
): string {
  return [
    here ? t("room.here") : null,
    `${model}, ${rules}`,
    kind === "stream"
      ? t("drive.fps", { count: Number(fps.toPrecision(3)) })
      : t(`room.kind.${kind}`),
    mode === "policy" ? null : t(`room.mode.${mode}`),
    paused ? t("room.paused") : null,
    t("room.watching", { count: viewers }),
  ]
    .filter((part) => part !== null)
    .join(" · ");
}
