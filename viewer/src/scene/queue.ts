/** Where people stand who wait for a bus: pure places beside the road, no drawing. */
import { hash } from "../plan/noise";
import { PAVED_HALF, ROAD_HALF } from "./city";

export interface Standing {
  /** Metres left of the road's middle, and ahead of the middle of the stop's cell. */
  readonly left: number;
  readonly ahead: number;
}

/** The head of a queue is where the door will be (m ahead of the middle of the cell). */
const HEAD = 1.7;

/** Room for one person along and across the pavement (m). */
const ALONG = 0.52;
const ACROSS = 0.58;

/** How many stand behind each other before the next row begins, and rows on the pavement. */
const ROW = 13;

/** More are not drawn: a crowd is a crowd. */
export const MOST_DRAWN = 40;

/** The place of the nth person; `nth` may lie between two while the queue moves up. */
export function standing(nth: number, stop: number): Standing {
  const before = place(Math.floor(nth), stop);
  const part = nth - Math.floor(nth);
  if (part === 0) return before;
  const after = place(Math.floor(nth) + 1, stop);
  return {
    left: before.left + (after.left - before.left) * part,
    ahead: before.ahead + (after.ahead - before.ahead) * part,
  };
}

/** Three abreast, and then further out. */
function place(nth: number, stop: number): Standing {
  const abreast = 3;
  const block = Math.floor(nth / (ROW * abreast));
  const within = nth % (ROW * abreast);
  const [column, row] = [Math.floor(within / abreast), (within % abreast) + block * abreast];
  return {
    left: ROAD_HALF + 0.5 + row * ACROSS + (hash(nth, stop, 95) - 0.5) * 0.26,
    ahead: HEAD - column * ALONG + (hash(nth, stop, 96) - 0.5) * 0.24,
  };
}

/** Where somebody who got off walks to and is lost from sight. */
export function awayFrom(seed: number): Standing {
  return {
    left: PAVED_HALF - 0.4 + hash(seed, 1, 97) * 2.6,
    ahead: 4 + hash(seed, 2, 97) * 4.5,
  };
}
