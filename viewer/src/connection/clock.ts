/** How far away the server is and what its clock says, from pings and their pongs. */
import type { Pong } from "../protocol/messages";

/** Round trips remembered for the clock; the quickest of them tells it best. */
const SAMPLES = 8;

interface Sample {
  readonly rtt: number;
  readonly offset: number;
}

export class Clock {
  readonly #now: () => number;
  #samples: readonly Sample[] = [];
  #count = 0;
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
    const [first, ...others] = this.#samples;
    if (first === undefined) return null;
    return others.reduce((best, sample) => (sample.rtt < best.rtt ? sample : best), first).offset;
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
      offset: time - (asked.sent + received) / 2,
    };
    this.#samples = [...this.#samples, sample].slice(-SAMPLES);
  }

  /** The connection is gone, and the ping with it. */
  forgetPing(): void {
    this.#asked = null;
  }
}
