/** What rules may tell of the road ahead: how far the driver sees checkpoints, and when lights change. */
import type { Frame } from "../protocol/messages";
import { pathThrough, round, type Point } from "./geometry";
import { svg } from "./svg";

/** The longest countdown that a ring shows as a whole one, in ticks. */
const WHOLE_RING = 20;

/** A path along the part of the route in which checkpoints are seen; empty where none is told. */
export function sightPath(route: readonly Point[], { routeIndex, own }: Frame): string {
  if (own.sight === null) return "";
  return pathThrough(route.slice(routeIndex, routeIndex + own.sight + 1));
}

/** Seconds until a light changes; null where it is not told. */
export function secondsToChange(
  { own }: Frame,
  nth: number,
  tickSeconds: number | undefined,
): number | null {
  const ticks = own.lightTicks?.[nth];
  return ticks === undefined || tickSeconds === undefined ? null : Math.round(ticks * tickSeconds);
}

/** A ring about a light that shrinks, clockwise from the top, until the light changes. */
export function countdownRing({ own }: Frame, nth: number, radius: number): SVGElement[] {
  const ticks = own.lightTicks?.[nth];
  if (ticks === undefined) return [];
  const around = 2 * Math.PI * radius;
  const part = Math.min(1, ticks / WHOLE_RING);
  return [
    svg("circle", {
      class: "countdown",
      r: radius,
      transform: "rotate(-90)",
      "stroke-dasharray": `${round(part * around)} ${round(around)}`,
    }),
  ];
}
