/**
 * The part of the plan that stands still while a room runs: land, grid, sea, town and road. Drawn
 * into its own layer, so that a moving bus repaints none of it.
 */
import type { Room } from "../protocol/messages";
import { headingAt, middle, offset, pathThrough, round, type Point } from "./geometry";
import { makeShore } from "./shore";
import { svg } from "./svg";
import { drawLamps, drawTown, LANE_COLUMNS, LANE_ROWS, townDefinitions } from "./town";

/** Land shown around the grid, in cells: the outer side of the road has signs and people. */
const MARGIN = 2;

/** How far beyond the grid, in cells, land and sea go on, and how far the town does: windows
 * have other shapes than grids. */
const BEYOND = 14;
const TOWN_BEYOND = 8;

export function routePoints(room: Room): Point[] {
  return room.route.map((cell) => middle(cell, room.grid[1]));
}

export function fullBox(room: Room): { x: number; y: number; width: number; height: number } {
  const [width, height] = room.grid;
  return { x: -MARGIN, y: -MARGIN, width: width + 2 * MARGIN, height: height + 2 * MARGIN };
}

/** `id` makes a name its own in the page. */
export function drawCity(room: Room, id: (name: string) => string): SVGElement[] {
  const [width, height] = room.grid;
  const route = routePoints(room);
  const reach = Math.max(width, height) + BEYOND;
  const shore = makeShore(route, reach);
  const water = `${pathThrough(shore.outline)}Z`;
  const waterline = pathThrough(shore.line);
  const all = { x: -reach, y: -reach, width: width + 2 * reach, height: height + 2 * reach };
  return [
    svg(
      "defs",
      {},
      ...townDefinitions(id),
      seaGradient(width, height, id),
      eveningGradient(width, height, id),
    ),
    svg("rect", { class: "land", ...all }),
    svg("path", { class: "lanes", d: lanes(width, height) }),
    svg("path", { class: "gridlines", d: gridLines(width, height) }),
    svg("path", { class: "beach", d: waterline }),
    svg("path", { class: "sea", d: water, fill: `url(#${id("sea")})` }),
    svg("path", { class: "foam", d: waterline }),
    ...swell(route, reach, shore.inland),
    ...seaName(width, height, shore.inland),
    drawTown(route, shore, width, height, TOWN_BEYOND, id),
    svg("path", { class: "kerb", d: pathThrough(route) }),
    svg("path", { class: "asphalt", d: pathThrough(route) }),
    svg("path", { class: "centre-line", d: pathThrough(route) }),
    svg("rect", { class: "evening", fill: `url(#${id("evening")})`, ...all }),
    drawLamps(route, id),
    ...terminals(route),
  ];
}

function gridLines(width: number, height: number): string {
  let d = "";
  for (let x = 0; x <= width; x += 1) d += `M${x} 0V${height}`;
  for (let y = 0; y <= height; y += 1) d += `M0 ${y}H${width}`;
  return d;
}

/** Unpaved streets of the town, far beyond the grid's sides. */
function lanes(width: number, height: number): string {
  let d = "";
  for (let x = 0; x < width + BEYOND; x += LANE_COLUMNS)
    d += `M${x + 0.5} ${-BEYOND}v${height + 2 * BEYOND}`;
  for (let y = 0; y < height + BEYOND; y += LANE_ROWS)
    d += `M${-BEYOND} ${y + 0.5}h${width + 2 * BEYOND}`;
  return d;
}

/** The ocean's name, on the widest water of the plan; nowhere if there is too little. */
function seaName(width: number, height: number, inland: (point: Point) => number): SVGElement[] {
  const half = width * 0.26;
  let best = { x: 0, y: 0 };
  let deepest = -1.5;
  for (let y = 0; y <= height; y += 0.5) {
    for (let x = half; x <= width - half; x += 0.5) {
      const depth = Math.max(
        inland({ x: x - half, y }),
        inland({ x, y }),
        inland({ x: x + half, y }),
      );
      if (depth < deepest) {
        deepest = depth;
        best = { x, y };
      }
    }
  }
  if (deepest === -1.5) return [];
  return [svg("text", { class: "sea-name", x: best.x, y: best.y }, "Indian Ocean")];
}

/** Short glints on the water, in rows across the sea's axis. */
function swell(
  route: readonly Point[],
  reach: number,
  inland: (point: Point) => number,
): SVGElement[] {
  const end = route.at(-1) ?? { x: 0, y: 0 };
  const axis = headingAt(route, route.length - 1);
  let d = "";
  for (let out = -reach; out < reach; out += 0.9) {
    for (let along = -reach; along < reach; along += 1.7) {
      const jitter = Math.sin(out * 12.9 + along * 78.2);
      const at = offset(end, axis, out + jitter * 0.3, along + jitter * 0.7);
      if (inland(at) > -0.8) continue;
      d += `M${round(at.x)} ${round(at.y)}q.14 -.1 .28 0t.28 0`;
    }
  }
  return [svg("path", { class: "swell", d })];
}

/** Where the route begins and ends: a ring, and a flag. */
function terminals(route: readonly Point[]): SVGElement[] {
  const start = route[0];
  const end = route.at(-1);
  if (start === undefined || end === undefined) return [];
  const place = (point: Point): string => `translate(${round(point.x)} ${round(point.y)})`;
  const flagAt = offset(end, headingAt(route, route.length - 1), 1.05, 0);
  return [
    svg("g", { class: "start", transform: place(start) }, svg("circle", { r: 0.27 })),
    svg(
      "g",
      { class: "finish", transform: `${place(flagAt)} scale(1.25)` },
      svg("path", { class: "pole", d: "M-.3 .4V-.5" }),
      svg("path", { class: "cloth", d: "M-.3 -.5h.72v.48h-.72z" }),
      svg("path", {
        class: "check",
        d: "M-.3 -.5h.24v.24h-.24zM.18 -.5h.24v.24h-.24zM-.06 -.26h.24v.24h-.24z",
      }),
    ),
  ];
}

function seaGradient(width: number, height: number, id: (name: string) => string): SVGElement {
  return svg(
    "linearGradient",
    {
      id: id("sea"),
      gradientUnits: "userSpaceOnUse",
      x1: -3,
      y1: height * 0.6,
      x2: width,
      y2: height,
    },
    svg("stop", { offset: 0, class: "sea-sunlit" }),
    svg("stop", { offset: 0.4, class: "sea-near" }),
    svg("stop", { offset: 1, class: "sea-far" }),
  );
}

/** Low sun from the west: gold on the left, violet on the right. */
function eveningGradient(width: number, height: number, id: (name: string) => string): SVGElement {
  return svg(
    "linearGradient",
    {
      id: id("evening"),
      gradientUnits: "userSpaceOnUse",
      x1: -4,
      y1: 0,
      x2: width + 4,
      y2: height,
    },
    svg("stop", { offset: 0, class: "evening-sun" }),
    svg("stop", { offset: 0.5, class: "evening-middle" }),
    svg("stop", { offset: 1, class: "evening-dusk" }),
  );
}
