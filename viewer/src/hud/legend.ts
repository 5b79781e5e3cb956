/** What the signs on the small map mean: shown beside it to a class, and in the help. */
import { drawMiniBus, LEGEND } from "../plan/mini";
import { draw, h, worded } from "./dom";

/** The map's signs are at most so far from their middle, in their own units. */
const REACH = 0.95;

export function legend(): HTMLElement {
  const rows = LEGEND.map(({ words, picture }) => sign(picture(), worded(h("span"), words)));
  const bus = sign(drawMiniBus(), worded(h("span"), "legend.bus"));
  return h("ul", { class: "legend" }, bus, ...rows);
}

function sign(picture: SVGElement, words: HTMLElement): HTMLElement {
  const box = `${-REACH} ${-REACH} ${2 * REACH} ${2 * REACH}`;
  const svg = draw(
    "svg",
    { viewBox: box, class: "plan mini moving", "aria-hidden": "true" },
    picture,
  );
  return h("li", {}, svg, words);
}
