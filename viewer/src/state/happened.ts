/**
 * What happened between two frames in a row: facts alone, as far as the frames tell them. A bus drives
 * several cells a tick, so what it left behind is looked for on all of them.
 */
import { rollsOn } from "../protocol/measures";
import type { Cell, Frame, Room } from "../protocol/messages";

/** What came of a first stand at a checkpoint with police. */
export type Check = "counted" | "bribed" | "uncounted" | "legal";

export interface Happened {
  readonly boarded: number;
  /** Those who got off where they wanted to. */
  readonly alighted: number;
  /** Those whom the police put off. */
  readonly putOff: number;
  /** TSh earned. */
  readonly earned: number;
  /** TSh of fines and bribes. */
  readonly fine: number;
  /** Red lights that were driven through. */
  readonly ranRed: number;
  /** Checkpoints with police that were driven past without having stood there. */
  readonly fled: number;
  /** Checkpoints without police that were driven past. */
  readonly passedEmpty: number;
  readonly check: Check | null;
}

/** `frame` is the one right after `before`, in the same episode. */
export function happenedBetween(room: Room, before: Frame, frame: Frame): Happened {
  const left = cellsLeft(room, before, frame);
  // By rules that let no bus stand, who brakes where it had to stop has done what there is to do.
  const hasBraked = rollsOn(room) && frame.actionName === "Stop";
  const isLeft = (cell: Cell): boolean => !hasBraked && left.some((other) => same(cell, other));
  const hasStood = (cell: Cell): boolean =>
    !rollsOn(room) && before.speed === 0 && same(cell, before.position);
  const fewer = Math.max(0, before.passengers - frame.passengers);
  const fine = Math.max(0, (frame.own.fines ?? 0) - (before.own.fines ?? 0));
  const check = checkOf(before, frame, fewer, fine);
  return {
    boarded: Math.max(0, frame.passengers - before.passengers),
    alighted: check === null ? fewer : 0,
    putOff: check === null ? 0 : fewer,
    earned: frame.money - before.money,
    fine,
    ranRed: before.lights.filter(({ cell, state }) => state === "red" && isLeft(cell)).length,
    fled: frame.police.filter((cell) => isLeft(cell) && !hasStood(cell)).length,
    passedEmpty: (frame.own.unmanned ?? []).filter(isLeft).length,
    check,
  };
}

/** A bus that crashes does so in leaving the cell that it is in. */
function cellsLeft(room: Room, before: Frame, frame: Frame): readonly Cell[] {
  if (rollsOn(room)) return [before.position];
  const crashedHere = frame.crashed && frame.speed > 0 ? 1 : 0;
  return room.route.slice(before.routeIndex, frame.routeIndex + crashedHere);
}

/** The police have nobody to put off but at a checkpoint, where nobody else gets off. */
function checkOf(before: Frame, frame: Frame, putOff: number, fine: number): Check | null {
  if (frame.speed > 0 || before.speed === 0 || !frame.policeHere) return null;
  if (putOff > 0 || frame.ending === "impounded") return "counted";
  if (fine > 0) return "bribed";
  return frame.passengers > frame.legalCapacity ? "uncounted" : "legal";
}

function same(a: Cell, b: Cell): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
