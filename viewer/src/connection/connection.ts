/**
 * Keeps one WebSocket alive, and says honestly how alive it is.
 *
 * Two choices carry the page's promise that no stale number looks live. "Live" is said after the
 * first readable frame, not after the handshake; and silence is a state of its own, because a
 * half-open connection looks open to a browser for minutes. The socket is injected, so all of this
 * runs in tests under fake timers.
 */
import type { Parsed } from "../protocol/messages";
import { parseMessage } from "../protocol/parse";
import { backoffMs } from "./backoff";

export type Status =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** Open, but nothing readable has come for a while. */
  | { readonly kind: "silent" }
  /** Closed; the next try is at `retryAt` (milliseconds, `Date.now`). */
  | { readonly kind: "waiting"; readonly retryAt: number; readonly reason: string }
  /** The server speaks another protocol; trying again would not help, reloading may. */
  | { readonly kind: "incompatible"; readonly theirs: number };

/** The part of a WebSocket that is used here. */
export interface Socket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  close(): void;
}

export interface Options {
  readonly open: () => Socket;
  readonly onMessage: (message: Extract<Parsed, { kind: "frame" }>) => void;
  readonly onStatus: (status: Status) => void;
  readonly random?: () => number;
}

/** No frame for this long (milliseconds) is called silence: rooms tick at least once a second. */
export const SILENT_MS = 4_000;

/** Silence for this long (milliseconds), or a handshake that takes it, is a dead connection. */
export const DEAD_MS = 12_000;

export class Connection {
  readonly #options: Options;
  #status: Status = { kind: "connecting" };
  #socket: Socket | null = null;
  #attempt = 0;
  #malformed = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silent: ReturnType<typeof setTimeout> | undefined;
  #dead: ReturnType<typeof setTimeout> | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  get status(): Status {
    return this.#status;
  }

  /** Messages dropped because they could not be read. */
  get malformed(): number {
    return this.#malformed;
  }

  start(): void {
    this.#connect();
  }

  /** Try now instead of at `retryAt`: asked by a person, or the network is back. */
  retryNow(): void {
    if (this.#status.kind === "waiting") this.#connect();
  }

  #connect(): void {
    this.#clear();
    this.#setStatus({ kind: "connecting" });
    let socket: Socket;
    try {
      socket = this.#options.open();
    } catch {
      this.#lost("");
      return;
    }
    this.#socket = socket;
    socket.onmessage = (event) => {
      this.#receive(event.data);
    };
    socket.onclose = (event) => {
      this.#lost(event.reason);
    };
    this.#dead = setTimeout(() => {
      this.#lost("");
    }, DEAD_MS);
  }

  #receive(data: unknown): void {
    const message = parseMessage(data);
    switch (message.kind) {
      case "malformed":
        this.#malformed += 1;
        return;
      case "unknown":
        return;
      case "incompatible":
        this.#clear();
        this.#setStatus({ kind: "incompatible", theirs: message.theirs });
        return;
      case "frame":
        this.#attempt = 0;
        this.#watch();
        if (this.#status.kind !== "live") this.#setStatus({ kind: "live" });
        this.#options.onMessage(message);
    }
  }

  /** Restart the watch over silence; called on each frame. */
  #watch(): void {
    clearTimeout(this.#silent);
    clearTimeout(this.#dead);
    this.#silent = setTimeout(() => {
      this.#setStatus({ kind: "silent" });
    }, SILENT_MS);
    this.#dead = setTimeout(() => {
      this.#lost("");
    }, DEAD_MS);
  }

  #lost(reason: string): void {
    this.#clear();
    const wait = backoffMs(this.#attempt, (this.#options.random ?? Math.random)());
    this.#attempt += 1;
    this.#retry = setTimeout(() => {
      this.#connect();
    }, wait);
    this.#setStatus({ kind: "waiting", retryAt: Date.now() + wait, reason });
  }

  /** Let go of the socket and of every timer; late events of the old socket go nowhere. */
  #clear(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#silent);
    clearTimeout(this.#dead);
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  #setStatus(status: Status): void {
    this.#status = status;
    this.#options.onStatus(status);
  }
}
