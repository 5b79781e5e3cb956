/**
 * From what a transport gives (text, bytes, or an object out of a larger answer) to a typed message.
 * It is never trusted: whatever arrives, the answer is a value of `Parsed`, never an exception and
 * never a half-read frame. Frames are read by the schema of their room; without one they can't be.
 */
import { readBinary } from "./binary";
import { Fields, Malformed } from "./check";
import { readJson } from "./json";
import type { Parsed } from "./messages";
import type { Schema } from "./schema";

/** The longest message read, in bytes or UTF-16 units: a hundred times an ordinary frame. */
const MAX_MESSAGE = 1 << 20;

export function parseMessage(data: unknown, schema: Schema | null = null): Parsed {
  try {
    if (typeof data === "string") return parseText(data, schema);
    if (data instanceof ArrayBuffer) return parseBinary(data, schema);
    return readJson(new Fields(data, "message"), schema);
  } catch (error) {
    if (error instanceof Malformed || error instanceof SyntaxError || error instanceof RangeError) {
      return { kind: "malformed", why: error.message };
    }
    throw error;
  }
}

function parseText(data: string, schema: Schema | null): Parsed {
  if (data.length > MAX_MESSAGE) throw new Malformed("too long");
  return readJson(new Fields(JSON.parse(data), "message"), schema);
}

function parseBinary(data: ArrayBuffer, schema: Schema | null): Parsed {
  if (data.byteLength > MAX_MESSAGE) throw new Malformed("too long");
  if (schema === null) return { kind: "undescribed" };
  return readBinary(data, schema) ?? { kind: "unknown" };
}
