/**
 * The ways to a room, and the small seam behind which each hides: something that delivers messages
 * of the protocol, takes requests, and says when it has ended. Only the WebSocket does all of it.
 */
import type { Return, Wishes } from "./address";

export const TRANSPORTS = ["ws", "sse", "poll"] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** Why a transport ended, as far as it is known. */
export interface End {
  /** In the server's words; empty where it gave none. */
  readonly reason: string;
  /** The server wants to hear nothing before this many milliseconds. */
  readonly retryAfterMs: number;
  /** What was met was no server at all, or not one that lets this page in: trying it again won't help. */
  readonly elsewhereToo: boolean;
}

/** What a transport tells; after `close()` it must tell nothing more. */
export interface SocketEvents {
  readonly onMessage: (data: unknown) => void;
  readonly onEnd: (end: End) => void;
}

export interface Socket {
  send(text: string): void;
  close(): void;
}

/** Where to and from where on. */
export interface Target {
  readonly wishes: Wishes;
  readonly back: Return;
}

export type Open = (target: Target, events: SocketEvents) => Socket;

/** An end of which nothing is known. */
export const ENDED: End = { reason: "", retryAfterMs: 0, elsewhereToo: false };
