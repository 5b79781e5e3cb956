/** A server that a connection talks to, and what the connection then says. */
import { vi } from "vitest";
import { readWishes, type Return } from "../src/connection/address";
import { Connection } from "../src/connection/connection";
import type { Status } from "../src/connection/status";
import { HOLD_MS } from "../src/connection/frame-stream";
import type { Keys } from "../src/connection/keys";
import { ENDED, type End, type Open, type Transport } from "../src/connection/transport";
import type { News } from "../src/protocol/messages";
import { keyframe, text, WIRE_HELLO, WIRE_JOINED, WIRE_ROOM, type Wire } from "./wire";

export class FakeServer {
  /** One entry for each socket ever opened. */
  readonly sockets: {
    onMessage: (data: unknown) => void;
    onEnd: (end: End) => void;
    transport: Transport;
    closed: boolean;
    back: Return;
  }[] = [];
  readonly statuses: Status[] = [];
  readonly news: News[] = [];
  readonly heard: Wire[] = [];
  readonly connection: Connection;

  constructor(page = "http://host/", keys?: Keys) {
    const open =
      (transport: Transport): Open =>
      ({ back }, events) => {
        const socket = { ...events, transport, back, closed: false };
        this.sockets.push(socket);
        return {
          send: (message) => this.heard.push(JSON.parse(message) as Wire),
          close: () => {
            socket.closed = true;
          },
        };
      };
    this.connection = new Connection({
      open: { ws: open("ws"), sse: open("sse"), poll: open("poll") },
      wishes: readWishes(page),
      ...(keys === undefined ? {} : { keys }),
      onNews: (news) => {
        this.news.push(news);
      },
      onStatus: (status) => {
        this.statuses.push(status);
      },
      random: () => 1,
      now: () => Date.now(),
    });
  }

  send(data: unknown): void {
    this.sockets.at(-1)?.onMessage(data);
  }

  /** What comes first on a connection, without a frame. */
  welcome(joined: Wire = {}, room: Wire = {}): void {
    this.send(text(WIRE_HELLO));
    this.send(text(WIRE_JOINED, joined));
    this.send(text(WIRE_ROOM, room));
  }

  /** A connection that shows a frame. */
  goLive(): void {
    this.welcome();
    this.send(keyframe());
    vi.advanceTimersByTime(HOLD_MS);
  }

  drop(reason = ""): void {
    this.sockets.at(-1)?.onEnd({ ...ENDED, reason });
  }

  /** The try that is under way fails, and the next begins. */
  fail(end: Partial<End> = {}): void {
    this.sockets.at(-1)?.onEnd({ ...ENDED, ...end });
    const { status } = this.connection;
    if (status.kind === "waiting") vi.advanceTimersByTime(status.retryAt - Date.now());
  }

  get tried(): Transport[] {
    return this.sockets.map(({ transport }) => transport);
  }

  /** What was asked for with requests of this type. */
  asked(type: string): Wire[] {
    return this.heard.filter((message) => message["type"] === type);
  }

  pong(time = Date.now()): void {
    const id = this.asked("ping").at(-1)?.["id"];
    this.send(text({ type: "pong", id, sent: 0, time }));
  }

  get clock(): { rttMs: number | null; offsetMs: number | null } {
    const { rttMs, offsetMs } = this.connection.clock;
    return { rttMs, offsetMs };
  }

  get kind(): string {
    return this.connection.status.kind;
  }

  get frames(): number {
    return this.news.filter((news) => news.kind === "frame").length;
  }
}
