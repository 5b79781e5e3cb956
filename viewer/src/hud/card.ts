/**
 * A card of the page: a titled section, so that a screen reader can go from one to the next. Its
 * title folds it away and out again, and it stays as it was left.
 */
import type { PlainKey } from "../i18n";
import { keep, recall } from "../memory";
import { h, icon, worded } from "./dom";

/** Those that begin folded: who looks for them finds them, and the others see more of the scene. */
const FOLDED_AT_FIRST: ReadonlySet<string> = new Set(["room"]);

let cards = 0;

export function card(
  name: string,
  title: PlainKey,
  ...content: readonly (Node | string)[]
): HTMLElement {
  cards += 1;
  const id = `card-${cards}`;
  const words = worded(h("span", { id }), title);
  const fold = h("button", { type: "button", class: "fold" }, words, icon("M6 9l6 6 6-6"));
  const section = h(
    "section",
    { class: `card ${name}`, "aria-labelledby": id },
    h("h2", {}, fold),
    ...content,
  );
  const show = (open: boolean): void => {
    section.classList.toggle("folded", !open);
    fold.setAttribute("aria-expanded", String(open));
  };
  fold.addEventListener("click", () => {
    const open = section.classList.contains("folded");
    show(open);
    keep(`card.${name}`, open ? "open" : "folded");
  });
  const kept = recall(`card.${name}`);
  show(kept === null ? !FOLDED_AT_FIRST.has(name) : kept !== "folded");
  return section;
}
