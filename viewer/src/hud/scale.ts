/** Scales of the plot: round numbers for its axes, and lines through points. */

export interface Scale {
  readonly low: number;
  readonly high: number;
  /** Where to write a number: multiples of one step, `low` and `high` among them. */
  readonly ticks: readonly number[];
}

/** How far apart ticks may be: these times a power of ten. */
const ROUND = [1, 2, 5, 10];

/** A scale from `low` to `high` at least, of at most `parts` parts between round numbers. */
export function niceScale(low: number, high: number, parts: number): Scale {
  const span = Math.max(high - low, 1);
  const power = 10 ** Math.floor(Math.log10(span / parts));
  const step = power * (ROUND.find((round) => Math.ceil(span / (round * power)) <= parts) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, nth) => (first + nth) * step);
  return { low: first * step, high: last * step, ticks };
}

/** The part of the way from the scale's low end to its high one. */
export function along({ low, high }: Scale, value: number): number {
  return (value - low) / (high - low);
}
