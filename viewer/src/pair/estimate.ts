/** The mean of differences, and how sure it is. */

/** An interval from fewer would promise more than it can keep: what is rare has not yet happened. */
export const LEAST_TRIPS = 10;

export interface Estimate {
  readonly count: number;
  readonly mean: number;
  /** Half of the 95 % interval; null where there are too few, or where all are the same. */
  readonly half: number | null;
}

/** Null where there is nothing to take the mean of. */
export function estimate(differences: readonly number[]): Estimate | null {
  const count = differences.length;
  if (count === 0) return null;
  const mean = differences.reduce((sum, each) => sum + each, 0) / count;
  const squares = differences.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  if (count < LEAST_TRIPS || squares === 0) return { count, mean, half: null };
  const deviation = Math.sqrt(squares / (count - 1));
  return { count, mean, half: (studentT(count - 1) * deviation) / Math.sqrt(count) };
}

/** The 97.5 % quantile of Student's t by its expansion around the normal one: right to 1e-4 from 9 on. */
export function studentT(freedom: number): number {
  const z = 1.959964;
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160,
  ];
  return terms.reduce((sum, term, nth) => sum + term / freedom ** (nth + 1), z);
}
