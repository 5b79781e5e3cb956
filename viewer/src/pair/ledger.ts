/**
 * What both rooms earned on the trips that both have finished. A trip counts once a room, however
 * often it is driven; trips of another epoch were driven by another driver or under another law.
 */
import { profitOf } from "../hud/profit";
import type { View } from "../state/view";
import type { Both, Side } from "./sides";
import { hasEnded, tripOf } from "./trip";

interface Ended {
  readonly epoch: number;
  /** TSh, by trip. */
  readonly profits: ReadonlyMap<string, number>;
}

export type Ledger = Both<Ended>;

const NONE: Ended = { epoch: 0, profits: new Map() };

export const EMPTY_LEDGER: Ledger = { a: NONE, b: NONE };

/** The ledger after what a room shows now. */
export function enter(ledger: Ledger, side: Side, view: View): Ledger {
  const { frame, room } = view;
  if (frame === null || room === null) return ledger;
  const before = ledger[side].epoch === frame.epoch ? ledger[side] : null;
  const trip = hasEnded(frame) ? tripOf(view) : null;
  const profit = profitOf(room, frame);
  if (trip === null || profit === null) {
    return before === null ? { ...ledger, [side]: { ...NONE, epoch: frame.epoch } } : ledger;
  }
  if (before?.profits.get(trip) === profit.sum) return ledger;
  const profits = new Map(before?.profits).set(trip, profit.sum);
  return { ...ledger, [side]: { epoch: frame.epoch, profits } };
}

/** B − A, TSh, of each trip that both have finished. */
export function differences({ a, b }: Ledger): readonly number[] {
  return [...a.profits].flatMap(([trip, profit]) => {
    const other = b.profits.get(trip);
    return other === undefined ? [] : [other - profit];
  });
}
