import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readWishes, type Return } from "../src/connection/address";
import { Api } from "../src/connection/api";
import { EventLines, MAX_EVENT } from "../src/connection/event-lines";
import { openEventStream } from "../src/connection/event-stream";
import { BRISK, openPolling } from "../src/connection/polling";
import type { End, Open, Socket } from "../src/connection/transport";
import { SCHEMA } from "../dev/encode.mjs";
import { parseMessage } from "../src/protocol/parse";
import type { Schema } from "../src/protocol/schema";
import { EPOCH, text, WIRE_HELLO, WIRE_JOINED, WIRE_KEYFRAME, WIRE_ROOM } from "./wire";

describe("EventLines", () => {
  const stream =
    ": hello\n\nevent: keyframe\nid: 5-17\ndata: {}\n\ndata: a\rdata:b\r\rid: 5-18\r\ndata\r\n\r\ndata: left";
  const events = [
    { id: "5-17", data: "{}" },
    { id: "5-17", data: "a\nb" },
    { id: "5-18", data: "" },
  ];

  it("reads events of one or many lines, with any line ends, and leaves what is incomplete", () => {
    expect(new EventLines().push(stream)).toEqual(events);
  });

  it("reads the same wherever the text is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        const lines = new EventLines();
        const places = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const read = places.flatMap((from, nth) => lines.push(stream.slice(from, places[nth + 1])));
        expect(read).toEqual(events);
      }),
    );
  });

  it("gives up an event without an end", () => {
    const lines = new EventLines();
    expect(lines.push("x".repeat(MAX_EVENT))).toEqual([]);
    expect(lines.push("x")).toBeNull();
    const many = new EventLines();
    expect(many.push(`data: ${"x".repeat(MAX_EVENT)}\ndata: x\n`)).toBeNull();
  });
});

const api = new Api("http://host/prefix/", "secret");
const wishes = readWishes("http://host/prefix/?room=night");
const nothing: Return = { epoch: null, seq: null, key: null };

let requests: { url: string; init: RequestInit | undefined }[];
let answer: (url: URL, init?: RequestInit) => Promise<Response>;
let messages: unknown[];
let end: End | null;
let socket: Socket;

const kinds = (): string[] =>
  messages.map((message) => parseMessage(message, SCHEMA as Schema).kind);

function begin(open: Open, back: Return = nothing): void {
  socket = open(
    { wishes, back },
    {
      onMessage: (message) => messages.push(message),
      onEnd: (how) => {
        end = how;
      },
    },
  );
}

beforeEach(() => {
  vi.useFakeTimers();
  requests = [];
  messages = [];
  end = null;
  socket = { send: () => undefined, close: () => undefined };
  vi.stubGlobal("fetch", (url: URL, init?: RequestInit) => {
    requests.push({ url: url.href, init });
    return answer(url, init);
  });
});

afterEach(() => {
  socket.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const run = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

function refusal(status: number, code: string, words: string): Response {
  return Response.json({ error: words, code, retryable: false }, { status });
}

describe("server-sent events", () => {
  let feed: ReadableStreamDefaultController<Uint8Array>;
  const say = (words: string): void => {
    feed.enqueue(new TextEncoder().encode(words));
  };
  const roomAt = (epoch: number, seq: number): Response =>
    Response.json({ epoch, seq, viewers: 1, players: [] });
  let room = (): Response => roomAt(EPOCH, 17);

  beforeEach(() => {
    answer = (url) => {
      if (!url.pathname.endsWith("/events")) return Promise.resolve(room());
      const body = new ReadableStream<Uint8Array>({ start: (started) => void (feed = started) });
      return Promise.resolve(
        new Response(body, { headers: { "content-type": "text/event-stream" } }),
      );
    };
  });

  it("brings the messages, from where it was left, with the token in no address", async () => {
    begin(openEventStream(api), { epoch: 5, seq: 16, key: null });
    await run();
    for (const message of [WIRE_HELLO, WIRE_JOINED, WIRE_ROOM, WIRE_KEYFRAME]) {
      say(`event: x\nid: ${EPOCH}-17\ndata: ${text(message)}\n\n`);
    }
    await run();
    expect(kinds()).toEqual(["hello", "joined", "room", "keyframe"]);
    expect(requests[0]?.url).toBe("http://host/prefix/api/rooms/night/events?epoch=5&seq=16");
    expect(new Headers(requests[0]?.init?.headers).get("authorization")).toBe("Bearer secret");
  });

  it("answers a ping only where the room has made nothing beyond what came", async () => {
    begin(openEventStream(api));
    await run();
    say(`id: ${EPOCH}-17\ndata: ${text(WIRE_KEYFRAME)}\n\n`);
    await run();
    socket.send(JSON.stringify({ type: "ping", id: "ping-1", sent: 5 }));
    await run();
    expect(parseMessage(messages.at(-1))).toEqual({ kind: "pong", id: "ping-1", time: null });
    room = () => roomAt(EPOCH, 18);
    messages = [];
    socket.send(JSON.stringify({ type: "ping", id: "ping-2", sent: 5 }));
    await run();
    expect([messages, end]).toEqual([[], null]);
    room = () => roomAt(EPOCH + 1, 1);
    socket.send(JSON.stringify({ type: "ping", id: "ping-3", sent: 5 }));
    await run();
    expect(end).not.toBeNull();
  });

  it("sends commands by HTTP and brings their answers", async () => {
    begin(openEventStream(api));
    await run();
    answer = () => Promise.resolve(Response.json({ fps: 9 }));
    socket.send(JSON.stringify({ type: "speed", id: 4, fps: 9 }));
    await run();
    expect(requests.at(-1)).toMatchObject({
      url: "http://host/prefix/api/rooms/night/speed",
      init: { method: "POST", body: '{"fps":9}' },
    });
    expect(parseMessage(messages.at(-1))).toEqual({ kind: "reply", id: 4, result: { fps: 9 } });
    answer = () => Promise.resolve(refusal(409, "CONFLICT", "someone has the wheel"));
    socket.send(JSON.stringify({ type: "pause", id: 5 }));
    await run();
    expect(parseMessage(messages.at(-1))).toMatchObject({ kind: "error", id: 5, code: "CONFLICT" });
    answer = () => Promise.reject(new TypeError());
    socket.send(JSON.stringify({ type: "create", id: 6, code: "x" }));
    await run();
    expect(requests.at(-1)?.url).toBe("http://host/prefix/api/rooms");
    expect(parseMessage(messages.at(-1))).toMatchObject({ id: 6, code: "NO_ANSWER" });
  });

  it.each([
    ["a refusal", () => refusal(404, "NO_ROOM", "no such room"), "no such room", true],
    ["another kind of page", () => new Response("<html>"), "", true],
    [
      "an error of a proxy",
      () => new Response("no", { status: 502 }),
      "The server answered 502.",
      true,
    ],
  ])("ends with %s", async (_, response, reason, elsewhereToo) => {
    answer = () => Promise.resolve(response());
    begin(openEventStream(api));
    await run();
    expect(end).toMatchObject({ reason, elsewhereToo });
  });

  it("ends where nobody answers, and where the stream does", async () => {
    begin(openEventStream(api));
    await run();
    feed.close();
    await run();
    expect(end).toMatchObject({ elsewhereToo: false });
    answer = () => Promise.reject(new TypeError());
    begin(openEventStream(api));
    await run();
    expect(end).toMatchObject({ elsewhereToo: true });
  });

  it("tells nothing after it was closed", async () => {
    begin(openEventStream(api));
    await run();
    socket.close();
    say(`data: ${text(WIRE_HELLO)}\n\n`);
    await run();
    expect([messages, end]).toEqual([[], null]);
  });
});

describe("polling", () => {
  let pages: object[];
  const page = (fields: object): object => ({
    ...{ role: "drive", epoch: EPOCH, resume: "missed", room: WIRE_ROOM, frames: [], next: 17 },
    ...fields,
  });

  beforeEach(() => {
    pages = [page({ resume: "new", frames: [WIRE_KEYFRAME] })];
    answer = () => {
      const next = pages.shift();
      return next === undefined
        ? new Promise(() => undefined)
        : Promise.resolve(Response.json(next));
    };
  });

  it("greets as a socket would, and asks for what comes after", async () => {
    pages.push(page({ frames: [{ type: "delta", seq: 18, base: 17 }], next: 18 }));
    begin(openPolling(api));
    await run(3 * BRISK.periodMs);
    expect(kinds()).toEqual(["hello", "joined", "room", "keyframe", "delta"]);
    expect(parseMessage(messages[0])).toMatchObject({ role: "drive" });
    const asked = requests
      .filter(({ url }) => url.includes("/frames"))
      .map(({ url }) => new URL(url).search);
    // One viewer to the server, however often it asks.
    const viewer = new URLSearchParams(asked[0]).get("viewer");
    expect(viewer).toMatch(/^[0-9a-f]{32}$/);
    expect(asked).toEqual([
      `?wait=0&viewer=${viewer}`,
      `?epoch=${EPOCH}&after=17&wait=${BRISK.waitS}&viewer=${viewer}`,
      `?epoch=${EPOCH}&after=18&wait=${BRISK.waitS}&viewer=${viewer}`,
    ]);
  });

  it("goes on after a break without waiting for a frame: a paused room has none", async () => {
    pages = [page({})];
    begin(openPolling(api), { ...nothing, epoch: EPOCH, seq: 17 });
    await run();
    expect(requests[0]?.url).toContain(`epoch=${EPOCH}&after=17&wait=0`);
    expect(parseMessage(messages[1])).toMatchObject({
      kind: "joined",
      resume: "missed",
      missed: 0,
    });
  });

  it("may only watch where the server lets it do no more", async () => {
    pages = [page({ role: "watch" })];
    begin(openPolling(api));
    await run();
    expect(parseMessage(messages[0])).toMatchObject({ role: "watch" });
  });

  it("does not ask more often than it needs to", async () => {
    pages = Array.from({ length: 1000 }, (_, at) => page({ next: 17 + at }));
    begin(openPolling(api));
    await run(3_000);
    expect(requests.length).toBeLessThanOrEqual(3_000 / BRISK.periodMs + 3);
  });

  it.each([
    ["a page that is none", () => Promise.resolve(Response.json([1, 2])), false],
    ["no JSON", () => Promise.resolve(new Response("{")), true],
    ["a refusal", () => Promise.resolve(refusal(401, "AUTH_REQUIRED", "a token is needed")), true],
    ["nobody", () => Promise.reject(new TypeError()), true],
  ])("ends with %s", async (_, response, elsewhereToo) => {
    answer = response;
    begin(openPolling(api));
    await run();
    expect(end).toMatchObject({ elsewhereToo });
    expect(messages).toEqual([]);
  });

  it("never throws, whatever a page has", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (frames, next) => {
        pages = [page({ frames, next })];
        begin(openPolling(api));
        await run(BRISK.periodMs);
        for (const message of messages) parseMessage(message);
        socket.close();
      }),
      { numRuns: 200 },
    );
  });
});

describe("the server's lists", () => {
  it("leave out what cannot be read", async () => {
    const entry = { name: "b", bytes: 10, created: 5 };
    answer = () => Promise.resolve(Response.json({ recordings: [entry, { name: 5 }, null] }));
    expect(await api.recordings()).toEqual({ kind: "answer", value: [entry] });
  });

  it("are refused in the server's words, or in this page's where it cannot be reached", async () => {
    answer = () => Promise.resolve(refusal(401, "AUTH_REQUIRED", "a token is needed"));
    expect(await api.rooms()).toMatchObject({
      code: "AUTH_REQUIRED",
      message: "a token is needed",
    });
    answer = () =>
      Promise.resolve(new Response("", { status: 429, headers: { "retry-after": "3" } }));
    expect(await api.models()).toMatchObject({ kind: "error", retryAfterMs: 3_000 });
    answer = () => Promise.reject(new TypeError());
    expect(await api.rooms()).toMatchObject({ code: "NO_ANSWER" });
    answer = () => Promise.resolve(Response.json({ rooms: "many" }));
    expect(await api.rooms()).toMatchObject({ kind: "error" });
  });
});
