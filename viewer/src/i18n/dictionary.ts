/**
 * What a dictionary is. An area of the page has a file with its words in English, `en`, and the same
 * keys in Swahili, `sw`. A key begins with its area: `hud.money`. Words may hold places for values,
 * `{count}`; what depends on a number has the forms `one` and `other`, chosen by the value `count`.
 */
export type Entry = string | { readonly one: string; readonly other: string };

/** The other language of an area: every key of the English one, no more and no fewer. */
export type Translation<English> = { readonly [Key in keyof English]: Entry };

/** The names of the places for values in a text: `count` and `of` in "{count} of {of}". */
export type Places<Text> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Places<Rest>
  : never;

/** The names of the places for values in an entry; where there are forms, `count` is one of them. */
export type PlacesOf<Of> = Of extends { readonly one: infer One; readonly other: infer Other }
  ? "count" | Places<One> | Places<Other>
  : Places<Of>;
