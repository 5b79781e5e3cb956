/** A button for each action of the room, with the key that does the same where there is one. */
import { h, setText } from "../hud/dom";
import { actionWords } from "../hud/words";
import { keysFor, type ActionKey } from "./keys";

export class ActionPad {
  readonly element = h("div", { class: "pad", role: "group" });
  readonly #choose: (action: number) => void;
  readonly #withKeys: boolean;
  #actions: readonly string[] = [];
  #keys: readonly (ActionKey | null)[] = [];
  #buttons: readonly HTMLButtonElement[] = [];

  constructor(choose: (action: number) => void, withKeys: boolean) {
    this.#choose = choose;
    this.#withKeys = withKeys;
  }

  /** `chosen` is marked, if it is one. */
  render(actions: readonly string[], chosen: number | null = null): void {
    if (actions.join("\n") !== this.#actions.join("\n")) this.#build(actions);
    this.#buttons.forEach((button, action) => {
      const words = button.querySelector(".words");
      if (words !== null) setText(words, actionWords(actions[action] ?? null));
      if (!this.#withKeys) button.setAttribute("aria-pressed", String(action === chosen));
    });
  }

  /** The action that this key does; null for none. */
  actionOf(key: string): number | null {
    const found = this.#keys.findIndex((each) => each?.keys.includes(key.toLowerCase()));
    return found < 0 ? null : found;
  }

  #build(actions: readonly string[]): void {
    this.#actions = actions;
    this.#keys = keysFor(actions);
    this.#buttons = actions.map((_, action) => {
      const button = h("button", { type: "button" }, h("span", { class: "words" }));
      const key = this.#keys[action];
      if (this.#withKeys && key != null) {
        button.prepend(h("kbd", { "aria-hidden": "true" }, key.label));
        button.setAttribute("aria-keyshortcuts", key.keys.map(shortcut).join(" "));
      }
      button.addEventListener("click", () => {
        this.#choose(action);
      });
      return button;
    });
    this.element.replaceChildren(...this.#buttons);
  }
}

/** A key by the name that `aria-keyshortcuts` knows it by. */
function shortcut(key: string): string {
  return key.replace(/^arrow(.)/, (_, first: string) => `Arrow${first.toUpperCase()}`);
}
