/** The fields of a JSON keyframe or delta, checked by the types that the room declares. */
import {
  asBoolean,
  asCell,
  asCount,
  asList,
  asNumber,
  asText,
  Malformed,
  type Fields,
} from "./check";
import type { FieldType, FieldValue, Schema } from "./schema";
import type { Changes } from "./world";

/** All fields; each has to be there. */
export function readWorld(fields: Fields, schema: Schema): Changes {
  const missing = schema.find(({ name }) => !fields.has(name));
  if (missing !== undefined) throw new Malformed(`${fields.path(missing.name)} is missing`);
  return readChanges(fields, schema);
}

/** Those fields that are there. */
export function readChanges(fields: Fields, schema: Schema): Changes {
  const present = schema.filter(({ name }) => fields.has(name));
  return Object.fromEntries(
    present.map(({ name, type }) => [name, READ[type](fields.raw(name), fields.path(name))]),
  );
}

type Read = (value: unknown, path: string) => FieldValue;

const listOf =
  (item: (value: unknown, path: string) => boolean | number | readonly [number, number]): Read =>
  (value, path) =>
    asList(value, path, item);

const READ: Readonly<Record<FieldType, Read>> = {
  bool: asBoolean,
  uint: asCount,
  int: asNumber,
  float: asNumber,
  optional_uint: (value, path) => (value === null ? null : asCount(value, path)),
  optional_text: (value, path) => (value === null ? null : asText(value, path)),
  cell: asCell,
  bools: listOf(asBoolean),
  uints: listOf(asCount),
  floats: listOf(asNumber),
  cells: listOf(asCell),
};
