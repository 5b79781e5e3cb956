/** Repeatable variety: the same town each time the page opens, without shipping a map of it. */

/** A number in [0, 1) that depends only on its arguments. */
export function hash(a: number, b = 0, c = 0): number {
  let h =
    Math.imul(a | 0, 0x27d4eb2d) ^ Math.imul(b | 0, 0x165667b1) ^ Math.imul(c | 0, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** Smooth noise in [0, 1) along a line. */
export function noise(x: number): number {
  const left = Math.floor(x);
  const part = x - left;
  const eased = part * part * (3 - 2 * part);
  return hash(left) * (1 - eased) + hash(left + 1) * eased;
}
