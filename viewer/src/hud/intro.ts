/** "What is this?": five sentences for people who never heard of any of it, until dismissed. */
import { keep, recall } from "../memory";
import { card } from "./card";
import { find, h, worded } from "./dom";

const SENTENCES = [
  "intro.agent",
  "intro.step",
  "intro.reward",
  "intro.episode",
  "intro.learning",
] as const;

export function sentences(): HTMLElement {
  return h("ol", { class: "sentences" }, ...SENTENCES.map((key) => worded(h("li"), key)));
}

/** Shown first in `host` to those who have not dismissed it before. */
export function addIntro(host: HTMLElement, openHelp: () => void): void {
  if (recall("intro") === "done") return;
  const done = worded(h("button", { type: "button", class: "strong" }), "intro.done");
  const help = worded(h("button", { type: "button" }), "intro.keys");
  const buttons = h("p", { class: "buttons" }, done, help);
  const intro = card("intro", "intro.title", sentences(), buttons);
  done.addEventListener("click", () => {
    keep("intro", "done");
    intro.remove();
    // It would be lost with the button.
    find(host, "button").focus({ preventScroll: true });
  });
  help.addEventListener("click", openHelp);
  host.prepend(intro);
}
