/**
 * Keeps one WebSocket alive, and says honestly how alive it is.
 *
 * Two choices carry the page's promise that no stale number looks live. "Live" is said when what is
 * shown is what the room has, not after the handshake; and silence is a state of its own, because a
 * half-open connection looks open to a browser for minutes. The socket is injected, so all of this
 * runs in tests under fake timers.
 */
import type { Joined, Message, News, Refusal } from "../protocol/messages";
import { parseMessage } from "../protocol/parse";
import type { Return } from "./address";
import { backoffMs } from "./backoff";
import { Clock } from "./clock";
import { FrameStream } from "./frame-stream";
import { Liveness } from "./liveness";
import { failure, Requests, type Outcome } from "./requests";

export type Status =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** Open, but nothing comes, not even the answer to a ping. */
  | { readonly kind: "silent" }
  /** Closed or refused; the next try is at `retryAt` (milliseconds, `Date.now`). */
  | { readonly kind: "waiting"; readonly retryAt: number; readonly reason: string }
  /** The server speaks another protocol; trying again would not help, reloading may. */
  | { readonly kind: "incompatible"; readonly theirs: number };

/** What a socket tells; after `close()` it must tell nothing more. */
export interface SocketEvents {
  readonly onMessage: (data: unknown) => void;
  readonly onClose: (reason: string) => void;
}

export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface Options {
  readonly open: (events: SocketEvents, back: Return) => Socket;
  readonly onNews: (news: News) => void;
  readonly onStatus: (status: Status) => void;
  readonly random?: () => number;
  readonly now?: () => number;
}

/** A connection that shows no frame for this long (milliseconds) is given up. */
export const PATIENCE_MS = 12_000;

/** The longest wait (milliseconds) that a server can ask for. */
const LONGEST_WAIT_MS = 60_000;

export class Connection {
  readonly #options: Options;
  readonly #clock: Clock;
  readonly #requests = new Requests();
  readonly #liveness = new Liveness({
    ping: () => {
      this.#socket?.send(JSON.stringify(this.#clock.ping()));
    },
    onSilent: () => {
      this.#setStatus({ kind: "silent" });
    },
    onDead: () => {
      this.#lost("");
    },
  });
  readonly #stream = new FrameStream((frame) => {
    this.#goLive();
    this.#options.onNews({ kind: "frame", frame });
  });
  #status: Status = { kind: "connecting" };
  #socket: Socket | null = null;
  #attempt = 0;
  #malformed = 0;
  #greeted = false;
  #joined: Joined | null = null;
  #key: string | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#clock = new Clock(options.now ?? (() => performance.timeOrigin + performance.now()));
  }

  get status(): Status {
    return this.#status;
  }

  /** Messages dropped because they could not be read. */
  get malformed(): number {
    return this.#malformed;
  }

  /** Frames dropped because what they build on was never sent. */
  get dropped(): number {
    return this.#stream.dropped;
  }

  get clock(): Pick<Clock, "rttMs" | "offsetMs"> {
    return this.#clock;
  }

  start(): void {
    this.#connect();
  }

  /** Try now instead of at `retryAt`: asked by a person, or the network is back. */
  retryNow(): void {
    if (this.#status.kind === "waiting") this.#connect();
  }

  /** Ask the room for something. What goes wrong is told as news, too. */
  request(type: string): Promise<Outcome> {
    return new Promise((resolve) => {
      const settle = (outcome: Outcome): void => {
        if (outcome !== null) this.#options.onNews(outcome);
        resolve(outcome);
      };
      if (this.#joined === null) {
        settle(failure(null, "There is no connection to the room."));
        return;
      }
      this.#socket?.send(JSON.stringify({ type, id: this.#requests.open(settle) }));
    });
  }

  #connect(): void {
    this.#clear();
    this.#setStatus({ kind: "connecting" });
    const latest = this.#stream.latest;
    this.#socket = this.#options.open(
      {
        onMessage: (data) => {
          this.#receive(data);
        },
        onClose: (reason) => {
          this.#lost(reason);
        },
      },
      { epoch: latest?.epoch ?? null, seq: latest?.seq ?? null, key: this.#key },
    );
    this.#patience = setTimeout(() => {
      this.#lost("");
    }, PATIENCE_MS);
  }

  #receive(data: unknown): void {
    const message = parseMessage(data);
    switch (message.kind) {
      case "unknown":
        break;
      case "incompatible":
        this.#clear();
        this.#setStatus({ kind: "incompatible", theirs: message.theirs });
        return;
      case "malformed":
        this.#malformed += 1;
        return;
      case "hello":
        this.#greeted = true;
        break;
      default:
        // Who has not said which protocol this is cannot be understood.
        if (!this.#greeted) {
          this.#malformed += 1;
          return;
        }
    }
    this.#liveness.heard();
    if (this.#status.kind === "silent") this.#setStatus({ kind: "live" });
    if (message.kind !== "unknown") this.#take(message);
  }

  #take(message: Message): void {
    switch (message.kind) {
      case "keyframe":
        this.#stream.keyframe(message);
        return;
      case "delta":
        this.#stream.delta(message);
        return;
      case "error":
        this.#refused(message);
        return;
      case "joined":
        this.#stream.joined();
        this.#joined = message;
        this.#key = message.key;
        break;
      case "room":
        this.#stream.room(message.room);
        break;
      case "reply":
        this.#requests.close(message.id, null);
        break;
      case "pong":
        this.#clock.pong(message);
    }
    this.#options.onNews(message);
    if (message.kind === "room" && this.#upToDate) this.#goLive();
    if (message.kind === "event" && message.name === "room_closed") {
      this.#lost(message.reason ?? "the room was closed");
    }
  }

  /** On returning to a room that has not moved: no frame will come, and none is missing. */
  get #upToDate(): boolean {
    const joined = this.#joined;
    return joined?.resume === "missed" && joined.missed === 0 && this.#stream.latest !== null;
  }

  #refused(refusal: Refusal): void {
    // Only the join was asked for by the address, without an id.
    if (this.#joined === null && refusal.id === null) {
      this.#options.onNews(refusal);
      this.#lost(refusal.message, refusal.retryAfterMs ?? 0);
    } else if (!this.#requests.close(refusal.id, refusal)) {
      this.#options.onNews(refusal);
    }
  }

  #goLive(): void {
    if (this.#status.kind === "live") return;
    this.#attempt = 0;
    clearTimeout(this.#patience);
    this.#setStatus({ kind: "live" });
    this.#liveness.start();
  }

  #lost(reason: string, atLeastMs = 0): void {
    this.#clear();
    const backoff = backoffMs(this.#attempt, (this.#options.random ?? Math.random)());
    const wait = Math.max(backoff, Math.min(atLeastMs, LONGEST_WAIT_MS));
    this.#attempt += 1;
    this.#retry = setTimeout(() => {
      this.#connect();
    }, wait);
    this.#setStatus({ kind: "waiting", retryAt: Date.now() + wait, reason });
  }

  /** Let go of the socket, of every timer and of all that was of this connection alone. */
  #clear(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#patience);
    this.#liveness.stop();
    this.#socket?.close();
    this.#socket = null;
    this.#greeted = false;
    this.#joined = null;
    this.#stream.stop();
    this.#clock.forgetPing();
    this.#requests.abandon();
  }

  #setStatus(status: Status): void {
    this.#status = status;
    this.#options.onStatus(status);
  }
}
