/**
 * Requests of a room that has no WebSocket: those that HTTP has routes for, answered as on the
 * socket. A ping becomes a look at the room: only a room that has made no frame beyond the last one
 * received proves that the stream of them is still whole.
 */
import { Fields } from "../protocol/check";
import type { Api } from "./api";

/** What HTTP has a route for. */
export const BY_HTTP: readonly string[] = [
  "pause",
  "resume",
  "step",
  "speed",
  "reset",
  "load",
  "record",
  "record_stop",
  "vote_start",
  "vote_stop",
  "create",
];

/** The last frame that was received. */
export interface Place {
  readonly epoch: number;
  readonly seq: number;
}

export interface HttpRequestsOptions {
  readonly api: Api;
  readonly code: string;
  readonly deliver: (message: unknown) => void;
  readonly place: () => Place | null;
  /** Who is here is told only where it is looked at. */
  readonly tellPresence: boolean;
  /** The room is another run than the one that is followed: nothing more will come of that. */
  readonly onAnotherRun: () => void;
}

export class HttpRequests {
  readonly #options: HttpRequestsOptions;
  readonly #stop = new AbortController();

  constructor(options: HttpRequestsOptions) {
    this.#options = options;
  }

  send(text: string): void {
    const request = JSON.parse(text) as { readonly type: string; readonly id: unknown };
    void (request.type === "ping" ? this.#look(request.id) : this.#command(request));
  }

  close(): void {
    this.#stop.abort();
  }

  async #command({ type, id, ...body }: { type: string; id: unknown }): Promise<void> {
    const { api, code } = this.#options;
    const path = `api/rooms/${encodeURIComponent(code)}/${type}`;
    const answer = await api.post(type === "create" ? "api/rooms" : path, body);
    if (answer.kind === "answer") this.#deliver({ type: "reply", id, result: answer.value });
    else {
      const { code: why, message, retryAfterMs } = answer;
      this.#deliver({ type: "error", id, code: why, message, retry_after_ms: retryAfterMs });
    }
  }

  async #look(id: unknown): Promise<void> {
    const { api, code, place, tellPresence, onAnotherRun } = this.#options;
    try {
      const room = new Fields(await api.room(code, this.#stop.signal), "room");
      const [viewers, players] = [room.raw("viewers"), room.raw("players")];
      if (tellPresence) this.#deliver({ type: "presence", viewers, players });
      const here = place();
      if (here === null) return;
      if (room.count("epoch") !== here.epoch) onAnotherRun();
      else if (room.count("seq") <= here.seq) this.#deliver({ type: "pong", id, time: null });
    } catch {
      // No answer is what a ping is for.
    }
  }

  #deliver(message: unknown): void {
    if (!this.#stop.signal.aborted) this.#options.deliver(message);
  }
}
