/** How far away the server is and what its clock says, from pings and their pongs. */
import type { Pong } from "../protocol/messages";

/** Round trips remembered for the clock; the quickest of them tells it best. */
const SAMPLES = 8;

interface Sample {
  readonly rtt: number;
  /** Null where the answer did not tell the server's time. */
  readonly offset: number | null;
}

export class Clock {
  readonly #now: () => number;
  #samples: readonly Sample[] = [];
  #count = 0;
  #latenessMs: number | null = null;
  #asked: { readonly id: string; readonly sent: number } | null = null;

  /** `now` is this page's clock, milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The latest round trip in milliseconds. */
  get rttMs(): number | null {
    return this.#samples.at(-1)?.rtt ?? null;
  }

  /** How far the server's clock is ahead of this page's, in milliseconds. */
  get offsetMs(): number | null {
    const told = this.#samples.filter(({ offset }) => offset !== null);
    return told.toSorted((a, b) => a.rtt - b.rtt)[0]?.offset ?? null;
  }

  /**
   * How late what comes is, in milliseconds: the age of the latest answer, by the server's clock.
   * Frames come the same way in the same order.
   */
  get latenessMs(): number | null {
    return this.#latenessMs;
  }

  /** The next ping to send; the one before is no longer waited for. */
  ping(): Readonly<Record<string, unknown>> {
    this.#count += 1;
    this.#asked = { id: `ping-${this.#count}`, sent: this.#now() };
    return { type: "ping", ...this.#asked };
  }

  pong({ id, time }: Pong): void {
    const asked = this.#asked;
    if (asked?.id !== id) return;
    this.#asked = null;
    const received = this.#now();
    const sample = {
      rtt: Math.max(0, received - asked.sent),
      offset: time === null ? null : time - (asked.sent + received) / 2,
    };
    this.#samples = [...this.#samples, sample].slice(-SAMPLES);
    const { offsetMs } = this;
    this.#latenessMs = time === null || offsetMs === null ? null : received + offsetMs - time;
  }

  /** The connection is gone, and the ping with it. */
  forgetPing(): void {
    this.#asked = null;
    this.#latenessMs = null;
  }
}
