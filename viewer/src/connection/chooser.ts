/**
 * Which way to try next. The WebSocket is the best; what networks do to it is found out by failing.
 * A server that is simply not there must not keep the page on the poorer ways, so one that meets no
 * server either is tried once: from event streams it leads on to polling, which may be let through
 * where they are not, and from there straight back.
 */
import { TRANSPORTS, type Transport } from "./transport";

/** Tries without a greeting before the next way is tried. */
export const TRIES: Readonly<Record<Transport, number>> = { ws: 3, sse: 2, poll: 2 };

/** So many times as often is tried what has worked before: a server that restarts takes its time. */
export const FAITH = 2;

export class Chooser {
  readonly #forced: Transport | null;
  #at = 0;
  #failures = 0;
  readonly #worked = new Set<Transport>();

  /** `forced` is the only way there is, however often it fails. */
  constructor(forced: Transport | null) {
    this.#forced = forced;
  }

  get now(): Transport {
    return this.#forced ?? TRANSPORTS[this.#at] ?? "ws";
  }

  /** Whether a better way may be looked for in the background. */
  get mayClimb(): boolean {
    return this.#forced === null && this.#at > 0;
  }

  /** The server greeted on the way that was tried. */
  greeted(): void {
    this.#failures = 0;
    this.#worked.add(this.now);
  }

  /** A try ended without a greeting. */
  failed(elsewhereToo: boolean): void {
    this.#failures += 1;
    const tries = TRIES[this.now] * (this.#worked.has(this.now) ? FAITH : 1);
    if ((elsewhereToo && this.#at > 0) || this.#failures >= tries)
      this.#go((this.#at + 1) % TRANSPORTS.length);
  }

  /** Back to the best way. */
  climb(): void {
    this.#go(0);
  }

  #go(at: number): void {
    this.#at = at;
    this.#failures = 0;
  }
}
