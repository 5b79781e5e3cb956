/**
 * The plan for small places: a map in a corner, a tile of the gallery. Coast, road, and signs as
 * plain shapes that are told apart without their colours; no writing, no town, nothing that is too
 * small to be seen.
 */
import type { PlainKey } from "../i18n";
import type { Cell, Frame, LightState, Room } from "../protocol/messages";
import { countdownRing } from "./ahead";
import { headingAt, middle, pathThrough, round, type Point } from "./geometry";
import { makeShore } from "./shore";
import { svg } from "./svg";

/**
 * Land shown around the road, in cells: signs are larger than a cell where the road is long, and are
 * not to be cut.
 */
const MARGIN = 2.2;
const MARGIN_PART = 0.11;

/**
 * How far beyond the road land and sea go on, in cells or as a part of what is shown: windows have
 * other shapes than roads.
 */
const BEYOND = 30;
const BEYOND_PART = 1;

/** How large a sign is to be at least (CSS pixels), and in cells at most and at least. */
const SIGN_PX = 9;
const LARGEST = 5;
const SMALLEST = 0.8;

/** How broad the road is to be at least (CSS pixels). */
const ROAD_PX = 3;

/** A checkpoint. */
const POST = "M0 -.56L.56 0L0 .56L-.56 0z";
const SQUARE = "M-.4 -.4h.8v.8h-.8z";
const TRIANGLE = "M0 -.5L.5 .38h-1z";
const FLAG = "M-.3 .5V-.5h.8l-.25 .25l.25 .25h-.6V.5z";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The road with some land around it. */
export function miniBox(route: readonly Point[]): Box {
  const xs = route.map(({ x }) => x);
  const ys = route.map(({ y }) => y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const margin = Math.max(MARGIN, MARGIN_PART * Math.max(width, height));
  return {
    x: left - margin,
    y: top - margin,
    width: width + 2 * margin,
    height: height + 2 * margin,
  };
}

/** How large signs are drawn where a cell is `cell` CSS pixels wide. */
export function miniScale(cell: number): number {
  return Math.min(LARGEST, Math.max(SMALLEST, SIGN_PX / cell));
}

export function drawMiniCity(route: readonly Point[], box: Box, cell: number): SVGElement[] {
  const size = Math.max(box.width, box.height);
  const beyond = Math.max(BEYOND, BEYOND_PART * size);
  const reach = size + beyond;
  const shore = makeShore(route, reach);
  const road = pathThrough(route);
  const broad = Math.max(1, ROAD_PX / cell);
  const end = route.at(-1);
  return [
    svg("rect", {
      class: "land",
      x: round(box.x - beyond),
      y: round(box.y - beyond),
      width: round(box.width + 2 * beyond),
      height: round(box.height + 2 * beyond),
    }),
    svg("path", { class: "beach", d: pathThrough(shore.line) }),
    svg("path", { class: "sea", d: `${pathThrough(shore.outline)}Z` }),
    svg("path", { class: "kerb", d: road, "stroke-width": round(broad * 1.5) }),
    svg("path", { class: "asphalt", d: road, "stroke-width": round(broad) }),
    ...(end === undefined ? [] : [flag(end, headingAt(route, route.length - 1), miniScale(cell))]),
  ];
}

/** Stops, lights and police, each on its cell. */
export function drawMiniMarkers(frame: Frame, room: Room, scale: number): SVGElement[] {
  const at = (cell: Cell): string => {
    const { x, y } = middle(cell, room.grid[1]);
    return `translate(${round(x)} ${round(y)}) scale(${round(scale)})`;
  };
  return [
    ...frame.stops.map(({ cell, waiting }) =>
      svg("circle", {
        class: waiting > 0 ? "mini-stop" : "mini-stop empty",
        r: 0.46,
        transform: at(cell),
      }),
    ),
    ...frame.lights.map(({ cell, state }, nth) =>
      svg(
        "g",
        { class: `mini-light ${state}`, transform: at(cell) },
        ...countdownRing(frame, nth, 0.82),
        svg("path", { d: state === "red" ? SQUARE : TRIANGLE }),
      ),
    ),
    ...(frame.own.unmanned ?? []).map((cell) =>
      svg("path", { class: "mini-police empty", d: POST, transform: at(cell) }),
    ),
    ...frame.police.map((cell) =>
      svg("path", { class: "mini-police", d: POST, transform: at(cell) }),
    ),
  ];
}

/** The signs and what they mean, in the order in which they are met. */
export const LEGEND: readonly { readonly words: PlainKey; readonly picture: () => SVGElement }[] = [
  { words: "legend.waiting", picture: () => svg("circle", { class: "mini-stop", r: 0.46 }) },
  { words: "legend.stop", picture: () => svg("circle", { class: "mini-stop empty", r: 0.46 }) },
  { words: "legend.red", picture: () => lamp("red") },
  { words: "legend.green", picture: () => lamp("green") },
  { words: "legend.police", picture: () => svg("path", { class: "mini-police", d: POST }) },
  { words: "legend.unmanned", picture: () => svg("path", { class: "mini-police empty", d: POST }) },
  { words: "legend.end", picture: () => svg("path", { class: "mini-end", d: FLAG }) },
];

function lamp(state: LightState): SVGElement {
  const shape = svg("path", { d: state === "red" ? SQUARE : TRIANGLE });
  return svg("g", { class: `mini-light ${state}` }, shape);
}

/** The bus as an arrow. */
export function drawMiniBus(): SVGGElement {
  return svg(
    "g",
    { class: "mini-bus" },
    svg("circle", { class: "halo", r: 0.9 }),
    svg("path", { class: "arrow", d: "M.78 0L-.55 .56L-.25 0L-.55 -.56z" }),
  );
}

function flag(end: Point, heading: Point, scale: number): SVGElement {
  const [x, y] = [end.x + heading.x * scale, end.y + heading.y * scale];
  return svg("path", {
    class: "mini-end",
    d: FLAG,
    transform: `translate(${round(x)} ${round(y)}) scale(${round(scale)})`,
  });
}
