/**
 * The shown episode as a small plot: the total reward as a line, the load as a stepped area under the
 * line of the law. Who looks back sees the whole episode, and faintly what comes after the frame that
 * is shown. What it shows is also said in a sentence, for those who cannot see it.
 */
import { whole } from "../format";
import { onLanguage, t } from "../i18n";
import { measuresOf } from "../protocol/measures";
import type { Frame, Room } from "../protocol/messages";
import type { View } from "../state/view";
import { card } from "./card";
import { draw, h, setText, worded } from "./dom";
import { along, niceScale, type Scale } from "./scale";
import { rewardWords } from "./words";

/** The drawing's own units; about CSS pixels at the width of a card. */
const WIDTH = 300;
const HEIGHT = 116;
const PLOT = { left: 34, right: 274, top: 8, bottom: 94 } as const;

/** An axis shorter than this would make much of little. */
const LEAST_STEPS = 20;
const LEAST_RETURN = 50;

interface Scales {
  readonly steps: Scale;
  readonly returns: Scale;
  readonly load: Scale;
}

export class Plot {
  readonly #picture = draw("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    class: "plot",
  });
  /** What the line is of, which depends on what rewards are. */
  readonly #key = h("span");
  #view: View | null = null;

  constructor(host: HTMLElement) {
    const key = (name: string, words: HTMLElement): HTMLElement =>
      h("span", { class: `key ${name}` }, h("i"), words);
    host.append(
      card(
        "episode-plot",
        "plot.title",
        h(
          "p",
          { class: "keys", "aria-hidden": "true" },
          key("return", this.#key),
          key("load", worded(h("span"), "plot.load")),
        ),
        this.#picture,
      ),
    );
    onLanguage(() => {
      if (this.#view !== null) this.#show(this.#view);
    });
  }

  render(view: View): void {
    const before = this.#view;
    this.#view = view;
    if (view.frame !== before?.frame || view.trail !== before.trail) this.#show(view);
  }

  #show({ frame, trail, room }: View): void {
    if (frame === null) return;
    setText(this.#key, t(measuresOf(room) === null ? "plot.return" : "plot.profit"));
    const scales = scalesOf(trail, frame);
    this.#picture.setAttribute("aria-label", describe(trail, frame, room));
    this.#picture.replaceChildren(...axes(scales), ...lines(scales, trail, frame));
  }
}

/** In words what the plot shows. */
export function describe(episode: readonly Frame[], frame: Frame, room: Room | null): string {
  const trail = episode.filter(({ seq }) => seq <= frame.seq);
  const first = trail[0];
  if (first === undefined || trail.length < 2) return t("plot.none");
  return t("plot.text", {
    first: first.step,
    last: frame.step,
    total: rewardWords(room, frame.totalReward),
    best: rewardWords(room, Math.max(...trail.map(({ totalReward }) => totalReward))),
    passengers: frame.passengers,
    most: Math.max(...trail.map(({ passengers }) => passengers)),
    legal: frame.legalCapacity,
  });
}

function scalesOf(trail: readonly Frame[], frame: Frame): Scales {
  const totals = trail.map(({ totalReward }) => totalReward).filter(Number.isFinite);
  return {
    steps: niceScale(0, Math.max(LEAST_STEPS, frame.step, trail.at(-1)?.step ?? 0), 5),
    returns: niceScale(Math.min(0, ...totals), Math.max(LEAST_RETURN, ...totals), 4),
    load: niceScale(0, Math.max(1, frame.capacity, frame.passengers), 4),
  };
}

const across = (scale: Scale, value: number): number =>
  round(PLOT.left + along(scale, value) * (PLOT.right - PLOT.left));
const up = (scale: Scale, value: number): number =>
  round(PLOT.bottom - along(scale, value) * (PLOT.bottom - PLOT.top));
const round = (value: number): number => Math.round(value * 10) / 10;

function axes({ steps, returns, load }: Scales): SVGElement[] {
  const level = (y: number, name: string): SVGElement =>
    draw("line", { class: name, x1: PLOT.left, x2: PLOT.right, y1: y, y2: y });
  return [
    ...returns.ticks.map((tick) => level(up(returns, tick), tick === 0 ? "base" : "grid")),
    ...returns.ticks.map((tick) =>
      text(
        tick < 0 ? `−${whole(-tick)}` : whole(tick),
        PLOT.left - 5,
        up(returns, tick) + 3.5,
        "end return",
      ),
    ),
    ...load.ticks.map((tick) =>
      text(whole(tick), PLOT.right + 5, up(load, tick) + 3.5, "start load"),
    ),
    ...steps.ticks
      .slice(1, -1)
      .map((tick) => text(whole(tick), across(steps, tick), HEIGHT - 7, "middle")),
    text(`${whole(steps.high)} ${t("plot.steps")}`, PLOT.right + 20, HEIGHT - 7, "end"),
  ];
}

function lines(scales: Scales, episode: readonly Frame[], frame: Frame): SVGElement[] {
  const { steps, returns, load } = scales;
  const legal = up(load, frame.legalCapacity);
  const trail = episode.filter(({ seq }) => seq <= frame.seq);
  const first = trail[0];
  const last = trail.at(-1);
  const drawn = later(scales, episode.slice(Math.max(0, trail.length - 1)));
  if (first !== undefined && last !== undefined) {
    const area = trail.map((point, nth) => {
      const [x, y] = [across(steps, point.step), up(load, point.passengers)];
      return nth === 0 ? `M${x} ${y}` : `H${x}V${y}`;
    });
    const ends = [across(steps, first.step), across(steps, last.step)] as const;
    drawn.push(
      draw("path", { class: "load", d: `${area.join("")}V${PLOT.bottom}H${ends[0]}Z` }),
      draw("path", { class: "load-edge", d: area.join("") }),
    );
  }
  drawn.push(
    draw("line", { class: "legal", x1: PLOT.left, x2: PLOT.right, y1: legal, y2: legal }),
    text(
      `${t("plot.legal")} ${whole(frame.legalCapacity)}`,
      PLOT.right - 4,
      legal - 3,
      "end legal",
    ),
  );
  if (last !== undefined) {
    const way = trail.map(
      (point) => `${across(steps, point.step)} ${up(returns, point.totalReward)}`,
    );
    drawn.push(
      draw("path", { class: "return", d: `M${way.join("L")}` }),
      draw("circle", {
        class: "return",
        cx: across(steps, last.step),
        cy: up(returns, last.totalReward),
        r: 3.4,
      }),
    );
  }
  return drawn;
}

/** What came after the frame that is shown, from that frame on. */
function later({ steps, returns, load }: Scales, rest: readonly Frame[]): SVGElement[] {
  if (rest.length < 2) return [];
  const way = rest.map((frame) => `${across(steps, frame.step)} ${up(returns, frame.totalReward)}`);
  const edge = rest.map((frame, nth) => {
    const [x, y] = [across(steps, frame.step), up(load, frame.passengers)];
    return nth === 0 ? `M${x} ${y}` : `H${x}V${y}`;
  });
  return [
    draw("path", { class: "load-edge later", d: edge.join("") }),
    draw("path", { class: "return later", d: `M${way.join("L")}` }),
  ];
}

function text(words: string, x: number, y: number, name: string): SVGTextElement {
  const element = draw("text", { x, y, class: name });
  setText(element, words);
  return element;
}
