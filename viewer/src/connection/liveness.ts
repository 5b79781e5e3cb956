/**
 * Whether the other end is still there. A paused or sleeping room sends nothing, so silence alone
 * proves nothing: it is asked about with a ping, and only an answer that fails to come is bad news.
 *
 * The timers form a chain, each started by the one before: after a sleep of the whole machine they
 * are all overdue, and the server still gets its time to answer.
 */

/** Nothing for this long (milliseconds), and a ping is sent. */
export const QUIET_MS = 3_000;

/** Nothing for this long after the ping is called silence. */
export const ANSWER_MS = 2_000;

/** Silence for this long is a dead connection. */
export const SILENT_MS = 7_000;

/** Time between the pings that measure the way to a server that is heard all the time. */
export const MEASURE_EVERY_MS = 10_000;

export interface LivenessEvents {
  readonly ping: () => void;
  readonly onSilent: () => void;
  readonly onDead: () => void;
}

export class Liveness {
  readonly #events: LivenessEvents;
  #next: ReturnType<typeof setTimeout> | undefined;
  #measure: ReturnType<typeof setInterval> | undefined;

  constructor(events: LivenessEvents) {
    this.#events = events;
  }

  start(): void {
    this.stop();
    this.#events.ping();
    this.#measure = setInterval(this.#events.ping, MEASURE_EVERY_MS);
    this.#watch();
  }

  /** Something came. */
  heard(): void {
    if (this.#measure !== undefined) this.#watch();
  }

  stop(): void {
    clearTimeout(this.#next);
    clearInterval(this.#measure);
    this.#measure = undefined;
  }

  #watch(): void {
    this.#after(QUIET_MS, () => {
      this.#events.ping();
      this.#after(ANSWER_MS, () => {
        this.#events.onSilent();
        this.#after(SILENT_MS, this.#events.onDead);
      });
    });
  }

  #after(wait: number, then: () => void): void {
    clearTimeout(this.#next);
    this.#next = setTimeout(then, wait);
  }
}
