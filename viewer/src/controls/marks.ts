/** Where episodes ended, under the time bar: a mark each, told apart by shape as well as colour. */
import { draw } from "../hud/dom";
import { t } from "../i18n";
import type { EpisodeEnd } from "../state/view";

/** Marks nearer to each other than this part of the bar are shown as one. */
const NEAREST = 1 / 150;

/** The bar's width in units of the drawing, which is stretched to it. */
const WIDTH = 1000;

export class Marks {
  readonly element = draw("svg", {
    ...{ class: "marks", viewBox: `0 0 ${WIDTH} 10`, preserveAspectRatio: "none" },
    "aria-hidden": "true",
  });
  #drawn = "";
  #of: readonly [readonly EpisodeEnd[], number, number] | null = null;

  render(ends: readonly EpisodeEnd[], first: number, last: number): void {
    const of = [ends, first, last] as const;
    if (of.every((value, nth) => value === this.#of?.[nth])) return;
    this.#of = of;
    const shown = thin(ends, first, last);
    const key = JSON.stringify(shown);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.element.replaceChildren(
      ...shown.map(({ part, ending }) => {
        const high = ending === "crashed" || ending === "impounded";
        const x = part * WIDTH;
        const d = `M${x} ${high ? 0 : 4}V10`;
        return draw("path", { d, class: ending }, draw("title", {}, t("time.end")));
      }),
    );
  }
}

/** Those of the ends that are on the bar and far enough apart to be seen. */
export function thin(
  ends: readonly EpisodeEnd[],
  first: number,
  last: number,
): { readonly part: number; readonly ending: EpisodeEnd["ending"] }[] {
  const shown: { part: number; ending: EpisodeEnd["ending"] }[] = [];
  for (const { seq, ending } of ends) {
    const part = (seq - first) / Math.max(1, last - first);
    const before = shown.at(-1)?.part ?? -1;
    if (part < 0 || part > 1 || part - before < NEAREST) continue;
    shown.push({ part: Math.round(part * WIDTH) / WIDTH, ending });
  }
  return shown;
}
