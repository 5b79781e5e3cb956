/**
 * The warning lamps, over the scene: how the bus stands now, and what the next action will answer to,
 * which is called so lest it look like the reason of the last. Only those that are lit are seen, and
 * nothing else moves when one is; a screen reader finds all of them with their states. They differ in
 * shape and in words, not in colour alone.
 */
import { duration } from "../format";
import { t, type PlainKey } from "../i18n";
import { measuresOf, type Measures } from "../protocol/measures";
import type { Frame } from "../protocol/messages";
import type { View } from "../state/view";
import { draw, h, inWords, named, setText, worded } from "./dom";

type Test = (frame: Frame, measures: Measures | null) => boolean;

interface Kind {
  readonly name: string;
  readonly words: PlainKey;
  readonly isLit: Test;
  /** It is about the cell that the bus has come to, and nothing was done about it yet. */
  readonly next?: true;
  /** What more there is to say while it is lit. */
  readonly more?: (frame: Frame, measures: Measures | null) => string;
  /** The picture: what is filled when lit, and what is cut out of that. */
  readonly solid: string;
  readonly cut?: string;
}

const KINDS: readonly Kind[] = [
  {
    name: "held",
    words: "alert.held",
    isLit: ({ own: { held } }) => (held ?? 0) > 0,
    more: ({ own: { held } }, measures) =>
      measures === null ? "" : duration((held ?? 0) * measures.tickSeconds),
    solid: "M7 2h10v8a5 5 0 0 1-3 2 5 5 0 0 1 3 2v8H7v-8a5 5 0 0 1 3-2 5 5 0 0 1-3-2z",
    cut: "M10 18.5h4",
  },
  {
    name: "red",
    words: "alert.red",
    isLit: (frame) => frame.lightRed && goesOn(frame),
    next: true,
    solid: "M8 2h8a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3V5a3 3 0 0 1 3-3z",
    cut: "M9 7.5h6",
  },
  {
    name: "police",
    words: "alert.police",
    isLit: (frame) => frame.policeHere && goesOn(frame),
    next: true,
    solid: "M12 2l8 3v6c0 5-3.5 8.5-8 11-4.5-2.5-8-6-8-11V5z",
    cut: "M8 11l3 3 5-6",
  },
  {
    name: "speeding",
    words: "alert.speeding",
    isLit: ({ speed }, measures) =>
      measures !== null && speed * measures.notchKmh > measures.limitKmh,
    solid: "M12 4a9 9 0 0 1 9 9c0 2.5-1 4.5-2.5 6h-13C4 17.5 3 15.5 3 13a9 9 0 0 1 9-9z",
    cut: "M12 14l4-5",
  },
  {
    name: "overloaded",
    words: "alert.overloaded",
    isLit: (frame) => frame.passengers > frame.legalCapacity,
    solid: "M12 3l10 18H2z",
    cut: "M12 9v6m0 2.5v.5",
  },
  {
    name: "fined",
    words: "alert.fined",
    isLit: (frame) => frame.fined,
    solid: "M5 2h14v20l-3.5-2-3.5 2-3.5-2-3.5 2z",
    cut: "M8.5 8h7m-7 5h7",
  },
  {
    name: "crashed",
    words: "alert.crashed",
    isLit: (frame) => frame.crashed,
    solid: "M12 1l2.5 6 6-2.5-2.5 6 5 2.5-5.5 2 2 6-5.5-3L8 23l-.5-6L2 17l4-4-5-4 6.5-.5L7 3l4 4z",
  },
];

function goesOn({ terminated, truncated }: Frame): boolean {
  return !terminated && !truncated;
}

interface Lamp {
  readonly element: HTMLElement;
  readonly state: HTMLElement;
  readonly more: HTMLElement;
  readonly kind: Kind;
}

export class Alerts {
  readonly #lamps: readonly Lamp[];
  #view: Pick<View, "frame" | "room"> | null = null;

  constructor(host: HTMLElement) {
    this.#lamps = KINDS.map(makeLamp);
    const list = h("ul", { class: "alerts" }, ...this.#lamps.map(({ element }) => element));
    host.append(named(list, "alert.title"));
    inWords(() => {
      this.#write();
    });
  }

  render({ frame, room }: View): void {
    if (frame === null || frame === this.#view?.frame) return;
    this.#view = { frame, room };
    this.#write();
  }

  #write(): void {
    const frame = this.#view?.frame ?? null;
    const measures = measuresOf(this.#view?.room ?? null);
    for (const { element, state, more, kind } of this.#lamps) {
      const lit = frame !== null && kind.isLit(frame, measures);
      setText(more, (lit ? kind.more?.(frame, measures) : undefined) ?? "");
      element.classList.toggle("lit", lit);
      element.classList.toggle("unseen", !lit);
      setText(state, `: ${t(lit ? "alert.on" : "alert.off")}`);
    }
  }
}

function makeLamp(kind: Kind): Lamp {
  const { name, words, solid, cut, next } = kind;
  const picture = draw("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
  picture.append(draw("path", { class: "solid", d: solid }));
  if (cut !== undefined) picture.append(draw("path", { class: "cut", d: cut }));
  const state = h("span", { class: "unseen" });
  const text = worded(h("span", { class: "word" }), words);
  const more = h("span", { class: "more" });
  const element = h("li", { "data-alert": name }, picture, text, more, state);
  if (next) {
    element.classList.add("next");
    text.before(worded(h("span", { class: "word" }), "alert.next"));
  }
  return { element, state, more, kind };
}
