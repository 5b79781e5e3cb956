/** How numbers and times are written, the same in scene and HUD, as the language writes them. */
import { locale } from "./i18n";

const formats = new Map<string, Intl.NumberFormat>();

function format(digits: number): Intl.NumberFormat {
  const key = `${locale()} ${digits}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat(locale(), { maximumFractionDigits: digits });
  formats.set(key, made);
  return made;
}

/** A count or an amount: 12,000. */
export function whole(value: number): string {
  return format(0).format(value);
}

/** A number with at most one digit behind the point. */
export function oneDigit(value: number): string {
  return format(1).format(value);
}

/** A reward with its sign and a true minus; a digit only where there is one and it matters. */
export function signed(value: number): string {
  const size = Math.abs(value);
  const digits = format(size < 1000 ? 1 : 0).format(size);
  if (digits === "0") return "0";
  return value < 0 ? `−${digits}` : `+${digits}`;
}

/** A part of one, in percent: 12 %. What is not nothing is not written as nothing. */
export function percent(part: number): string {
  if (part > 0 && part < 0.005) return "<1 %";
  return `${whole(part * 100)} %`;
}

/** Minutes and seconds: 4:48. */
export function duration(seconds: number): string {
  const all = Math.round(seconds);
  return `${Math.floor(all / 60)}:${String(all % 60).padStart(2, "0")}`;
}

/** Seconds left until `at`, at least 1: a countdown that never says 0. */
export function secondsUntil(at: number, now: number): number {
  return Math.max(1, Math.ceil((at - now) / 1000));
}

export function clockTime(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB");
}
