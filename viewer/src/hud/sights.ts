/**
 * What stood before the driver when it chose: in the cell of the bus, and, where the rules tell of the
 * road ahead, the nearest thing on it that asks for a stop.
 */
import { whole } from "../format";
import { t } from "../i18n";
import { measuresOf } from "../protocol/measures";
import type { Cell, Frame, Room } from "../protocol/messages";

export type SightKind = "held" | "red" | "police" | "green" | "waiting" | "ahead" | "clear";

export interface Sight {
  readonly kind: SightKind;
  readonly words: string;
}

/** What is farther ahead than this (cells) is not yet what a driver acts on. */
const NEAR_AHEAD = 5;

export function sightsOf(room: Room, frame: Frame): readonly Sight[] {
  const here = sightsHere(frame);
  const ahead = here.length === 0 ? sightAhead(room, frame) : null;
  if (ahead !== null) return [ahead];
  return here.length === 0 ? [{ kind: "clear", words: t("story.clear") }] : here;
}

function sightsHere({ own, lightRed, policeHere, lights, stops, position }: Frame): Sight[] {
  const here = ({ cell }: { readonly cell: Cell }): boolean => same(cell, position);
  const sights: Sight[] = [];
  if ((own.held ?? 0) > 0) sights.push({ kind: "held", words: t("alert.held") });
  if (lightRed) sights.push({ kind: "red", words: t("alert.red") });
  else if (lights.some(here)) sights.push({ kind: "green", words: t("story.green") });
  if (policeHere) sights.push({ kind: "police", words: t("alert.police") });
  const stop = stops.find(here);
  if (stop !== undefined) {
    sights.push({ kind: "waiting", words: t("story.waiting", { count: stop.waiting }) });
  }
  return sights;
}

/** Of rules that measure the road: others have no more than the cell of the bus to go by. */
function sightAhead(room: Room, frame: Frame): Sight | null {
  const measures = measuresOf(room);
  if (measures === null) return null;
  const near = room.route.slice(frame.routeIndex + 1, frame.routeIndex + 1 + NEAR_AHEAD);
  for (const [nth, cell] of near.entries()) {
    const red = frame.lights.some((light) => light.state === "red" && same(light.cell, cell));
    const police = frame.police.some((each) => same(each, cell));
    if (!red && !police) continue;
    const what = t(red ? "alert.red" : "alert.police");
    const distance = whole((nth + 1) * measures.cellMetres);
    return { kind: "ahead", words: t("story.ahead", { what, distance }) };
  }
  return null;
}

function same(a: Cell, b: Cell): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
