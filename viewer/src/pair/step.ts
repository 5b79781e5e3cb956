/** How two rooms that drive the same trip are in step, in words. */
import { t } from "../i18n";
import type { View } from "../state/view";
import { NAMES, otherOf, SIDES, type Both } from "./sides";
import { hasEnded } from "./trip";

/** Fewer ticks are no more than one clock ticking before the other. */
const SAID_FROM = 3;

export function stepWords(views: Both<View>): string {
  const paused = SIDES.filter((side) => views[side].room?.paused === true);
  const arrived = SIDES.filter((side) => ended(views[side]));
  const [one] = arrived;
  if (paused.length === SIDES.length) return t("pair.step.both.paused");
  // One that has arrived is paused so that it waits, and that is what is to be said of it.
  if (arrived.length === 1 && one !== undefined) {
    return t("pair.step.arrived", { side: NAMES[one], other: NAMES[otherOf(one)] });
  }
  const [still] = paused;
  if (still !== undefined) return t("pair.step.paused", { side: NAMES[still] });
  const ahead = (views.a.frame?.step ?? 0) - (views.b.frame?.step ?? 0);
  if (Math.abs(ahead) >= SAID_FROM) {
    return t("pair.step.apart", { side: NAMES[ahead > 0 ? "a" : "b"], count: Math.abs(ahead) });
  }
  const { a, b } = views;
  const same = a.room?.scenarioHash === b.room?.scenarioHash && a.room?.scenarioHash !== "";
  return t(same ? "pair.step.same.law" : "pair.step.together");
}

const ended = ({ frame }: View): boolean => frame !== null && hasEnded(frame);
