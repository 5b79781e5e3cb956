/**
 * Reads a binary message from its beginning to its end. Every read is bounded by what is left, and
 * every number by what a JavaScript number holds exactly; what does not fit is `Malformed`.
 */
import { Malformed, MAX_ITEMS } from "./check";
import type { Cell } from "./messages";

/** The longest `uint`, in bytes: 64 bits. */
const MAX_UINT_BYTES = 10;

export class Bytes {
  readonly #view: DataView;
  #at = 0;

  constructor(buffer: ArrayBuffer) {
    this.#view = new DataView(buffer);
  }

  get left(): number {
    return this.#view.byteLength - this.#at;
  }

  byte(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  float(): number {
    const value = this.#view.getFloat32(this.#advance(4), true);
    if (!Number.isFinite(value)) throw new Malformed("a float is not a number");
    return value;
  }

  /** LEB128, refused where a number would lose its last bits. */
  uint(): number {
    let value = 0;
    for (let index = 0; index < MAX_UINT_BYTES; index += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (value > Number.MAX_SAFE_INTEGER) throw new Malformed("an integer is too large");
      if (byte < 0x80) return value;
    }
    throw new Malformed("an integer has no end");
  }

  /** Zigzag: 0, −1, 1, −2, 2. */
  int(): number {
    const value = this.uint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  cell(): Cell {
    return [this.byte(), this.byte()];
  }

  /** How many items a list has. */
  count(): number {
    const count = this.uint();
    if (count > MAX_ITEMS) throw new Malformed("a list is too long");
    return count;
  }

  /** A counted list whose items take at least `itemBytes` each. */
  list<T>(itemBytes: number, item: () => T): T[] {
    const count = this.count();
    if (count * itemBytes > this.left) throw new Malformed("a list is longer than its message");
    return Array.from({ length: count }, item);
  }

  /** Bits of an unknown number: 7 a byte, least first, the top bit set in all bytes but the last. */
  bits(): boolean[] {
    const bits: boolean[] = [];
    while (bits.length < MAX_ITEMS) {
      const byte = this.byte();
      for (let nth = 0; nth < 7; nth += 1) bits.push(((byte >> nth) & 1) === 1);
      if (byte < 0x80) return bits;
    }
    throw new Malformed("bits have no end");
  }

  /** Bits of a known number: 8 a byte, least first. */
  packed(count: number): boolean[] {
    const from = this.#advance(Math.ceil(count / 8));
    return Array.from({ length: count }, (_, nth) => {
      const byte = this.#view.getUint8(from + Math.floor(nth / 8));
      return ((byte >> (nth % 8)) & 1) === 1;
    });
  }

  /** Counted bytes in UTF-8. */
  text(): string {
    const bytes = Uint8Array.from(this.list(1, () => this.byte()));
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw new Malformed("a text is not UTF-8");
    }
  }

  /** Where the next `count` bytes begin; they count as read. */
  #advance(count: number): number {
    if (count > this.left) throw new Malformed("the message ends too early");
    const at = this.#at;
    this.#at += count;
    return at;
  }
}
