/** Binary keyframes and deltas: the fields of the room's schema, each of which follows if its bit is set. */
import { Bytes } from "./bytes";
import { Malformed } from "./check";
import type { Delta, Keyframe } from "./messages";
import { emptyValue, type FieldType, type FieldValue, type Schema } from "./schema";
import type { Changes } from "./world";

const KEYFRAME = 1;
const DELTA = 2;

/** The message in these bytes; null for one of a kind this page does not know. */
export function readBinary(buffer: ArrayBuffer, schema: Schema): Keyframe | Delta | null {
  const bytes = new Bytes(buffer);
  switch (bytes.byte()) {
    case KEYFRAME: {
      const epoch = bytes.uint();
      const seq = bytes.uint();
      return { kind: "keyframe", epoch, seq, world: { ...empty(schema), ...read(bytes, schema) } };
    }
    case DELTA: {
      const seq = bytes.uint();
      const base = seq - bytes.uint();
      if (base < 0) throw new Malformed("a delta is laid over nothing");
      return { kind: "delta", seq, base, changes: read(bytes, schema) };
    }
    default:
      return null;
  }
}

function empty(schema: Schema): Changes {
  return Object.fromEntries(schema.map(({ name, type }) => [name, emptyValue(type)]));
}

function read(bytes: Bytes, schema: Schema): Changes {
  const present = bytes.bits();
  if (present.lastIndexOf(true) >= schema.length) {
    throw new Malformed("a field is not declared by the room");
  }
  const follow = schema.filter((_, number) => present[number] === true);
  const changes = Object.fromEntries(follow.map(({ name, type }) => [name, READ[type](bytes)]));
  if (bytes.left > 0) throw new Malformed("the message does not end where it should");
  return changes;
}

/** How a value of each type is read. */
const READ: Readonly<Record<FieldType, (bytes: Bytes) => FieldValue>> = {
  bool: (bytes) => {
    const byte = bytes.byte();
    if (byte > 1) throw new Malformed("a truth is neither 0 nor 1");
    return byte === 1;
  },
  uint: (bytes) => bytes.uint(),
  int: (bytes) => bytes.int(),
  float: (bytes) => bytes.float(),
  optional_uint: (bytes) => {
    const value = bytes.uint();
    return value === 0 ? null : value - 1;
  },
  optional_text: (bytes) => {
    const text = bytes.text();
    return text === "" ? null : text;
  },
  cell: (bytes) => bytes.cell(),
  bools: (bytes) => bytes.packed(bytes.count()),
  uints: (bytes) => bytes.list(1, () => bytes.uint()),
  /** Most terms are nothing in most steps: bits say which are not, and only those follow. */
  floats: (bytes) => bytes.packed(bytes.count()).map((some) => (some ? bytes.float() : 0)),
  cells: (bytes) => bytes.list(2, () => bytes.cell()),
};
