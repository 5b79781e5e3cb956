/**
 * Levers for what is enforced: who may load a model may change the law under which it drives. Each
 * change begins a new trip, as a trip is under one law. Not there where rules tell none of it.
 */
import type { Session } from "../connection/session";
import { h, inWords, setText, worded } from "../hud/dom";
import { told } from "../hud/law";
import type { PlainKey } from "../i18n";
import { measuresOf } from "../protocol/measures";
import type { Frame, Room } from "../protocol/messages";
import type { Own } from "../protocol/own";
import type { View } from "../state/view";
import { Problem } from "./problem";

interface Lever {
  readonly words: PlainKey;
  readonly own: "inspect" | "loadFine" | "radar" | "sight";
  /** The field of the scenario. */
  readonly field: string;
  /** In units of the frame's field, from 0. */
  readonly most: number;
  readonly step: number;
  /** Units of the frame's field in one of the scenario's. */
  readonly unit: number;
}

const LEVERS: readonly Lever[] = [
  { words: "law.inspect", own: "inspect", field: "police.inspect", most: 0.5, step: 0.05, unit: 1 },
  // Frames tell shillings, scenarios thousands.
  {
    ...{ words: "law.load.fine", own: "loadFine", field: "police.fine" },
    ...{ most: 100_000, step: 5_000, unit: 1_000 },
  },
  { words: "law.radar", own: "radar", field: "speed.radar", most: 0.005, step: 0.0001, unit: 1 },
  { words: "law.sight", own: "sight", field: "police.sight", most: 12, step: 1, unit: 1 },
];

/** What is asked for where a lever stands at `value`. */
export function setting({ field, unit }: Lever, value: number): Record<string, number> {
  // Steps are binary fractions that are not quite what they stand for.
  return { [field]: Number((value / unit).toPrecision(6)) };
}

export const leversOf = (own: Own): readonly Lever[] =>
  LEVERS.filter((lever) => own[lever.own] !== null);

export class EnforcementControl {
  readonly element: HTMLElement;
  readonly #session: Session;
  readonly #problem = new Problem((busy) => {
    for (const { input } of this.#rows) input.disabled = busy;
  });
  readonly #rows = LEVERS.map((lever) => {
    const input = h("input", {
      ...{ type: "range", min: "0", max: String(lever.most), step: String(lever.step) },
      ...{ name: lever.own },
    });
    const value = h("output");
    const said = h("span", { class: "said" }, worded(h("span"), lever.words), value);
    return { lever, input, value, element: h("label", { class: "field wide" }, said, input) };
  });
  #room: Room | null = null;
  #frame: Frame | null = null;
  /** The lever that somebody moves: what it is at is not written over. */
  #held: Lever | null = null;

  constructor(session: Session) {
    this.#session = session;
    this.element = h(
      "details",
      { class: "enforcement" },
      worded(h("summary"), "law.title"),
      worded(h("p", { class: "note" }), "law.change"),
      ...this.#rows.map(({ element }) => element),
      this.#problem.element,
    );
    for (const { lever, input } of this.#rows) {
      input.addEventListener("input", () => {
        this.#held = lever;
        this.#write();
      });
      input.addEventListener("change", () => void this.#ask(lever, Number(input.value)));
    }
    inWords(() => {
      this.#write();
    });
  }

  render({ room, frame }: View): void {
    const levers = frame === null ? [] : leversOf(frame.own);
    this.element.hidden = room === null || levers.length === 0 || !this.#session.can("load");
    if (this.element.hidden || (room === this.#room && frame === this.#frame)) return;
    [this.#room, this.#frame] = [room, frame];
    for (const { lever, input, element } of this.#rows) {
      element.hidden = !levers.includes(lever);
      const now = frame?.own[lever.own] ?? 0;
      if (lever !== this.#held) input.value = String(now);
    }
    this.#write();
  }

  #write(): void {
    const measures = this.#room === null ? null : measuresOf(this.#room);
    if (measures === null) return;
    for (const { lever, input, value } of this.#rows) {
      // A range holds multiples of its step alone, and the law may lie between two.
      const now = lever === this.#held ? Number(input.value) : this.#frame?.own[lever.own];
      const words = told[lever.own](now ?? 0, measures);
      setText(value, words);
      input.setAttribute("aria-valuetext", words);
    }
  }

  async #ask(lever: Lever, value: number): Promise<void> {
    const room = this.#room;
    if (room === null) return;
    const { model, rules } = room;
    const set = setting(lever, value);
    await this.#problem.ask(() => this.#session.request("load", { model, rules, set }));
    this.#held = null;
    this.#frame = null;
  }
}
