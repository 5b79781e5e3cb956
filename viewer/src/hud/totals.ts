/** Totals and averages over the episodes whose end this page saw. */
import { whole } from "../format";
import { onLanguage, t, type PlainKey } from "../i18n";
import type { Room } from "../protocol/messages";
import { averageReturn, type Seen, type Summary } from "../state/seen";
import type { View } from "../state/view";
import { card } from "./card";
import { h, setText, worded } from "./dom";
import { atLeast, rewardNumber, rewardWords } from "./words";

type Field =
  "count" | "average" | "best" | "load" | "money" | "fined" | "crashed" | "reds" | "checkpoints";

const FIELDS: Readonly<
  Record<Field, { words: PlainKey; value: (seen: Seen, room: Room | null) => string }>
> = {
  count: { words: "totals.count", value: ({ episodes }) => whole(episodes) },
  average: {
    words: "totals.average",
    value: (seen, room) => orDash(averageReturn(seen), (sum) => rewardNumber(room, sum)),
  },
  best: {
    words: "totals.best",
    value: ({ bestReturn }, room) => orDash(bestReturn, (sum) => rewardNumber(room, sum)),
  },
  load: { words: "totals.load", value: ({ meanPassengers }) => orDash(meanPassengers, whole) },
  money: {
    words: "totals.money",
    value: ({ meanMoney }) => orDash(meanMoney, (money) => `TSh ${whole(money)}`),
  },
  fined: { words: "totals.fined", value: ({ fined }) => whole(fined) },
  crashed: { words: "totals.crashed", value: ({ crashed }) => whole(crashed) },
  reds: {
    words: "totals.reds",
    value: ({ offences: { reds, whole: all } }) => atLeast(reds, all),
  },
  checkpoints: {
    words: "totals.checkpoints",
    value: ({ offences: { checkpoints, whole: all } }) => atLeast(checkpoints, all),
  },
};

export class Totals {
  readonly #values = new Map<Field, HTMLElement>();
  readonly #last = h("p", { class: "note", "data-field": "last" });
  #seen: Seen | null = null;
  #room: Room | null = null;

  constructor(host: HTMLElement) {
    const list = h("dl");
    for (const name of Object.keys(FIELDS) as Field[]) {
      const value = h("dd", { "data-field": `seen-${name}` });
      this.#values.set(name, value);
      list.append(h("div", {}, worded(h("dt"), FIELDS[name].words), value));
    }
    host.append(card("totals", "totals.title", list, this.#last));
    onLanguage(() => {
      if (this.#seen !== null) this.#show(this.#seen);
    });
  }

  render({ seen, room }: View): void {
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#room = room;
    this.#show(seen);
  }

  #show(seen: Seen): void {
    for (const [name, element] of this.#values)
      setText(element, FIELDS[name].value(seen, this.#room));
    setText(
      this.#last,
      seen.last === null ? t("totals.first") : summaryWords(seen.last, this.#room),
    );
  }
}

function summaryWords({ episode, ending, totalReward, money }: Summary, room: Room | null): string {
  return t("totals.last", {
    episode,
    ending: t(`ending.${ending}`),
    total: rewardWords(room, totalReward),
    money,
  });
}

function orDash(value: number | null, write: (value: number) => string): string {
  return value === null ? "–" : write(value);
}
