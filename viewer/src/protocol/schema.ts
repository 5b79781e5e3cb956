/**
 * What the fields of a frame are. A room declares them, those of its rules among them, so that both
 * encodings are read by what it says; the page needs some of them by name and type.
 */
import type { Fields } from "./check";
import { Malformed } from "./check";
import type { Cell } from "./messages";

export const FIELD_TYPES = [
  "bool",
  "uint",
  "int",
  "float",
  "optional_uint",
  "optional_text",
  "cell",
  "bools",
  "uints",
  "floats",
  "cells",
] as const;

export type FieldType = (typeof FIELD_TYPES)[number];

export interface FrameField {
  readonly name: string;
  readonly type: FieldType;
  readonly unit: string;
  readonly meaning: string;
}

/** In the order of their numbers. */
export type Schema = readonly FrameField[];

export type FieldValue =
  boolean | number | string | null | Cell | readonly (boolean | number | Cell)[];

/** The type of each field in TypeScript. */
export interface Values {
  bool: boolean;
  uint: number;
  int: number;
  float: number;
  optional_uint: number | null;
  optional_text: string | null;
  cell: Cell;
  bools: readonly boolean[];
  uints: readonly number[];
  floats: readonly number[];
  cells: readonly Cell[];
}

/** The fields that every frame has, and that the page shows. */
export const COMMON = {
  step: "uint",
  position: "cell",
  route_index: "uint",
  action: "optional_uint",
  reward: "float",
  total_reward: "float",
  reward_terms: "floats",
  outputs: "floats",
  action_mask: "optional_uint",
  speed: "uint",
  passengers: "uint",
  money: "int",
  waiting: "uints",
  lights_red: "bools",
  terminated: "bool",
  truncated: "bool",
  ending: "optional_text",
  fined: "bool",
  crashed: "bool",
  episode: "uint",
  police: "cells",
  lights: "cells",
} as const satisfies Record<string, FieldType>;

/** The fields that every frame has, by their names on the wire. */
export type CommonFields = {
  readonly [K in keyof typeof COMMON]: Values[(typeof COMMON)[K]];
};

/** The most fields that a room may declare. */
const MAX_FIELDS = 256;

/** The longest meaning, in UTF-16 units. */
const MAX_MEANING = 2_000;

const EMPTY: { readonly [T in FieldType]: Values[T] } = {
  bool: false,
  uint: 0,
  int: 0,
  float: 0,
  optional_uint: null,
  optional_text: null,
  cell: [0, 0],
  bools: [],
  uints: [],
  floats: [],
  cells: [],
};

/** Zero, false, null or empty. */
export function emptyValue(type: FieldType): FieldValue {
  return EMPTY[type];
}

/** The schema that a room declares under a name; refused where the page could not show its frames. */
export function readSchema(fields: Fields, name: string): Schema {
  const schema = fields.objects(name, (field): FrameField => {
    return {
      name: field.text("name"),
      type: field.oneOf("type", FIELD_TYPES),
      unit: field.text("unit"),
      meaning: field.text("meaning", MAX_MEANING),
    };
  });
  if (schema.length > MAX_FIELDS) throw new Malformed(`${fields.path(name)} has too many fields`);
  const types = new Map(schema.map((field) => [field.name, field.type]));
  if (types.size < schema.length) throw new Malformed(`${fields.path(name)} has a name twice`);
  for (const [common, type] of Object.entries(COMMON)) {
    if (types.get(common) !== type) {
      throw new Malformed(`${fields.path(name)} has no ${common} of type ${type}`);
    }
  }
  return schema;
}
