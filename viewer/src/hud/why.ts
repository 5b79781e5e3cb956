/**
 * Why the last thing happened, in a sentence made of facts: what the bus did and where, what that
 * did to the people and before the law, what else came of it, and the reward.
 *
 * Only what the frames say is told. Where the frame before is not known, so is not what stood there.
 */
import { whole } from "../format";
import { locale, t } from "../i18n";
import { rollsOn } from "../protocol/measures";
import type { Frame, Room } from "../protocol/messages";
import type { View } from "../state/view";
import { termsOf } from "./terms";
import { tripParts } from "./trip";
import { actionWords, placeWords, rewardWords } from "./words";

/** What is known about a step: the frames on both sides of it, and what it was paid for. */
interface Step {
  readonly room: Room;
  readonly before: Frame | null;
  readonly frame: Frame;
  readonly where: string;
  readonly paid: ReadonlyMap<string, number>;
}

/** Null where there is nothing to tell yet. */
export function explain(view: Pick<View, "room" | "frame" | "before">): string | null {
  const { room, frame, before } = view;
  if (room === null || frame === null) return null;
  if (frame.actionName === null) return t("why.start", { where: placeWords(room, frame) });
  const step: Step = {
    room,
    before,
    frame,
    // An action is taken where the bus was; where it came to is told by the next.
    where: placeWords(room, before ?? frame),
    paid: new Map(termsOf(view).map(({ name, value }) => [name, value])),
  };
  const trip = before === null ? null : tripParts(room, before, frame, step.where);
  const parts = trip ?? [mainPart(step), ...otherParts(step)];
  const list = new Intl.ListFormat(locale(), { type: "conjunction" });
  return t("why.sentence", { what: list.format(parts), reward: rewardWords(room, frame.reward) });
}

function mainPart(step: Step): string {
  const { before, frame, where, paid, room } = step;
  const rolled = rollsOn(room);
  switch (frame.actionName) {
    case "Move":
      if (passedBy(step))
        return t(before?.lightRed === true ? "why.ran.red" : "why.ran.police", { where });
      return t("why.moved", { where });
    case "Pick up": {
      const count = before === null ? 0 : frame.passengers - before.passengers;
      if (count > 0) return t("why.picked", { count, where });
      return before === null ? other(step) : t("why.picked.none", { where });
    }
    case "Drop off": {
      const count = before === null ? 0 : before.passengers - frame.passengers;
      const money = whole(before === null ? 0 : frame.money - before.money);
      if (count > 0) return t("why.dropped", { count, where, money });
      return before === null ? other(step) : t("why.dropped.none", { where });
    }
    case "Stop":
      if (before?.lightRed === true)
        return t(rolled ? "why.braked.red" : "why.stopped.red", { where });
      if (before?.policeHere === true)
        return t(rolled ? "why.braked.police" : "why.stopped.police", { where });
      if (before?.mustStop === true) return t("why.stopped.must", { where });
      return t((paid.get("action") ?? 0) < 0 ? "why.braked.needless" : "why.braked", { where });
    case "Speed up":
      return t("why.sped", { where });
    default:
      return other(step);
  }
}

const other = ({ frame, where }: Step): string =>
  t("why.other", { action: actionWords(frame.actionName), where });

/** Whether the step went past a red light or the police, and cost something for it. */
function passedBy({ before, paid }: Step): boolean {
  return before?.mustStop === true && (paid.get("must_stop") ?? 0) < 0;
}

function otherParts(step: Step): string[] {
  const { room, before, frame, paid } = step;
  const parts: string[] = [];
  // It brakes and is past the light all the same: said, lest it look like a lie.
  if (frame.actionName === "Stop" && before !== null && rollsOn(room)) {
    if (frame.routeIndex > before.routeIndex) parts.push(t("why.and.rolled"));
  }
  if (passedBy(step) && frame.actionName !== "Move") {
    parts.push(t(before?.lightRed === true ? "why.and.red" : "why.and.police"));
  }
  if (frame.fined && before?.fined === false) {
    const { passengers: count, legalCapacity: legal } = frame;
    parts.push(count > legal ? t("why.and.fined.load", { count, legal }) : t("why.and.fined"));
  }
  if (frame.crashed) parts.push(t("why.and.crashed"));
  else if (frame.terminated) {
    const arrived = frame.routeIndex >= room.route.length - 1;
    const legal = (paid.get("legal") ?? 0) > 0;
    if (arrived) parts.push(t(legal ? "why.and.arrived.legal" : "why.and.arrived"));
    else if (frame.fined) parts.push(t("why.and.impounded"));
  }
  return parts;
}
