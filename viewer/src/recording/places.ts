/** Where the frames of a recording lie in its file: millions of them, so packed into few bytes each. */

/** Places for a beginning; they double as they fill. */
const FIRST_ROOM = 4096;

export class Places {
  #from = new Uint32Array(FIRST_ROOM);
  #base = new Uint32Array(FIRST_ROOM);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The next frame: where its bytes begin, and which frame is its keyframe (itself, if it is one). */
  add(from: number, base: number): void {
    if (this.#count === this.#from.length) {
      this.#from = doubled(this.#from);
      this.#base = doubled(this.#base);
    }
    this.#from[this.#count] = from;
    this.#base[this.#count] = base;
    this.#count += 1;
  }

  /** Null for a frame that there is not. */
  at(index: number): { readonly from: number; readonly base: number } | null {
    const [from, base] = [this.#from[index], this.#base[index]];
    return index >= this.#count || from === undefined || base === undefined ? null : { from, base };
  }
}

function doubled(full: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(2 * full.length);
  more.set(full);
  return more;
}
