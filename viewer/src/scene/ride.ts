/** How a bus rides under its load: how deep it sits, how it leans and nods. Pure numbers. */

/** A bus full to the law sits this much lower (m), and an overloaded one up to this. */
const LEGAL_SAG = 0.07;
const MOST_SAG = 0.2;

/** Lean of an overloaded bus towards its door, where people hang on (radians). */
const MOST_LEAN = 0.085;

/** People who hang at the door of an overloaded bus: one for each so many too many. */
const TOO_MANY_EACH = 4;
const MOST_HANGING = 4;

export interface Load {
  readonly passengers: number;
  readonly legalCapacity: number;
  readonly capacity: number;
}

/** How much more than legal, as a part of what more the bus could hold: 0 to 1. */
export function overload({ passengers, legalCapacity, capacity }: Load): number {
  const room = Math.max(1, capacity - legalCapacity);
  return Math.min(1, Math.max(0, (passengers - legalCapacity) / room));
}

export function sag(load: Load): number {
  const legal = load.legalCapacity > 0 ? Math.min(1, load.passengers / load.legalCapacity) : 1;
  return legal * LEGAL_SAG + overload(load) * (MOST_SAG - LEGAL_SAG);
}

/** Radians towards the left, where the door is. */
export function lean(load: Load): number {
  return overload(load) * MOST_LEAN;
}

export function hanging(load: Load): number {
  const tooMany = Math.max(0, load.passengers - load.legalCapacity);
  return Math.min(MOST_HANGING, Math.ceil(tooMany / TOO_MANY_EACH));
}

/** A value that follows another like on springs: quickly, with no way past it. */
export function follow(value: number, goal: number, rate: number, seconds: number): number {
  const next = goal + (value - goal) * Math.exp(-rate * seconds);
  return Math.abs(next - goal) < 1e-4 ? goal : next;
}
