/**
 * The parts of the sentence about a step where the rules tell fines: what the driver did and how fast
 * the bus is now, then what came of it before the law, and how it ended.
 */
import { duration, whole } from "../format";
import { t } from "../i18n";
import { measuresOf, type Measures } from "../protocol/measures";
import type { Frame, Room } from "../protocol/messages";
import { happenedBetween, type Happened } from "../state/happened";
import { actionWords } from "./words";

interface Step {
  readonly room: Room;
  readonly measures: Measures;
  readonly before: Frame;
  readonly frame: Frame;
  /** Where the bus was. */
  readonly where: string;
  readonly happened: Happened;
}

/** Null where these rules don't tell enough. */
export function tripParts(
  room: Room,
  before: Frame,
  frame: Frame,
  where: string,
): readonly string[] | null {
  const measures = measuresOf(room);
  if (measures === null || frame.own.fines === null) return null;
  const happened = happenedBetween(room, before, frame);
  const step = { room, measures, before, frame, where, happened };
  return [mainPart(step), ...beforeTheLaw(step), ...ended(step)];
}

function mainPart(step: Step): string {
  const { before, frame, where, happened, measures } = step;
  if ((before.own.held ?? 0) > 0) return held(step);
  const speed = frame.speed * measures.notchKmh;
  switch (frame.actionName) {
    case "Move":
      return before.speed === 0 ? t("trip.set.off", { where }) : t("trip.drove", { speed, where });
    case "Speed up":
      return t(frame.speed > before.speed ? "trip.sped" : "trip.drove", { speed, where });
    case "Pick up":
      if (happened.boarded > 0) return t("why.picked", { count: happened.boarded, where });
      return isAtStop(frame) ? t("why.picked.none", { where }) : braked(step);
    case "Drop off":
      if (happened.alighted > 0 && frame.speed === 0) {
        return t("why.dropped", { ...got(happened), where });
      }
      return isAtStop(frame) ? t("why.dropped.none", { where }) : braked(step);
    case "Stop":
      return braked(step);
    default:
      return t("why.other", { action: actionWords(frame.actionName), where });
  }
}

function held({ frame, where, measures }: Step): string {
  const left = frame.own.held ?? 0;
  if (left === 0) return t("trip.released", { where });
  return t("trip.held", { where, time: duration(left * measures.tickSeconds) });
}

/** Slower, and maybe to a stand, which has its reasons. */
function braked({ before, frame, where, happened, measures }: Step): string {
  if (frame.speed > 0) return t("trip.slowed", { speed: frame.speed * measures.notchKmh, where });
  if (happened.check !== null) return t("why.stopped.police", { where });
  if (before.lightRed)
    return t(before.speed > 0 ? "why.stopped.red" : "trip.waited.red", { where });
  return t(before.speed > 0 ? "trip.stopped" : "trip.stood", { where });
}

function isAtStop({ position: [x, y], speed, stops }: Frame): boolean {
  return speed === 0 && stops.some(({ cell }) => cell[0] === x && cell[1] === y);
}

function beforeTheLaw({ before, frame, happened }: Step): string[] {
  const { ranRed, fled, passedEmpty, check, fine } = happened;
  const parts: string[] = [];
  if (ranRed > 0) parts.push(t("trip.ran.red", { count: ranRed }));
  if (fled > 0) parts.push(t("trip.fled", { count: fled }));
  if (passedEmpty > 0) parts.push(t("trip.passed.empty", { count: passedEmpty }));
  const over = before.passengers - before.legalCapacity;
  const money = whole(fine);
  if (check === "counted") parts.push(t("trip.counted", { count: over, money }));
  else if (check === "bribed") parts.push(t("trip.bribed", { money }));
  else if (check === "uncounted") parts.push(t("trip.uncounted", { count: over }));
  else if (check === "legal") parts.push(t("trip.legal"));
  else if (fine > 0) {
    // What else could have been fined is told already; where nothing is, it was the radar.
    parts.push(t(ranRed + fled > 0 ? "trip.fined" : "trip.fined.radar", { money }));
  }
  if (frame.ending === "impounded") parts.push(t("why.and.impounded"));
  return parts;
}

function ended({ frame, happened }: Step): string[] {
  if (frame.crashed) return [t("why.and.crashed")];
  if (frame.truncated) return [t("trip.out.of.time")];
  if (frame.ending !== "arrived") return [];
  return [happened.alighted > 0 ? t("trip.arrived", got(happened)) : t("why.and.arrived")];
}

function got({ alighted, earned }: Happened): { count: number; money: string } {
  return { count: alighted, money: whole(earned) };
}
