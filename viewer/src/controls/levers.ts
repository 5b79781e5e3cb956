/**
 * Levers for what is enforced. Each stands where the room's law is until somebody moves it; then it
 * stays where it was put, until that is done or given up.
 */
import { h, inWords, setText, worded } from "../hud/dom";
import { told } from "../hud/law";
import type { PlainKey } from "../i18n";
import { measuresOf } from "../protocol/measures";
import type { Frame, Room } from "../protocol/messages";
import type { Own } from "../protocol/own";

export interface Lever {
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

/** Fields of a scenario, as requests set them. */
export type Settings = Readonly<Record<string, number>>;

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

/** The fields of a scenario that say what is enforced. */
export const LAW_FIELDS: ReadonlySet<string> = new Set(LEVERS.map(({ field }) => field));

/** What is asked for where a lever stands at `value`. */
export function setting({ field, unit }: Lever, value: number): Settings {
  // Steps are binary fractions that are not quite what they stand for.
  return { [field]: Number((value / unit).toPrecision(6)) };
}

export const leversOf = (own: Own): readonly Lever[] =>
  LEVERS.filter((lever) => own[lever.own] !== null);

/** The law of a frame, as far as there are levers for it. */
export function settingsOf(own: Own): Settings {
  const settings = leversOf(own).map((lever) => setting(lever, own[lever.own] ?? 0));
  return Object.assign({}, ...settings) as Settings;
}

export class Levers {
  readonly elements: readonly HTMLElement[];
  readonly #rows = LEVERS.map((lever) => {
    const input = h("input", {
      ...{ type: "range", min: "0", max: String(lever.most), step: String(lever.step) },
      ...{ name: lever.own },
    });
    const value = h("output");
    const said = h("span", { class: "said" }, worded(h("span"), lever.words), value);
    return { lever, input, value, element: h("label", { class: "field wide" }, said, input) };
  });
  readonly #moved = new Set<Lever>();
  #room: Room | null = null;
  #frame: Frame | null = null;

  /** `onChange` hears of each lever that was let go of where somebody put it. */
  constructor(onChange: () => void) {
    this.elements = this.#rows.map(({ element }) => element);
    for (const { lever, input } of this.#rows) {
      input.addEventListener("input", () => {
        this.#moved.add(lever);
        this.#write();
      });
      input.addEventListener("change", onChange);
    }
    inWords(() => {
      this.#write();
    });
  }

  /** Whether the room tells anything that there is a lever for. */
  render(room: Room | null, frame: Frame | null): boolean {
    const levers = room === null || frame === null ? [] : leversOf(frame.own);
    if (levers.length === 0) return false;
    if (room === this.#room && frame === this.#frame) return true;
    [this.#room, this.#frame] = [room, frame];
    for (const { lever, input, element } of this.#rows) {
      element.hidden = !levers.includes(lever);
      if (!this.#moved.has(lever)) input.value = String(frame?.own[lever.own] ?? 0);
    }
    this.#write();
    return true;
  }

  /** What the levers that were moved ask for. */
  moved(): Settings {
    const rows = this.#rows.filter(({ lever }) => this.#moved.has(lever));
    const settings = rows.map(({ lever, input }) => setting(lever, Number(input.value)));
    return Object.assign({}, ...settings) as Settings;
  }

  /** All stand where the law is again, from the next frame on. */
  letGo(): void {
    this.#moved.clear();
    this.#frame = null;
  }

  disable(off: boolean): void {
    for (const { input } of this.#rows) input.disabled = off;
  }

  #write(): void {
    const measures = measuresOf(this.#room);
    if (measures === null) return;
    for (const { lever, input, value } of this.#rows) {
      // A range holds multiples of its step alone, and the law may lie between two.
      const now = this.#moved.has(lever) ? Number(input.value) : this.#frame?.own[lever.own];
      const words = told[lever.own](now ?? 0, measures);
      setText(value, words);
      input.setAttribute("aria-valuetext", words);
    }
  }
}
