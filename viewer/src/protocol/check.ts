/**
 * Small validators for untrusted JSON. Each returns the checked value or throws `Malformed` with
 * the field's path, so that `parse.ts` reads like the list of fields it is.
 */
import type { Cell } from "./messages";

export class Malformed extends Error {
  override readonly name = "Malformed";
}

/** The largest coordinate accepted: four times the largest planned grid. */
const MAX_COORDINATE = 255;

/** The longest list accepted: every cell of a 64 × 64 grid. */
export const MAX_ITEMS = 4096;

/** The longest text accepted; names and versions are far shorter. */
const MAX_TEXT = 200;

/** An object seen as its fields; own properties only. */
export class Fields {
  readonly #map: ReadonlyMap<string, unknown>;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new Malformed(`${path} is not an object`);
    }
    this.#map = new Map<string, unknown>(Object.entries(value));
    this.#path = path;
  }

  raw(name: string): unknown {
    return this.#map.get(name);
  }

  path(name: string): string {
    return `${this.#path}.${name}`;
  }

  keys(): Iterable<string> {
    return this.#map.keys();
  }

  has(name: string): boolean {
    return this.#map.has(name);
  }

  number(name: string): number {
    return asNumber(this.raw(name), this.path(name));
  }

  /** A whole number from 0 up to `max`. */
  count(name: string, max = Number.MAX_SAFE_INTEGER): number {
    const value = asCount(this.raw(name), this.path(name));
    if (value > max) throw new Malformed(`${this.path(name)} is above ${max}`);
    return value;
  }

  countOrNull(name: string): number | null {
    return this.raw(name) === null ? null : this.count(name);
  }

  boolean(name: string): boolean {
    return asBoolean(this.raw(name), this.path(name));
  }

  text(name: string, max?: number): string {
    return asText(this.raw(name), this.path(name), max);
  }

  textOrNull(name: string, max?: number): string | null {
    return this.raw(name) === null ? null : this.text(name, max);
  }

  /** One of a few words. */
  oneOf<T extends string>(name: string, words: readonly T[]): T {
    const word = words.find((known) => known === this.raw(name));
    if (word === undefined) throw new Malformed(`${this.path(name)} is not ${words.join(" or ")}`);
    return word;
  }

  list<T>(name: string, item: (value: unknown, path: string) => T): T[] {
    return asList(this.raw(name), this.path(name), item);
  }

  /** A list of objects. */
  objects<T>(name: string, item: (fields: Fields) => T): T[] {
    return this.list(name, (value, path) => item(new Fields(value, path)));
  }
}

export function asList<T>(
  value: unknown,
  path: string,
  item: (value: unknown, path: string) => T,
): T[] {
  if (!Array.isArray(value) || value.length > MAX_ITEMS) {
    throw new Malformed(`${path} is not a list of at most ${MAX_ITEMS}`);
  }
  return value.map((entry: unknown, index) => item(entry, `${path}[${index}]`));
}

export function asBoolean(value: unknown, path: string): boolean {
  if (typeof value !== "boolean") throw new Malformed(`${path} is not a boolean`);
  return value;
}

export function asText(value: unknown, path: string, max = MAX_TEXT): string {
  if (typeof value !== "string" || value.length > max) {
    throw new Malformed(`${path} is not a short text`);
  }
  return value;
}

export function asNumber(value: unknown, path: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new Malformed(`${path} is not a number`);
  }
  return value;
}

export function asCount(value: unknown, path: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new Malformed(`${path} is not a count`);
  }
  return value;
}

export function asCell(value: unknown, path: string): Cell {
  if (!Array.isArray(value) || value.length !== 2) throw new Malformed(`${path} is not a cell`);
  const [x, y] = value as unknown[];
  return [asCoordinate(x, path), asCoordinate(y, path)];
}

function asCoordinate(value: unknown, path: string): number {
  if (
    typeof value !== "number" ||
    !Number.isInteger(value) ||
    value < 0 ||
    value > MAX_COORDINATE
  ) {
    throw new Malformed(`${path} is outside of any grid`);
  }
  return value;
}
