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

/** What a socket tells; after `close()` it must tell nothing more. */
export interface SocketEvents {
  readonly onMessage: (data: unknown) => void;
  readonly onClose: (reason: string) => void;
}

export interface Socket {
  close(): void;
}

export interface Options {
  readonly open: (events: SocketEvents) => Socket;
  readonly onMessage: (message: Extract<Parsed, { kind: "frame" }>) => void;
  readonly onStatus: (status: Status) => void;
  readonly random?: () => number;
}

/** No frame for this long (milliseconds) is called silence, unless the room is slower than that. */
export const SILENT_MS = 4_000;

/** Silence for this long (milliseconds), or a handshake that takes it, is a dead connection. */
export const DEAD_MS = 12_000;

/** Frames of the room's own pace that may fail to come before silence, and before death. */
const SILENT_FRAMES = 3;
const DEAD_FRAMES = 6;

/** The slowest pace that is waited for, milliseconds a frame: the server takes no slower one. */
const SLOWEST_MS = 100_000;

export class Connection {
  readonly #options: Options;
  #status: Status = { kind: "connecting" };
  #socket: Socket | null = null;
  #attempt = 0;
  #malformed = 0;
  /** Milliseconds between two frames of the room; 0 until it has said its pace. */
  #pace = 0;
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
    this.#socket = this.#options.open({
      onMessage: (data) => {
        this.#receive(data);
      },
      onClose: (reason) => {
        this.#lost(reason);
      },
    });
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
        if (message.room !== null) this.#pace = Math.min(1_000 / message.room.fps, SLOWEST_MS);
        this.#watch();
        if (this.#status.kind !== "live") this.#setStatus({ kind: "live" });
        this.#options.onMessage(message);
    }
  }

  /** Restart the watch over silence; called on each frame. */
  #watch(): void {
    clearTimeout(this.#silent);
    clearTimeout(this.#dead);
    this.#silent = setTimeout(
      () => {
        this.#setStatus({ kind: "silent" });
      },
      Math.max(SILENT_MS, SILENT_FRAMES * this.#pace),
    );
    this.#dead = setTimeout(
      () => {
        this.#lost("");
      },
      Math.max(DEAD_MS, DEAD_FRAMES * this.#pace),
    );
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

  /** Let go of the socket and of every timer. */
  #clear(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#silent);
    clearTimeout(this.#dead);
    this.#socket?.close();
    this.#socket = null;
  }

  #setStatus(status: Status): void {
    this.#status = status;
    this.#options.onStatus(status);
  }
}
