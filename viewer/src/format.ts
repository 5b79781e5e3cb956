/** How numbers are written, the same in scene and HUD. */

const WHOLE = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const ONE_DIGIT = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });

/** A count or an amount: 12,000. */
export function whole(value: number): string {
  return WHOLE.format(value);
}

/** A reward with its sign and a true minus; a digit only where there is one and it matters. */
export function signed(value: number): string {
  const size = Math.abs(value);
  const digits = (size < 1000 ? ONE_DIGIT : WHOLE).format(size);
  if (digits === "0") return "0";
  return value < 0 ? `−${digits}` : `+${digits}`;
}

/** Seconds left until `at`, at least 1: a countdown that never says 0. */
export function secondsUntil(at: number, now: number): number {
  return Math.max(1, Math.ceil((at - now) / 1000));
}

export function clockTime(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB");
}
