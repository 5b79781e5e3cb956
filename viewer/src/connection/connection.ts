/**
 * Keeps one way to a room alive, and says honestly how alive it is.
 *
 * Two choices carry the page's promise that no stale number looks live. "Live" is said when what is
 * shown is what the room has, not after the handshake; and silence is a state of its own, because a
 * half-open connection looks open to a browser for minutes. The transports are injected, so all of
 * this runs in tests under fake timers.
 */
import type { Joined, Message, News, Refusal, Room } from "../protocol/messages";
import { parseMessage } from "../protocol/parse";
import type { Return, Wishes } from "./address";
import { backoffMs } from "./backoff";
import { Chooser } from "./chooser";
import { Climb } from "./climb";
import { Clock } from "./clock";
import { FrameStream } from "./frame-stream";
import type { Keys } from "./keys";
import { Lag } from "./lag";
import { Liveness } from "./liveness";
import { failure, Requests, type Outcome } from "./requests";
import { StatusKeeper, type Status } from "./status";
import { ENDED, type End, type Open, type Socket, type Transport } from "./transport";

export interface Options {
  readonly open: Readonly<Record<Transport, Open>>;
  readonly wishes: Wishes;
  /** Where keys outlive the page, if anywhere. */
  readonly keys?: Keys;
  /** Asks why there was no greeting: the server's refusal, or null where nobody says any. */
  readonly diagnose?: (wishes: Wishes) => Promise<Refusal | null>;
  readonly onNews: (news: News) => void;
  readonly onStatus: (status: Status) => void;
  readonly random?: () => number;
  readonly now?: () => number;
}

/** A server that does not greet for this long (milliseconds) is not one that can be reached so. */
export const GREETING_MS = 5_000;

/** A connection that shows no frame for this long (milliseconds) is given up. */
export const PATIENCE_MS = 12_000;

/** The longest wait (milliseconds) that a server can ask for. */
const LONGEST_WAIT_MS = 60_000;

/** Refusals that asking again does not change. A room that there is not may be opened any time. */
const FINAL: readonly string[] = ["AUTH_REQUIRED", "FORBIDDEN", "INVALID_ROOM"];

/** Whether frames of a room come without anybody asking for them. */
const drivesItself = ({ kind, paused, mode }: Room): boolean =>
  kind === "stream" && !paused && mode === "policy";

export class Connection {
  readonly #options: Options;
  readonly #clock: Clock;
  readonly #requests = new Requests();
  readonly #chooser: Chooser;
  readonly #lag = new Lag();
  readonly #climb: Climb;
  readonly #liveness = new Liveness({
    ping: () => {
      this.#socket?.send(JSON.stringify(this.#clock.ping()));
    },
    onSilent: () => {
      this.#status.set({ kind: "silent" });
    },
    onDead: () => {
      this.#lost(ENDED);
    },
  });
  readonly #stream = new FrameStream(
    (frame) => {
      this.#lag.frame(frame.seq, Date.now());
      this.#goLive();
      this.#options.onNews({ kind: "frame", frame });
    },
    (frame) => {
      this.#options.onNews({ kind: "begun", frame });
    },
  );
  #wishes: Wishes;
  readonly #status: StatusKeeper;
  #transport: Transport;
  #socket: Socket | null = null;
  #attempt = 0;
  #malformed = 0;
  #greeted = false;
  /** What is shown came this way. */
  #settled = false;
  #joined: Joined | null = null;
  #key: string | null = null;
  #fps = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#status = new StatusKeeper(options.onStatus);
    this.#wishes = options.wishes;
    this.#key = this.#keptKey();
    this.#chooser = new Chooser(options.wishes.transport);
    this.#transport = this.#chooser.now;
    this.#clock = new Clock(options.now ?? (() => performance.timeOrigin + performance.now()));
    this.#climb = new Climb({
      open: (events) => this.#options.open.ws(this.#target(), events),
      onTop: (socket) => {
        this.#climbed(socket);
      },
      onMessage: (data) => {
        this.#receive(data);
      },
      onEnd: (end) => {
        this.#lost(end);
      },
    });
  }

  get status(): Status {
    return this.#status.now;
  }

  get wishes(): Wishes {
    return this.#wishes;
  }

  /** The way that is used or tried. */
  get transport(): Transport {
    return this.#transport;
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

  /** Let go of everything, for good. */
  stop(): void {
    this.#clear();
  }

  /** Try now instead of at `retryAt`: the network is back. */
  retryNow(): void {
    if (this.#status.now.kind === "waiting") this.#connect();
  }

  /** The same asked by a person, who may know that what was refused is no longer so. */
  tryAgain(): void {
    if (this.#status.now.kind === "refused") this.#connect();
    else this.retryNow();
  }

  /** To another room, or under another name. */
  go(wishes: Wishes): void {
    if (wishes.room !== this.#wishes.room) this.#stream.forget();
    const another = wishes.room !== this.#wishes.room || wishes.name !== this.#wishes.name;
    this.#wishes = wishes;
    if (another) this.#key = this.#keptKey();
    this.#attempt = 0;
    this.#connect();
  }

  /**
   * Ask the room for something. `settled` hears of the answer before the next message is read, for
   * those to whom it matters what the frames after it are.
   */
  request(
    type: string,
    fields: Readonly<Record<string, unknown>> = {},
    settled?: (outcome: Outcome) => void,
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      if (this.#joined === null) {
        resolve(failure(null, "There is no connection to the room."));
        return;
      }
      const id = this.#requests.open((outcome) => {
        settled?.(outcome);
        resolve(outcome);
      });
      this.#socket?.send(JSON.stringify({ ...fields, type, id }));
    });
  }

  #connect(): void {
    this.#clear();
    this.#status.set({ kind: "connecting" });
    this.#transport = this.#chooser.now;
    this.#socket = this.#options.open[this.#transport](this.#target(), {
      onMessage: (data) => {
        this.#receive(data);
      },
      onEnd: (end) => {
        this.#lost(end);
      },
    });
    this.#giveUpAfter(GREETING_MS);
  }

  #keptKey(): string | null {
    return this.#options.keys?.load(this.#wishes) ?? null;
  }

  #target(): { wishes: Wishes; back: Return } {
    const latest = this.#stream.latest;
    const back = { epoch: latest?.epoch ?? null, seq: latest?.seq ?? null, key: this.#key };
    return { wishes: this.#wishes, back };
  }

  /** The WebSocket has greeted while a poorer way was in use: from here on it is the one. */
  #climbed(socket: Socket): void {
    this.#clear();
    this.#chooser.climb();
    this.#transport = this.#chooser.now;
    this.#socket = socket;
    this.#giveUpAfter(PATIENCE_MS);
  }

  #giveUpAfter(ms: number): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => {
      this.#lost(ENDED);
    }, ms);
  }

  #receive(data: unknown): void {
    const message = parseMessage(data, this.#stream.schema);
    switch (message.kind) {
      case "unknown":
        break;
      case "incompatible":
        this.#clear();
        this.#status.set({ kind: "incompatible", theirs: message.theirs });
        return;
      case "malformed":
        this.#malformed += 1;
        return;
      case "hello":
        this.#greeted = true;
        this.#chooser.greeted();
        this.#giveUpAfter(PATIENCE_MS);
        break;
      default:
        // Who has not said which protocol this is cannot be understood.
        if (!this.#greeted) {
          this.#malformed += 1;
          return;
        }
    }
    this.#liveness.heard();
    if (this.#status.now.kind === "silent") this.#status.set(this.#standing());
    if (message.kind === "undescribed") this.#stream.drop();
    else if (message.kind !== "unknown") this.#take(message);
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
        this.#lag.reset();
        this.#joined = message;
        this.#key = message.key;
        if (message.key !== null) this.#options.keys?.save(this.#wishes, message.key);
        break;
      case "room":
        this.#stream.room(message.room);
        this.#fps = message.room.fps;
        this.#lag.expect(drivesItself(message.room), Date.now());
        break;
      case "reply":
        // It may have been asked for other frames: then a gap is no loss.
        this.#lag.reset();
        this.#requests.close(message.id, message);
        break;
      case "pong":
        this.#clock.pong(message);
        this.#lag.late(this.#clock.latenessMs);
        this.#status.keep(this.#standing());
    }
    this.#options.onNews(message);
    if (message.kind === "room" && this.#upToDate) this.#goLive();
    if (message.kind === "event" && message.name === "room_closed") {
      this.#lost({ ...ENDED, reason: message.reason ?? "the room was closed" });
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
      const { message, retryAfterMs } = refusal;
      if (this.#final(refusal)) return;
      this.#lost({ ...ENDED, reason: message, retryAfterMs: retryAfterMs ?? 0 });
    } else if (!this.#requests.close(refusal.id, refusal)) {
      this.#options.onNews(refusal);
    }
  }

  #goLive(): void {
    if (this.#settled) {
      this.#status.keep(this.#standing());
      return;
    }
    this.#settled = true;
    this.#attempt = 0;
    clearTimeout(this.#patience);
    if (this.#status.up) this.#status.keep(this.#standing());
    else this.#status.set(this.#standing());
    this.#liveness.start();
    if (this.#chooser.mayClimb) this.#climb.start();
  }

  #standing(): Status {
    if (this.#transport === "poll") return { kind: "polling" };
    const behind = this.#lag.behind(this.#fps, Date.now());
    return behind === null ? { kind: "live" } : { kind: "behind", ...behind };
  }

  /** Says whether it is: then nothing more is tried until somebody asks for it. */
  #final({ code, message }: Refusal): boolean {
    if (!FINAL.includes(code)) return false;
    this.#clear();
    this.#status.set({ kind: "refused", code, reason: message });
    return true;
  }

  /** A browser does not tell why a WebSocket was not opened; a plain request is answered in words. */
  async #diagnose(): Promise<void> {
    const attempt = this.#attempt;
    const refusal = (await this.#options.diagnose?.(this.#wishes)) ?? null;
    const same = this.#status.now.kind === "waiting" && this.#attempt === attempt;
    if (refusal !== null && same) this.#final(refusal);
  }

  #lost({ reason, retryAfterMs, elsewhereToo }: End): void {
    const greeted = this.#greeted;
    if (!greeted) this.#chooser.failed(elsewhereToo);
    this.#clear();
    const backoff = backoffMs(this.#attempt, (this.#options.random ?? Math.random)());
    const wait = Math.max(backoff, Math.min(retryAfterMs, LONGEST_WAIT_MS));
    this.#attempt += 1;
    this.#retry = setTimeout(() => {
      this.#connect();
    }, wait);
    this.#status.set({ kind: "waiting", retryAt: Date.now() + wait, reason });
    if (!greeted) void this.#diagnose();
  }

  /** Let go of the socket, of every timer and of all that was of this connection alone. */
  #clear(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#patience);
    this.#liveness.stop();
    this.#climb.stop();
    this.#socket?.close();
    this.#socket = null;
    this.#greeted = false;
    this.#settled = false;
    this.#joined = null;
    this.#stream.stop();
    this.#lag.reset();
    this.#clock.forgetPing();
    this.#requests.abandon();
  }
}
