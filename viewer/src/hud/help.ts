/** The help: what is seen here, and the keys. */
import { keysFor } from "../controls/keys";
import { t, type PlainKey } from "../i18n";
import { h, icon, named, worded } from "./dom";
import { sentences } from "./intro";
import { legend } from "./legend";
import { keysAreOn, turnKeys } from "./keys";
import { actionWords } from "./words";

const KEYS: readonly (readonly [keys: readonly string[], words: PlainKey])[] = [
  [["1", "2", "3", "4", "5"], "help.cameras"],
  [["Space"], "help.pause"],
  [["M"], "help.sound"],
  [["H"], "help.panels"],
  [["G"], "help.gallery"],
  [["B"], "help.present"],
  [["?"], "help.help"],
  [["Esc"], "help.escape"],
];

const FREE_KEYS: readonly (readonly [keys: readonly string[], words: PlainKey])[] = [
  [["←", "→", "↑", "↓"], "help.free.turn"],
  [["W", "A", "S", "D"], "help.free.shift"],
  [["+", "−"], "help.free.zoom"],
  [["Home"], "help.free.home"],
];

const CROSS = "M6 6l12 12M18 6L6 18";

export class Help {
  readonly #dialog: HTMLDialogElement;
  readonly #wheel = h("div");
  readonly #actions: () => readonly string[];

  /** `actions` are those of the room of the moment: each rule set has its own. */
  constructor(host: HTMLElement, actions: () => readonly string[]) {
    this.#actions = actions;
    const close = named(
      h("button", { type: "button", class: "icon-button" }, icon(CROSS)),
      "tool.close",
    );
    close.addEventListener("click", () => {
      this.#dialog.close();
    });
    this.#dialog = h(
      "dialog",
      { class: "help", "aria-labelledby": "help-title" },
      h("header", {}, worded(h("h2", { id: "help-title" }), "help.title"), close),
      worded(h("h3"), "intro.title"),
      sentences(),
      worded(h("h3"), "legend.title"),
      legend(),
      worded(h("h3"), "help.keys"),
      keySwitch(),
      keyList(KEYS),
      this.#wheel,
      worded(h("h3"), "help.free"),
      keyList(FREE_KEYS),
    );
    // A press beside the dialog closes it, as people expect.
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    });
    host.append(this.#dialog);
  }

  readonly toggle = (): void => {
    if (this.#dialog.open) this.#dialog.close();
    else {
      this.#listWheel();
      this.#dialog.showModal();
    }
  };

  /** The language cannot change while the dialog is open, so these words need not follow it. */
  #listWheel(): void {
    const actions = this.#actions();
    const keys = keysFor(actions);
    const rows = actions.flatMap((action, nth) => {
      const key = keys[nth] ?? null;
      return key === null ? [] : [row([key.label], h("dd", {}, actionWords(action)))];
    });
    this.#wheel.hidden = rows.length === 0;
    this.#wheel.replaceChildren(h("h3", {}, t("help.wheel")), h("dl", {}, ...rows));
  }
}

function keySwitch(): HTMLElement {
  const box = h("input", { type: "checkbox", name: "keys" });
  box.checked = keysAreOn();
  box.addEventListener("change", () => {
    turnKeys(box.checked);
  });
  return h("label", { class: "switch" }, box, worded(h("span"), "help.keys.on"));
}

function keyList(keys: readonly (readonly [readonly string[], PlainKey])[]): HTMLElement {
  return h("dl", {}, ...keys.map(([caps, words]) => row(caps, worded(h("dd"), words))));
}

function row(keys: readonly string[], words: HTMLElement): HTMLElement {
  const caps = keys.flatMap((key) => [h("kbd", {}, key), " "]);
  return h("div", {}, h("dt", {}, ...caps), words);
}
