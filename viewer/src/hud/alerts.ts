/**
 * The warning lamps, over the scene. Only those that are lit are seen, and nothing else moves when
 * one is; a screen reader finds all of them with their states. They differ in shape and in words, not
 * in colour alone.
 */
import { t, type PlainKey } from "../i18n";
import type { Frame } from "../protocol/messages";
import type { View } from "../state/view";
import { draw, h, inWords, named, setText, worded } from "./dom";

interface Kind {
  readonly name: string;
  readonly words: PlainKey;
  readonly isLit: (frame: Frame) => boolean;
  /** The picture: what is filled when lit, and what is cut out of that. */
  readonly solid: string;
  readonly cut?: string;
}

const KINDS: readonly Kind[] = [
  {
    name: "red",
    words: "alert.red",
    isLit: (frame) => frame.lightRed,
    solid: "M8 2h8a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3V5a3 3 0 0 1 3-3z",
    cut: "M9 7.5h6",
  },
  {
    name: "police",
    words: "alert.police",
    isLit: (frame) => frame.policeHere,
    solid: "M12 2l8 3v6c0 5-3.5 8.5-8 11-4.5-2.5-8-6-8-11V5z",
    cut: "M8 11l3 3 5-6",
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

interface Lamp {
  readonly element: HTMLElement;
  readonly state: HTMLElement;
  readonly isLit: (frame: Frame) => boolean;
}

export class Alerts {
  readonly #lamps: readonly Lamp[];
  #frame: Frame | null = null;

  constructor(host: HTMLElement) {
    this.#lamps = KINDS.map(makeLamp);
    const list = h("ul", { class: "alerts" }, ...this.#lamps.map(({ element }) => element));
    host.append(named(list, "alert.title"));
    inWords(() => {
      this.#write();
    });
  }

  render({ frame }: View): void {
    if (frame === null || frame === this.#frame) return;
    this.#frame = frame;
    this.#write();
  }

  #write(): void {
    for (const { element, state, isLit } of this.#lamps) {
      const lit = this.#frame !== null && isLit(this.#frame);
      element.classList.toggle("lit", lit);
      element.classList.toggle("unseen", !lit);
      setText(state, `: ${t(lit ? "alert.on" : "alert.off")}`);
    }
  }
}

function makeLamp({ name, words, isLit, solid, cut }: Kind): Lamp {
  const picture = draw("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
  picture.append(draw("path", { class: "solid", d: solid }));
  if (cut !== undefined) picture.append(draw("path", { class: "cut", d: cut }));
  const state = h("span", { class: "unseen" });
  const text = worded(h("span", { class: "word" }), words);
  return { element: h("li", { "data-alert": name }, picture, text, state), state, isLit };
}
