/**
 * How long to wait before trying again. Doubling keeps a dead server from being hammered; jitter
 * keeps a thousand pages from knocking in the same instant when it comes back.
 */

/** The wait before the first retry, in milliseconds, before jitter. */
export const BASE_MS = 500;

/** The longest wait, in milliseconds: short enough that a restart is noticed while one looks. */
export const CAP_MS = 10_000;

/** Wait before retry number `attempt` (from 0); `random` is uniform in [0, 1). */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 30));
  return full / 2 + (full / 2) * random;
}
