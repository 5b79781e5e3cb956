/**
 * The card at the end of an episode. The next episode begins one frame later, so the card stays
 * over it for long enough to be read, and then leaves by itself.
 */
import { signed, whole } from "../format";
import type { Ending } from "../state/ending";
import type { Summary } from "../state/view";
import { find, setText } from "./dom";

/** How long the card stays, in milliseconds: about what reading it takes. */
const SHOWN_MS = 3_500;

const TITLES: Readonly<Record<Ending, string>> = {
  arrived: "Arrived",
  crashed: "Crashed",
  impounded: "Impounded",
  truncated: "Out of time",
  ended: "Episode over",
};

const REASONS: Readonly<Record<Ending, string>> = {
  arrived: "The bus reached the end of its route.",
  crashed: "The bus crashed and cannot go on.",
  impounded: "The police took the overloaded bus off the road.",
  truncated: "The episode was cut off before the bus arrived.",
  ended: "The episode ended before the bus arrived.",
};

const VERBS: Readonly<Record<Ending, string>> = {
  arrived: "arrived",
  crashed: "crashed",
  impounded: "was impounded",
  truncated: "ran out of time",
  ended: "ended early",
};

export function describeEnding(summary: Summary): string {
  return VERBS[summary.ending];
}

export class SummaryCard {
  readonly #card: HTMLElement;
  #shown: Summary | null = null;
  #leave: ReturnType<typeof setTimeout> | undefined;

  constructor(card: HTMLElement) {
    this.#card = card;
  }

  show(summary: Summary | null): void {
    if (summary === this.#shown) return;
    this.#shown = summary;
    clearTimeout(this.#leave);
    if (summary === null) {
      this.#card.hidden = true;
      return;
    }
    const set = (name: string, text: string): void => {
      setText(find(this.#card, `.${name}`), text);
    };
    this.#card.dataset["ending"] = summary.ending;
    set("title", TITLES[summary.ending]);
    set("which", `Episode ${whole(summary.episode)}, ${whole(summary.steps)} steps`);
    set("reason", REASONS[summary.ending]);
    set("return", signed(summary.totalReward));
    set("earned", `TSh ${whole(summary.money)}`);
    set("aboard", whole(summary.passengers));
    this.#card.hidden = false;
    this.#leave = setTimeout(() => {
      this.#card.hidden = true;
    }, SHOWN_MS);
  }
}
