/**
 * Whether the profits of two rooms may be compared now: they have to drive the same trip, with the
 * same driver, in a scenario that differs by what is enforced alone. A false difference is worse
 * than none.
 */
import { LAW_FIELDS } from "../controls/levers";
import { profitOf } from "../hud/profit";
import type { Room } from "../protocol/messages";
import { readScenario } from "../protocol/scenario";
import type { View } from "../state/view";
import { tripOf } from "./trip";

export type Hindrance =
  /** One of them is not live. */
  | "away"
  | "rules"
  | "model"
  | "scenario"
  /** The rules tell no profit. */
  | "money"
  /** One of them is stepped from outside, or plays a recording. */
  | "kind"
  /** People drive one of them. */
  | "people"
  /** How the trip of one of them began is not known. */
  | "unknown"
  | "trip";

export interface Seen {
  readonly view: View;
  /** What is shown is what the room has. */
  readonly live: boolean;
}

export function hindranceOf(a: Seen, b: Seen): Hindrance | null {
  return lasting(a, b) ?? passing(a.view, b.view);
}

/** What does not go away by itself; null where two rooms can be made to drive the same trips. */
export function lasting(a: Seen, b: Seen): Hindrance | null {
  const rooms = [a.view.room, b.view.room] as const;
  const frames = [a.view.frame, b.view.frame] as const;
  const [roomA, roomB] = rooms;
  const [frameA, frameB] = frames;
  if (!a.live || !b.live || roomA === null || roomB === null) return "away";
  if (frameA === null || frameB === null) return "away";
  if (roomA.rules !== roomB.rules) return "rules";
  if (roomA.model !== roomB.model) return "model";
  if (besideTheLaw(roomA) !== besideTheLaw(roomB)) return "scenario";
  if (profitOf(roomA, frameA) === null || profitOf(roomB, frameB) === null) return "money";
  if (roomA.kind !== "stream" || roomB.kind !== "stream") return "kind";
  if (roomA.mode !== "policy" || roomB.mode !== "policy") return "people";
  return null;
}

/** The scenario of a room without what is enforced in it. */
function besideTheLaw({ scenario }: Room): string {
  const { base, set } = readScenario(scenario);
  const rest = [...set].filter(([field]) => !LAW_FIELDS.has(field));
  return JSON.stringify([base, rest.sort(([one], [other]) => (one < other ? -1 : 1))]);
}

function passing(a: View, b: View): Hindrance | null {
  const trips = [tripOf(a), tripOf(b)] as const;
  if (trips.includes(null)) return "unknown";
  return trips[0] === trips[1] ? null : "trip";
}
