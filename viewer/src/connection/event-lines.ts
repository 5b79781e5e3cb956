/** Server-sent events out of a text that comes in pieces: the event-stream format, bounded. */

/** The longest event kept while it is incomplete, in UTF-16 units: more than any message is. */
export const MAX_EVENT = 1 << 21;

export interface StreamEvent {
  readonly id: string;
  readonly data: string;
}

export class EventLines {
  #rest = "";
  #data: string[] = [];
  #size = 0;
  #id = "";

  /** The events that this piece completes; null once one has no end. */
  push(piece: string): StreamEvent[] | null {
    // A line end that is cut in two must not be seen as two.
    const text = this.#rest + piece;
    const cut = text.endsWith("\r") ? text.length - 1 : text.length;
    const lines = text.slice(0, cut).split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + text.slice(cut);
    const events = lines.flatMap((line) => this.#line(line));
    return this.#rest.length + this.#size > MAX_EVENT ? null : events;
  }

  #line(line: string): StreamEvent[] {
    if (line === "") {
      const data = this.#data;
      this.#data = [];
      this.#size = 0;
      return data.length === 0 ? [] : [{ id: this.#id, data: data.join("\n") }];
    }
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "id") this.#id = value;
    if (field === "data") {
      this.#data.push(value);
      this.#size += value.length;
    }
    return [];
  }
}
