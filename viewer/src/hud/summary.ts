/**
 * The card at the end of an episode. The next episode often begins one frame later, so the card
 * stays over it for long enough to be read; where the drive stands still at the end, it stays.
 */
import { whole } from "../format";
import { onLanguage, t } from "../i18n";
import type { Room } from "../protocol/messages";
import type { Summary } from "../state/seen";
import type { View } from "../state/view";
import { h, setText, worded } from "./dom";
import { offenceWords, rewardWords } from "./words";

/** How long the card stays at least, in milliseconds: about what reading it takes. */
const SHOWN_MS = 4_000;

export class SummaryCard {
  readonly #card: HTMLElement;
  readonly #which = h("p", { class: "which" });
  readonly #title = h("h2");
  readonly #reason = h("p", { class: "reason" });
  readonly #offences = h("p", { class: "reason", "data-field": "offences" });
  readonly #return = h("dd");
  readonly #money = h("dd");
  readonly #aboard = h("dd");
  #shown: Summary | null = null;
  #over = true;
  #episode: number | null = null;
  #room: Room | null = null;

  constructor(card: HTMLElement) {
    this.#card = card;
    card.append(
      this.#which,
      this.#title,
      this.#reason,
      this.#offences,
      h(
        "dl",
        {},
        h("div", {}, worded(h("dt"), "summary.return"), this.#return),
        h("div", {}, worded(h("dt"), "summary.money"), this.#money),
        h("div", {}, worded(h("dt"), "summary.aboard"), this.#aboard),
      ),
    );
    onLanguage(() => {
      if (this.#shown !== null) this.#write(this.#shown);
    });
  }

  render({ seen: { last }, frame, watching, room }: View): void {
    this.#room = room;
    this.#episode = frame?.episode ?? null;
    if (last !== null && last.seq !== this.#shown?.seq && watching.kind !== "back")
      this.#show(last);
    else if (last === null) this.#over = true;
    this.#shown = last;
    this.#hideWhenDone();
  }

  #show(last: Summary): void {
    this.#write(last);
    this.#card.dataset["ending"] = last.ending;
    this.#card.hidden = false;
    this.#over = false;
    setTimeout(() => {
      if (this.#shown?.seq !== last.seq) return;
      this.#over = true;
      this.#hideWhenDone();
    }, SHOWN_MS);
  }

  #hideWhenDone(): void {
    if (this.#over && this.#episode !== this.#shown?.episode) this.#card.hidden = true;
  }

  #write(last: Summary): void {
    setText(this.#which, t("summary.which", { episode: last.episode, count: last.steps }));
    setText(this.#title, t(`ending.${last.ending}`));
    setText(this.#reason, t(`ending.${last.ending}.reason`));
    setText(this.#offences, offenceWords(last.offences));
    this.#card.classList.toggle("offended", last.offences.reds + last.offences.checkpoints > 0);
    setText(this.#return, rewardWords(this.#room, last.totalReward));
    setText(this.#money, `TSh ${whole(last.money)}`);
    setText(this.#aboard, whole(last.passengers));
  }
}
