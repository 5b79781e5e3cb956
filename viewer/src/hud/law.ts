/**
 * What is enforced on this trip, and what the road ahead asks for next: what a driver weighs. Rules
 * that tell none of it have no such card.
 */
import { duration, percent, whole } from "../format";
import { t, type PlainKey } from "../i18n";
import { measuresOf, type Measures } from "../protocol/measures";
import type { Frame, Room } from "../protocol/messages";
import type { View } from "../state/view";
import { card } from "./card";
import { h, setText, worded } from "./dom";
import { FrameFacts } from "./frame-facts";

type Value = (frame: Frame, measures: Measures, room: Room) => string | null;

/** What each of them is at, in words. */
export const told = {
  inspect: (chance: number) => percent(chance),
  loadFine: (shillings: number) => `TSh ${whole(shillings)}`,
  radar: (chance: number, { cellMetres }: Measures) => seen(chance, cellMetres),
  sight: (cells: number, { cellMetres }: Measures) =>
    t("law.metres", { count: cells * cellMetres }),
} as const;

/** What is enforced, in the order in which it is told. */
export const ENFORCED: readonly { readonly words: PlainKey; readonly own: keyof typeof told }[] = [
  { words: "law.inspect", own: "inspect" },
  { words: "law.load.fine", own: "loadFine" },
  { words: "law.radar", own: "radar" },
  { words: "law.sight", own: "sight" },
];

/** The same of a frame; null where the room does not tell it. */
function ofFrame(name: keyof typeof told): Value {
  return ({ own }, measures) => {
    const value = own[name];
    return value === null ? null : told[name](value, measures);
  };
}

const FACTS: readonly { readonly words: PlainKey; readonly value: Value }[] = [
  ...ENFORCED.map(({ words, own }) => ({ words, value: ofFrame(own) })),
  { words: "light.next", value: nextLight },
];

/** Each fact in words; null where these rules don't tell it. */
export function factsOf(
  room: Room,
  frame: Frame,
): readonly { readonly words: PlainKey; readonly value: string | null }[] {
  const measures = measuresOf(room);
  return FACTS.map(({ words, value }) => ({
    words,
    value: measures === null ? null : value(frame, measures, room),
  }));
}

export class Law {
  readonly #rows = FACTS.map(({ words }) => {
    const told = h("dd");
    return { element: h("div", {}, worded(h("dt"), words), told), told };
  });
  readonly #facts: FrameFacts;

  constructor(host: HTMLElement) {
    const list = h("dl", { class: "facts" }, ...this.#rows.map(({ element }) => element));
    const element = card("law", "law.title", list);
    this.#facts = new FrameFacts(element, (room, frame) => this.#write(room, frame));
    host.append(element);
  }

  render(view: View): void {
    this.#facts.render(view);
  }

  #write(room: Room, frame: Frame): boolean {
    const facts = factsOf(room, frame);
    this.#rows.forEach(({ element, told }, nth) => {
      const value = facts[nth]?.value ?? null;
      element.hidden = value === null;
      setText(told, value ?? "");
    });
    return facts.some(({ value }) => value !== null);
  }
}

/** How often who is too fast is seen, by the way that is driven too fast. */
function seen(chance: number, cellMetres: number): string {
  if (chance <= 0) return t("law.never");
  return t("law.radar.once", { km: whole(cellMetres / 1000 / chance) });
}

/** The light that the bus comes to next: its colour, for how long, and how far it is. */
function nextLight(frame: Frame, measures: Measures, { route }: Room): string | null {
  const { lightTicks } = frame.own;
  if (lightTicks === null) return null;
  const next = frame.lights
    .map(({ cell: [x, y], state }, nth) => ({
      state,
      ticks: lightTicks[nth] ?? 0,
      away: route.findIndex((cell) => cell[0] === x && cell[1] === y) - frame.routeIndex,
    }))
    .filter(({ away }) => away >= 0)
    .sort((a, b) => a.away - b.away)[0];
  if (next === undefined) return "–";
  return t(`light.${next.state}`, {
    time: duration(next.ticks * measures.tickSeconds),
    distance: next.away * measures.cellMetres,
  });
}
