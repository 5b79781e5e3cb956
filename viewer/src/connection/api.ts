/**
 * The server's HTTP routes that the page asks beside a room's stream. Answers are checked like all
 * that arrives; an entry that cannot be read is left out, and a refusal comes with its words.
 */
import { Fields, Malformed } from "../protocol/check";
import { ROOM_KINDS, MODES, type Refusal } from "../protocol/messages";
import { failure } from "./requests";

export interface RoomEntry {
  readonly code: string;
  readonly kind: (typeof ROOM_KINDS)[number];
  readonly rules: string;
  readonly model: string;
  readonly fps: number;
  readonly paused: boolean;
  readonly mode: (typeof MODES)[number];
  readonly viewers: number;
  readonly epoch: number;
  readonly seq: number;
}

export interface ModelEntry {
  readonly model: string;
  readonly rules: string;
}

export interface RecordingEntry {
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly created: number;
}

export type Answer<T> = { readonly kind: "answer"; readonly value: T } | Refusal;

/** How long (milliseconds) an answer is waited for. */
const ANSWER_MS = 10_000;

export class Api {
  readonly #base: string;
  readonly #token: string | null;

  /** `base` is the page's address; the routes are beside it, so that any prefix works. */
  constructor(base: string, token: string | null) {
    this.#base = base;
    this.#token = token;
  }

  url(path: string): URL {
    const url = new URL(path, this.#base);
    url.hash = "";
    return url;
  }

  /** A request as the server wants it, token and all; rejects where there is no server. */
  fetch(url: URL, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#token !== null) headers.set("authorization", `Bearer ${this.#token}`);
    return fetch(url, { ...init, headers, cache: "no-store" });
  }

  rooms(): Promise<Answer<readonly RoomEntry[]>> {
    return this.#list("api/rooms", "rooms", readRoom);
  }

  models(): Promise<Answer<readonly ModelEntry[]>> {
    return this.#list("api/catalog", "models", readModel);
  }

  recordings(): Promise<Answer<readonly RecordingEntry[]>> {
    return this.#list("api/recordings", "recordings", readRecording);
  }

  async recording(name: string): Promise<Answer<Blob>> {
    try {
      const url = this.url(`api/recordings/${encodeURIComponent(name)}`);
      const response = await this.fetch(url);
      if (!response.ok) return await refusalOf(response);
      return { kind: "answer", value: await response.blob() };
    } catch {
      return unreachable();
    }
  }

  /** What the server says against letting this page into a room; null where it says nothing. */
  async refusal(code: string): Promise<Refusal | null> {
    try {
      const url = this.url(`api/rooms/${encodeURIComponent(code)}`);
      const response = await this.fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
      return response.ok ? null : await refusalOf(response);
    } catch {
      return null;
    }
  }

  /** One room's entry in the list, with more that is of no use here. */
  async room(code: string, signal: AbortSignal): Promise<unknown> {
    const response = await this.fetch(this.url(`api/rooms/${encodeURIComponent(code)}`), {
      signal,
    });
    if (!response.ok) throw new Malformed("no such answer");
    return response.json();
  }

  /** Frames that the room still keeps, as polling gets them. */
  async frames(code: string, query: Readonly<Record<string, number>>): Promise<unknown> {
    const url = this.url(`api/rooms/${encodeURIComponent(code)}/frames`);
    for (const [name, value] of Object.entries({ ...query, wait: 0 })) {
      url.searchParams.set(name, String(value));
    }
    const response = await this.fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    if (!response.ok) throw new Malformed("no such answer");
    return response.json();
  }

  /** The hash of all parameters of a room's scenario. */
  async hash(code: string): Promise<Answer<string>> {
    try {
      const entry = new Fields(await this.room(code, AbortSignal.timeout(ANSWER_MS)), "entry");
      const room = new Fields(entry.raw("room"), entry.path("room"));
      return { kind: "answer", value: room.text("scenario_hash") };
    } catch {
      return unreachable();
    }
  }

  post(path: string, body: unknown): Promise<Answer<unknown>> {
    return this.#send("POST", path, body);
  }

  /** Makes a room; the answer is its code. */
  async create(wish: unknown): Promise<Answer<string>> {
    const answer = await this.post("api/rooms", wish);
    if (answer.kind === "error") return answer;
    const [code] = readable(answer.value, (fields) => fields.text("code"));
    return code === undefined ? unreachable() : { kind: "answer", value: code };
  }

  /** Ends a room for all who are in it. Only admins may. */
  close(code: string): Promise<Answer<unknown>> {
    return this.#send("DELETE", `api/rooms/${encodeURIComponent(code)}`, {});
  }

  async #send(method: string, path: string, body: unknown): Promise<Answer<unknown>> {
    try {
      const response = await this.fetch(this.url(path), {
        method,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        // What is asked for while the page goes is asked for all the same.
        keepalive: true,
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      if (!response.ok) return await refusalOf(response);
      return { kind: "answer", value: await response.json() };
    } catch {
      return unreachable();
    }
  }

  async #list<T>(
    path: string,
    name: string,
    read: (fields: Fields) => T,
  ): Promise<Answer<readonly T[]>> {
    try {
      const response = await this.fetch(this.url(path), { signal: AbortSignal.timeout(ANSWER_MS) });
      if (!response.ok) return await refusalOf(response);
      const entries = new Fields(await response.json(), path).list(name, (value) => value);
      return { kind: "answer", value: entries.flatMap((entry) => readable(entry, read)) };
    } catch {
      return unreachable();
    }
  }
}

/** The server's no to an HTTP request; its words where it has some. */
export async function refusalOf(response: Response): Promise<Refusal> {
  const seconds = Number(response.headers.get("retry-after"));
  const later = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
  const plain = {
    ...failure(null, `The server answered ${response.status}.`),
    retryAfterMs: later,
  };
  try {
    const fields = new Fields(await response.json(), "refusal");
    return { ...plain, code: fields.text("code"), message: fields.text("error", 2_000) };
  } catch {
    return plain;
  }
}

function unreachable(): Refusal {
  return failure(null, "The server cannot be reached.");
}

function readable<T>(entry: unknown, read: (fields: Fields) => T): T[] {
  try {
    return [read(new Fields(entry, "entry"))];
  } catch {
    return [];
  }
}

function readRoom(fields: Fields): RoomEntry {
  return {
    code: fields.text("code"),
    kind: fields.oneOf("kind", ROOM_KINDS),
    rules: fields.text("rules"),
    model: fields.text("model"),
    fps: fields.number("fps"),
    paused: fields.boolean("paused"),
    mode: fields.oneOf("mode", MODES),
    viewers: fields.count("viewers"),
    epoch: fields.count("epoch"),
    seq: fields.count("seq"),
  };
}

function readModel(fields: Fields): ModelEntry {
  return { model: fields.text("model"), rules: fields.text("rules") };
}

function readRecording(fields: Fields): RecordingEntry {
  return {
    name: fields.text("name"),
    bytes: fields.count("bytes"),
    created: fields.number("created"),
  };
}
