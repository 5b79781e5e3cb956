/** Keys that work anywhere on the page, but not while somebody types or chooses in a field. */

/** Fields in which keys mean what is written on them. */
const FIELDS = "input, select, textarea, [contenteditable]";

/** What the space bar presses where it has the focus. */
const PRESSED = "button, a, summary";

export type KeyActions = Readonly<Record<string, () => void>>;

/** Do what `actions` has for a key (a lower-case letter, a digit, a sign), until the page goes. */
export function onKeys(actions: KeyActions): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.repeat || isWithin(event.target, FIELDS)) return;
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
