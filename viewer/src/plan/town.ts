/**
 * What stands on the land: houses, palms, lamps. Pure decoration, drawn once for a room, and never
 * where it could be taken for something the agent knows of.
 */
import { distance, offset, round, headingAt, type Point } from "./geometry";
import { hash } from "./noise";
import type { Shore } from "./shore";
import { svg } from "./svg";

/** Decoration beyond this many pieces costs more than it shows. */
const MAX_PIECES = 900;

/** How near houses and palms come to the middle of the road, in cells: signs stand in between. */
const HOUSE_FROM_ROAD = 2.2;
const PALM_FROM_ROAD = 1.9;

/** Land kept free between a piece and the water, in cells. */
const BEACH = 1;

/** Unpaved lanes run along every so many rows and columns, and houses keep off them. */
export const LANE_ROWS = 4;
export const LANE_COLUMNS = 5;

/** Every how many cells a street lamp stands. */
const LAMP_EVERY = 3;

const ROOFS = ["rust", "tin", "teal", "clay", "lime"] as const;

/** Houses and palms on every free cell from `-margin` to the grid's sides plus `margin`. */
export function drawTown(
  route: readonly Point[],
  shore: Shore,
  width: number,
  height: number,
  margin: number,
  id: (name: string) => string,
): SVGGElement {
  const town = svg("g", { class: "town" });
  const thinning = MAX_PIECES / ((width + 2 * margin) * (height + 2 * margin));
  for (let row = -margin; row < height + margin; row += 1) {
    for (let column = -margin; column < width + margin; column += 1) {
      if (hash(column, row, 9) > thinning) continue;
      const at = {
        x: column + 0.5 + (hash(column, row, 1) - 0.5) * 0.3,
        y: row + 0.5 + (hash(column, row, 2) - 0.5) * 0.3,
      };
      const inland = shore.inland(at);
      const away = Math.min(...route.map((point) => distance(point, at)));
      if (inland < BEACH || away < PALM_FROM_ROAD) continue;
      const lane = row % LANE_ROWS === 0 || column % LANE_COLUMNS === 0;
      const kind = hash(column, row, 3);
      if (inland < 2.2 || lane) {
        if (kind < 0.22) town.append(palm(at, column, row, id));
      } else if (away > HOUSE_FROM_ROAD && kind < 0.86) {
        town.append(house(at, column, row));
      } else if (kind < 0.96) {
        town.append(palm(at, column, row, id));
      }
    }
  }
  return town;
}

/** Street lamps with their pools of light, on alternating sides. */
export function drawLamps(route: readonly Point[], id: (name: string) => string): SVGGElement {
  const lamps = svg("g", { class: "lamps" });
  for (let index = 1; index < route.length; index += LAMP_EVERY) {
    const here = route[index];
    if (here === undefined) continue;
    const at = offset(here, headingAt(route, index), 0.5, index % 2 === 0 ? 0.66 : -0.66);
    lamps.append(
      svg("circle", { cx: round(at.x), cy: round(at.y), r: 1.1, fill: `url(#${id("lamplight")})` }),
      svg("circle", { cx: round(at.x), cy: round(at.y), r: 0.07, class: "lamp" }),
    );
  }
  return lamps;
}

function house(at: Point, column: number, row: number): SVGGElement {
  const width = 0.6 + hash(column, row, 4) * 0.36;
  const depth = 0.52 + hash(column, row, 5) * 0.34;
  const roof = ROOFS[Math.floor(hash(column, row, 6) * ROOFS.length)] ?? "rust";
  const left = round(-width / 2);
  const top = round(-depth / 2);
  const group = svg(
    "g",
    { class: `house ${roof}`, transform: `translate(${round(at.x)} ${round(at.y)})` },
    svg("path", { class: "shade", d: shadow(width, depth) }),
    svg("rect", {
      class: "roof",
      x: left,
      y: top,
      width: round(width),
      height: round(depth),
      rx: 0.04,
    }),
    svg("rect", {
      class: "slope",
      x: left,
      y: 0,
      width: round(width),
      height: round(depth / 2),
      rx: 0.04,
    }),
    svg("path", { class: "ridge", d: `M${left} 0h${round(width)}` }),
  );
  if (hash(column, row, 7) < 0.35) {
    group.append(
      svg("rect", {
        class: "window",
        x: left + 0.08,
        y: round(depth / 2 - 0.13),
        width: 0.13,
        height: 0.09,
      }),
    );
  }
  return group;
}

/** The evening shadow of a box: long, and to the lower right. */
function shadow(width: number, depth: number): string {
  const w = round(width / 2);
  const d = round(depth / 2);
  return `M${w} ${-d}l.28 .16v${round(depth)}h${-round(width)}l-.28 -.16z`;
}

function palm(at: Point, column: number, row: number, id: (name: string) => string): SVGUseElement {
  const size = round(0.75 + hash(column, row, 8) * 0.5);
  const turn = Math.round(hash(column, row, 10) * 72);
  return svg("use", {
    href: `#${id("palm")}`,
    transform: `translate(${round(at.x)} ${round(at.y)}) scale(${size}) rotate(${turn})`,
  });
}

/** Definitions used above: the palm seen from above, and a lamp's light. */
export function townDefinitions(id: (name: string) => string): SVGElement[] {
  const fronds = Array.from({ length: 7 }, (_, index) =>
    svg("path", {
      d: "M0 0C.12 -.1 .3 -.12 .46 .02C.3 .02 .14 .06 0 0z",
      transform: `rotate(${Math.round((index * 360) / 7)})`,
    }),
  );
  return [
    svg(
      "g",
      { id: id("palm"), class: "plan-palm" },
      svg("ellipse", { class: "shade", cx: 0.2, cy: 0.14, rx: 0.42, ry: 0.26 }),
      ...fronds,
      svg("circle", { class: "heart", r: 0.06 }),
    ),
    svg(
      "radialGradient",
      { id: id("lamplight") },
      svg("stop", { offset: 0, class: "lamp-near" }),
      svg("stop", { offset: 1, class: "lamp-far" }),
    ),
  ];
}
