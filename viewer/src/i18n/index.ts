/**
 * The words of the page, in the language of the moment. Everything that shows words asks `t` for
 * them whenever it draws, and draws again when the language changes (`onLanguage`).
 *
 * The keys and the values that they need are checked by the compiler against the English words.
 */
import * as controls from "./controls";
import * as core from "./core";
import type { Entry, PlacesOf, Translation } from "./dictionary";
import * as help from "./help";
import * as hud from "./hud";
import * as link from "./link";
import * as pair from "./pair";
import * as trip from "./trip";
import * as why from "./why";

export const LANGUAGES = ["en", "sw"] as const;
export type Language = (typeof LANGUAGES)[number];

const EN = {
  ...core.en,
  ...hud.en,
  ...why.en,
  ...trip.en,
  ...pair.en,
  ...link.en,
  ...help.en,
  ...controls.en,
} as const;
const SW: Translation<typeof EN> = {
  ...core.sw,
  ...hud.sw,
  ...why.sw,
  ...trip.sw,
  ...pair.sw,
  ...link.sw,
  ...help.sw,
  ...controls.sw,
};

type English = typeof EN;
export type Key = keyof English;

/** The values that a key's words need: none, or one for each place in them. */
type Values<K extends Key> = [PlacesOf<English[K]>] extends [never]
  ? []
  : [values: Readonly<Record<PlacesOf<English[K]>, string | number>>];

/** The keys whose words need no values. */
export type PlainKey = { [K in Key]: [PlacesOf<English[K]>] extends [never] ? K : never }[Key];

/** How numbers are written: the day's custom in Tanzania for both languages. */
const LOCALES: Readonly<Record<Language, string>> = { en: "en-GB", sw: "sw-TZ" };

const listeners = new Set<() => void>();
let current: Language = "en";

export function language(): Language {
  return current;
}

/** The name of the language's customs for `Intl`. */
export function locale(): string {
  return LOCALES[current];
}

export function setLanguage(next: Language): void {
  if (next === current) return;
  current = next;
  for (const listener of listeners) listener();
}

/** Hear of every change of the language, until the function that is returned is called. */
export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export const DICTIONARIES: Readonly<Record<Language, Readonly<Record<Key, Entry>>>> = {
  en: EN,
  sw: SW,
};

/** The words of a key, with the values in their places; numbers are written as the language does. */
export function t<K extends Key>(key: K, ...values: Values<K>): string {
  return tIn(current, key, ...values);
}

/** The same in a language that is not (or not only) that of the moment. */
export function tIn<K extends Key>(which: Language, key: K, ...values: Values<K>): string {
  return say(DICTIONARIES[which][key], values[0] ?? {}, LOCALES[which]);
}

/** Whether a name that arrived, such as that of an action, has words here. */
export function hasWords(key: string): key is PlainKey {
  return Object.hasOwn(EN, key);
}

/** An entry's form for `count`, with the values in their places. */
function say(
  entry: Entry,
  values: Readonly<Record<string, string | number>>,
  intl: string,
): string {
  const one = values["count"] === 1 || values["count"] === -1;
  const text = typeof entry === "string" ? entry : one ? entry.one : entry.other;
  return text.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = values[name];
    return typeof value === "number" ? value.toLocaleString(intl) : (value ?? place);
  });
}
