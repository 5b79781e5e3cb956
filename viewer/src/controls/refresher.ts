/** Asks for something at once and then now and then, for as long as somebody looks at it. */
export class Refresher {
  readonly #ask: () => Promise<void>;
  readonly #everyMs: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #busy = false;

  constructor(everyMs: number, ask: () => Promise<void>) {
    this.#everyMs = everyMs;
    this.#ask = ask;
  }

  start(): void {
    this.stop();
    void this.now();
    this.#timer = setInterval(() => void this.now(), this.#everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async now(): Promise<void> {
    if (this.#busy || document.visibilityState === "hidden") return;
    this.#busy = true;
    await this.#ask();
    this.#busy = false;
  }
}
