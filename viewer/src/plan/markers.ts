/**
 * Stops, traffic lights and police as the frame has them. Each says what it is by shape and place:
 * red is a bar in the upper lamp, green an arrow in the lower one, police a striped barrier across
 * the lane (only the outline of their sign where there are none), a stop a bay with people beside it.
 * Colour only repeats it.
 */
import type { Cell, Frame, Room } from "../protocol/messages";
import { measuresOf } from "../protocol/measures";
import { secondsToChange } from "./ahead";
import { degrees, headingAt, middle, nearestIndex, round, type Point } from "./geometry";
import { placeSigns, type Wish } from "./placement";
import { svg } from "./svg";

/** People drawn at a stop; the number beside them says how many there are. */
const MAX_PEOPLE = 8;

/** A number with more digits needs the whole card. */
const WIDE_FROM = 100;

/** The sign of the police. */
const SHIELD = "M0 -.5l.42 .14v.34q0 .36 -.42 .56q-.42 -.2 -.42 -.56v-.34z";

/** A marker's place on the road and beside it, and how large its sign is drawn. */
interface Place {
  readonly at: Point;
  readonly heading: Point;
  readonly sign: Point;
  readonly scale: number;
}

interface Marker {
  readonly cell: Cell;
  readonly side: Wish["side"];
  readonly draw: (place: Place) => SVGGElement;
}

export function drawMarkers(
  frame: Frame,
  room: Room,
  route: readonly Point[],
  scale: number,
  id: (name: string) => string,
): SVGGElement[] {
  const tickSeconds = measuresOf(room)?.tickSeconds;
  // Buses keep left here, so people wait on the left, and what is about driving stands right.
  const markers: readonly Marker[] = [
    ...frame.stops.map(({ cell, waiting }): Marker => ({
      cell,
      side: "left",
      draw: (p) => drawStop(p, waiting, id),
    })),
    ...frame.lights.map(({ cell, state }, nth): Marker => ({
      cell,
      side: "right",
      draw: (p) => drawLight(p, state, secondsToChange(frame, nth, tickSeconds)),
    })),
    ...frame.police.map((cell): Marker => ({ cell, side: "right", draw: drawPolice })),
    ...(frame.own.unmanned ?? []).map((cell): Marker => ({
      cell,
      side: "right",
      draw: drawEmptyCheckpoint,
    })),
  ];
  const wishes = markers.map(({ cell, side }) => ({
    index: nearestIndex(route, middle(cell, room.grid[1])),
    side,
  }));
  const signs = placeSigns(wishes, route, scale);
  return markers.map(({ cell, draw }, nth) => {
    const at = middle(cell, room.grid[1]);
    const heading = headingAt(route, wishes[nth]?.index ?? 0);
    return draw({ at, heading, sign: signs[nth] ?? at, scale });
  });
}

function drawStop(place: Place, waiting: number, id: (name: string) => string): SVGGElement {
  const wide = waiting >= WIDE_FROM;
  const drawn = Math.min(MAX_PEOPLE, waiting);
  const first = -0.13 * (Math.min(drawn, 4) - 1);
  const people = Array.from({ length: drawn }, (_, index) =>
    svg("use", {
      href: `#${id("person")}`,
      class: `wears-${index % 5}`,
      x: round(first + (index % 4) * 0.26),
      y: round(-0.68 - Math.floor(index / 4) * 0.25),
    }),
  );
  return svg(
    "g",
    { class: waiting > 0 ? "stop" : "stop empty" },
    onRoad(
      place,
      svg("rect", { class: "bay", x: -0.45, y: -0.4, width: 0.9, height: 0.36, rx: 0.06 }),
      ...people,
    ),
    upright(
      place,
      svg("rect", { class: "card", x: -0.42, y: -0.3, width: 0.84, height: 0.6, rx: 0.16 }),
      ...(wide
        ? []
        : [svg("use", { class: "pictogram", href: `#${id("waiting")}`, x: -0.2, y: 0 })]),
      svg("text", { class: "number", x: wide ? 0 : 0.14, y: 0.16 }, String(waiting)),
    ),
  );
}

/** `seconds` until it changes are written on the lamp that is out. */
function drawLight(place: Place, state: "red" | "green", seconds: number | null): SVGGElement {
  return svg(
    "g",
    { class: `light ${state}` },
    onRoad(place, svg("path", { class: "stop-line", d: "M.42 -.44V.44" })),
    upright(
      place,
      svg("circle", { class: "glow", cy: state === "red" ? -0.24 : 0.24, r: 0.62 }),
      svg("rect", { class: "housing", x: -0.28, y: -0.54, width: 0.56, height: 1.08, rx: 0.2 }),
      svg("circle", { class: "lamp upper", cy: -0.24, r: 0.2 }),
      svg("circle", { class: "lamp lower", cy: 0.24, r: 0.2 }),
      state === "red"
        ? svg("path", { class: "sign", d: "M-.12 -.24h.24" })
        : svg("path", { class: "sign", d: "M0 .34v-.2m-.09 .08l.09 -.09l.09 .09" }),
      ...(seconds === null
        ? []
        : [svg("text", { class: "seconds", y: state === "red" ? 0.4 : -0.08 }, String(seconds))]),
    ),
  );
}

function drawPolice(place: Place): SVGGElement {
  return svg(
    "g",
    { class: "police" },
    onRoad(
      place,
      svg("path", { class: "barrier", d: "M.4 .5V-.46" }),
      svg("path", { class: "barrier stripes", d: "M.4 .5V-.46" }),
      svg("circle", { class: "post", cx: 0.4, cy: 0.54, r: 0.1 }),
    ),
    upright(
      place,
      svg("path", { class: "shield", d: SHIELD }),
      svg("path", { class: "cap", d: "M-.24 -.08q0 -.22 .24 -.22t.24 .22z" }),
      svg("path", { class: "peak", d: "M-.26 -.02h.52" }),
      svg("circle", { class: "face", cy: 0.12, r: 0.12 }),
    ),
  );
}

/** A checkpoint without police: the post and the outline of the sign, and the road is free. */
function drawEmptyCheckpoint(place: Place): SVGGElement {
  return svg(
    "g",
    { class: "police empty" },
    onRoad(place, svg("circle", { class: "post", cx: 0.4, cy: 0.54, r: 0.1 })),
    upright(place, svg("path", { class: "shield", d: SHIELD })),
  );
}

/** Things painted on or laid across the road: turned with it. */
function onRoad(place: Place, ...children: SVGElement[]): SVGGElement {
  const { at, heading } = place;
  const turn = Math.round(degrees(heading));
  return svg(
    "g",
    { transform: `translate(${round(at.x)} ${round(at.y)}) rotate(${turn})` },
    ...children,
  );
}

/** Signs beside the road: never turned, and larger where the plan is small. */
function upright({ sign, scale }: Place, ...children: SVGElement[]): SVGGElement {
  return svg(
    "g",
    { class: "upright", transform: `translate(${round(sign.x)} ${round(sign.y)}) scale(${scale})` },
    ...children,
  );
}

/** Definitions used above: one person from above, and the waiting person of a stop's card. */
export function markerDefinitions(id: (name: string) => string): SVGElement[] {
  return [
    svg(
      "g",
      { id: id("person") },
      svg("ellipse", { class: "plan-shoulders", rx: 0.09, ry: 0.12 }),
      svg("circle", { class: "plan-head", r: 0.065 }),
    ),
    svg(
      "g",
      { id: id("waiting") },
      svg("circle", { cy: -0.12, r: 0.075 }),
      svg("path", { d: "M-.11 .2v-.13q0 -.09 .11 -.09t.11 .09v.13z" }),
    ),
  ];
}
