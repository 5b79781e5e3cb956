/**
 * From what a transport gives (text, bytes, or an object out of a larger answer) to a typed message.
 * It is never trusted: whatever arrives, the answer is a value of `Parsed`, never an exception and
 * never a half-read frame.
 */
import { readBinary } from "./binary";
import { Fields, Malformed } from "./check";
import { readJson } from "./json";
import type { Parsed } from "./messages";

/** The longest message read, in bytes or UTF-16 units: a hundred times an ordinary frame. */
const MAX_MESSAGE = 1 << 20;

export function parseMessage(data: unknown): Parsed {
  try {
    if (typeof data === "string") return parseText(data);
    if (data instanceof ArrayBuffer) return parseBinary(data);
    return readJson(new Fields(data, "message"));
  } catch (error) {
    if (error instanceof Malformed || error instanceof SyntaxError || error instanceof RangeError) {
      return { kind: "malformed", why: error.message };
    }
    throw error;
  }
}

function parseText(data: string): Parsed {
  if (data.length > MAX_MESSAGE) throw new Malformed("too long");
  return readJson(new Fields(JSON.parse(data), "message"));
}

function parseBinary(data: ArrayBuffer): Parsed {
  if (data.byteLength > MAX_MESSAGE) throw new Malformed("too long");
  return readBinary(data) ?? { kind: "unknown" };
}
