/**
 * Keys that work anywhere on the page, but not while somebody types or chooses in a field, nor where
 * they were turned off: who speaks to a computer, or holds it with a foot, presses keys unasked.
 */
import { keep, recall } from "../memory";

/** Fields in which keys mean what is written on them. */
const FIELDS = "input, select, textarea, [contenteditable]";

/** What the space bar presses where it has the focus. */
const PRESSED = "button, a, summary";

let on = recall("keys") !== "off";

export function keysAreOn(): boolean {
  return on;
}

/** The choice is kept for the next time. */
export function turnKeys(wish: boolean): void {
  on = wish;
  keep("keys", wish ? "on" : "off");
  markKeys();
}

/** Hints of keys that do nothing are hidden. */
export function markKeys(): void {
  document.body.classList.toggle("no-keys", !on);
}

export type KeyActions = Readonly<Record<string, () => void>>;

/** Do what `actions` has for a key (a lower-case letter, a digit, a sign), until the page goes. */
export function onKeys(actions: KeyActions): void {
  markKeys();
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!on || event.repeat || isWithin(event.target, FIELDS)) return;
    if (event.key === " " && isWithin(event.target, PRESSED)) return;
    // A dialog over the page has the keys.
    if (document.querySelector("dialog[open]") !== null) return;
    const action = actions[event.key.toLowerCase()];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}

function isWithin(target: EventTarget | null, selector: string): boolean {
  return target instanceof Element && target.closest(selector) !== null;
}
