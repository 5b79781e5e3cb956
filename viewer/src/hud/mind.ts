/**
 * The policy's mind: what the model went by in the last step, a bar an action, with the chosen one
 * marked by a shape and a word. When a person chose, it says what the model would have done.
 */
import { percent, signed } from "../format";
import { onLanguage, t, type PlainKey } from "../i18n";
import type { Room } from "../protocol/messages";
import type { View } from "../state/view";
import { card } from "./card";
import { h, setText } from "./dom";
import { readOutputs, type Bar, type Outputs } from "./outputs";
import { actionWords } from "./words";

interface Row {
  readonly element: HTMLElement;
  readonly name: HTMLElement;
  /** Which is chosen, as a shape; what the shapes mean is said above the rows. */
  readonly sign: HTMLElement;
  /** The same in words, for a voice. */
  readonly note: HTMLElement;
  readonly bar: HTMLElement;
  readonly number: HTMLElement;
}

export class Mind {
  readonly #note = h("p", { class: "note" });
  readonly #list = h("ul", { class: "bars" });
  #rows: readonly Row[] = [];
  #view: View | null = null;

  constructor(host: HTMLElement) {
    host.append(card("mind", "mind.title", this.#note, this.#list));
    onLanguage(() => {
      if (this.#view !== null) this.#show(this.#view);
    });
  }

  render(view: View): void {
    const before = this.#view;
    this.#view = view;
    if (view.frame !== before?.frame || view.room !== before.room) this.#show(view);
  }

  #show({ room, frame, vote }: View): void {
    if (room === null || frame === null) return;
    const outputs = readOutputs(room, frame);
    this.#fit(room);
    this.#list.classList.toggle("empty", outputs === null);
    // Of voters who don't vote, the policy chooses after all.
    const asked = vote?.last?.by === "policy" ? null : askedFor(room);
    setText(this.#note, t(outputs === null ? "mind.none" : (asked ?? `mind.${outputs.kind}`)));
    this.#rows.forEach((row, nth) => {
      const bar = outputs?.bars[nth];
      setText(row.name, actionWords(room.actions[nth] ?? null));
      if (outputs === null || bar === undefined) empty(row);
      else fill(row, outputs, bar, nth, asked !== null);
    });
  }

  /** A row for each action of the room. */
  #fit({ actions }: Room): void {
    if (actions.length === this.#rows.length) return;
    this.#rows = actions.map(makeRow);
    this.#list.replaceChildren(...this.#rows.map(({ element }) => element));
  }
}

/** What to say where the model did not choose. */
function askedFor(room: Room): PlainKey | null {
  if (room.mode !== "policy") return "mind.person";
  return room.kind === "driven" ? "mind.outside" : null;
}

function makeRow(): Row {
  const name = h("span", { class: "name" });
  const sign = h("span", { class: "mark", "aria-hidden": "true" });
  const note = h("span", { class: "unseen" });
  const bar = h("span", { class: "bar" });
  const number = h("span", { class: "amount" });
  const track = h("span", { class: "track", "aria-hidden": "true" }, bar);
  const element = h("li", {}, h("span", { class: "who" }, sign, name, " ", note), track, number);
  return { element, name, sign, note, bar, number };
}

function empty(row: Row): void {
  row.element.className = "";
  setText(row.sign, "");
  setText(row.note, "");
  setText(row.number, "–");
  row.bar.style.width = "0";
}

function fill(row: Row, outputs: Outputs, bar: Bar, nth: number, asked: boolean): void {
  const chosen = outputs.chosen === nth;
  const favourite = asked && outputs.favourite === nth;
  row.element.className = chosen ? "chosen" : "";
  row.element.classList.toggle("closed", !bar.open);
  row.element.classList.toggle("loss", bar.value < 0);
  setText(row.sign, (chosen ? "▶" : "") + (favourite ? "★" : ""));
  const notes = [
    ...(chosen ? [t("mind.chosen")] : []),
    ...(favourite ? [t("mind.favourite")] : []),
  ];
  setText(row.note, notes.join(", "));
  const number = outputs.kind === "chances" ? percent(bar.value) : signed(bar.value);
  setText(row.number, bar.open ? number : t("mind.closed"));
  row.bar.style.left = `${bar.from * 100}%`;
  row.bar.style.width = `${(bar.to - bar.from) * 100}%`;
  row.element.style.setProperty("--zero", `${outputs.zero * 100}%`);
}
