/**
 * Frames as a server writes them: JSON deltas, and binary keyframes and deltas. Written from the
 * protocol's tables and apart from the page's decoder, whose tests read what this writes.
 */

/** @typedef {[x: number, y: number]} WireCell */
/** @typedef {boolean | number | string | null | WireCell | boolean[] | number[] | WireCell[]} WireValue */
/** @typedef {{ name: string, type: string, unit: string, meaning: string }} WireField */
/** @typedef {Record<string, WireValue>} WireFrame */

/** @type {[name: string, type: string][]} */
const FIELDS = [
  ["step", "uint"],
  ["position", "cell"],
  ["route_index", "uint"],
  ["action", "optional_uint"],
  ["reward", "float"],
  ["total_reward", "float"],
  ["reward_terms", "floats"],
  ["outputs", "floats"],
  ["action_mask", "optional_uint"],
  ["speed", "uint"],
  ["passengers", "uint"],
  ["money", "int"],
  ["waiting", "uints"],
  ["lights_red", "bools"],
  ["terminated", "bool"],
  ["truncated", "bool"],
  ["ending", "optional_text"],
  ["fined", "bool"],
  ["crashed", "bool"],
  ["cost_terms", "floats"],
  ["episode", "uint"],
  ["police", "cells"],
  ["lights", "cells"],
  ["must_stop", "bool"],
];

/** What a room of the rules `classic` declares. @type {WireField[]} */
export const SCHEMA = FIELDS.map(([name, type]) => ({ name, type, unit: "", meaning: name }));

/** The fields of `frame` that are not as in `base`. @param {WireFrame} base @param {WireFrame} frame */
export function changes(base, frame) {
  const known = new Map(Object.entries(base));
  return Object.fromEntries(
    Object.entries(frame).filter(
      ([name, value]) => JSON.stringify(known.get(name)) !== JSON.stringify(value),
    ),
  );
}

/** @param {number} epoch @param {number} seq @param {WireFrame} frame @param {WireField[]} [schema] */
export function binaryKeyframe(epoch, seq, frame, schema = SCHEMA) {
  return new Uint8Array([1, ...uint(epoch), ...uint(seq), ...fields({}, frame, schema)]);
}

/**
 * @param {number} seq @param {number} baseSeq
 * @param {WireFrame} base @param {WireFrame} frame @param {WireField[]} [schema]
 */
export function binaryDelta(seq, baseSeq, base, frame, schema = SCHEMA) {
  return new Uint8Array([2, ...uint(seq), ...uint(seq - baseSeq), ...fields(base, frame, schema)]);
}

/** @param {WireFrame} base @param {WireFrame} frame @param {WireField[]} schema */
function fields(base, frame, schema) {
  const written = schema.map(({ name, type }) => {
    const value = bytes(type, frame[name]);
    return { value, same: String(value) === String(bytes(type, base[name])) };
  });
  const follow = written.filter(({ same }) => !same);
  return [...bits(written.map(({ same }) => !same)), ...follow.flatMap(({ value }) => value)];
}

/** A value by its type; what is missing is zero, false, null or empty. @param {string} type @param {WireValue | undefined} value @returns {number[]} */
function bytes(type, value) {
  /** @type {(boolean | number | WireCell)[]} */
  const list = Array.isArray(value) ? value : [];
  switch (type) {
    case "bool":
      return [value === true ? 1 : 0];
    case "uint":
      return uint(Number(value ?? 0));
    case "int":
      return int(Number(value ?? 0));
    case "float":
      return float(Number(value ?? 0));
    case "optional_uint":
      return uint(typeof value === "number" ? value + 1 : 0);
    case "optional_text": {
      const text = [...new TextEncoder().encode(typeof value === "string" ? value : "")];
      return [...uint(text.length), ...text];
    }
    case "cell":
      return list.length === 2 ? [Number(list[0]), Number(list[1])] : [0, 0];
    case "bools":
      return [...uint(list.length), ...packed(list.map(Boolean))];
    case "uints":
      return [...uint(list.length), ...list.flatMap((item) => uint(Number(item)))];
    case "floats": {
      const some = list.map((item) => item !== 0);
      const told = list.filter((_, number) => some[number]);
      return [
        ...uint(list.length),
        ...packed(some),
        ...told.flatMap((item) => float(Number(item))),
      ];
    }
    case "cells":
      return [...uint(list.length), ...list.flat().map(Number)];
    default:
      throw new Error(`no type ${type}`);
  }
}

/** Bits of an unknown number: 7 a byte, the top bit set in all but the last. @param {boolean[]} set */
function bits(set) {
  const count = Math.max(1, Math.ceil((set.lastIndexOf(true) + 1) / 7));
  return Array.from({ length: count }, (_, byte) => {
    const value = number(set.slice(byte * 7, byte * 7 + 7));
    return byte < count - 1 ? value + 0x80 : value;
  });
}

/** Bits of a known number: 8 a byte. @param {boolean[]} set */
function packed(set) {
  return Array.from({ length: Math.ceil(set.length / 8) }, (_, byte) =>
    number(set.slice(byte * 8, byte * 8 + 8)),
  );
}

/** @param {boolean[]} set the least first */
function number(set) {
  return set.reduce((sum, on, bit) => sum + (on ? 1 << bit : 0), 0);
}

/** LEB128. @param {number} value @returns {number[]} */
function uint(value) {
  return value < 0x80 ? [value] : [0x80 + (value % 0x80), ...uint(Math.floor(value / 0x80))];
}

/** Zigzag. @param {number} value */
function int(value) {
  return uint(value < 0 ? -2 * value - 1 : 2 * value);
}

/** @param {number} value */
function float(value) {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setFloat32(0, value, true);
  return Array.from({ length: 4 }, (_, at) => bytes.getUint8(at));
}
