/** The mock's HTTP routes: lists, commands, server-sent events and polling. */
import { changes } from "./encode.mjs";
import { ROOM } from "./mock-episode.mjs";
import { command, MockSession } from "./mock-session.mjs";

/** @typedef {import("node:http").IncomingMessage} Request */
/** @typedef {import("node:http").ServerResponse} Response */
/** @typedef {import("./mock-room.mjs").MockRoom} MockRoom */
/** @typedef {import("./mock-room.mjs").Entry} Entry */

/** Time between two looks for a frame that a poll waits for, in milliseconds. */
const LOOK_EVERY_MS = 50;

/** The longest that a poll may wait, in seconds. */
const MAX_WAIT_S = 25;

/**
 * Whether it was one of these routes.
 * @param {MockRoom} room @param {string} role @param {URL} url
 * @param {Request} request @param {Response} response
 */
export function answerHttp(room, role, url, request, response) {
  const [, code, command] = /^\/api\/rooms\/([^/]+)(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
  if (code !== undefined && code !== ROOM.code) refuse(response, 404, "NO_ROOM");
  else if (command === "events") follow(room, role, url, request, response);
  else if (command === "frames") void poll(room, url, response);
  else if (command !== undefined) void obey(room, role, command, request, response);
  else if (code !== undefined) {
    json(response, { ...room.summary(), room: room.describe(), players: room.players });
  } else if (url.pathname === "/api/rooms") json(response, { rooms: [room.summary()] });
  else if (url.pathname === "/api/recordings") json(response, { recordings: [] });
  else if (url.pathname === "/api/catalog") {
    const models = ["dqn", "ppo", "random"].map((model) => ({ rules: ROOM.rules, model }));
    json(response, { models });
  } else return false;
  return true;
}

/** @param {MockRoom} room @param {string} role @param {URL} url @param {Request} request @param {Response} response */
function follow(room, role, url, request, response) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  const query = new URLSearchParams(url.searchParams);
  query.set("room", ROOM.code);
  const line = {
    protocol: "daladala.v3.json",
    /** @param {string | Uint8Array} data */
    send: (data) => {
      const { type, seq } = fields(String(data));
      const id = typeof seq === "number" && type !== "event" ? `id: ${room.epoch}-${seq}\n` : "";
      response.write(`event: ${String(type)}\n${id}data: ${String(data)}\n\n`);
    },
  };
  const session = new MockSession(line, room, role, query);
  request.on("close", () => {
    session.close();
  });
}

/** @param {MockRoom} room @param {URL} url @param {Response} response */
async function poll(room, url, response) {
  room.visit();
  const { searchParams: query } = url;
  const known = query.get("epoch") === String(room.epoch) && query.has("after");
  const after = Number(query.get("after"));
  const until = Date.now() + 1000 * Math.min(Number(query.get("wait") ?? 10), MAX_WAIT_S);
  while (known && room.latest.seq === after && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  const missed = known ? room.since(after) : null;
  const entries = missed ?? [room.latest];
  const resume = !query.has("after") ? "new" : missed === null ? "keyframe" : "missed";
  json(response, {
    ...{ role: "admin", epoch: room.epoch, resume, room: room.describe() },
    frames: messages(room.epoch, entries),
    next: entries.at(-1)?.seq ?? after,
  });
}

/** Each after the keyframe it is laid over. @param {number} epoch @param {Entry[]} entries */
function messages(epoch, entries) {
  /** @type {Set<number>} */
  const sent = new Set();
  /** @param {Entry} entry */
  const whole = ({ seq, frame }) => {
    sent.add(seq);
    return { type: "keyframe", epoch, seq, ...frame };
  };
  return entries.flatMap((entry) => {
    const { seq, frame, base } = entry;
    if (base === null) return [whole(entry)];
    const delta = { type: "delta", seq, base: base.seq, ...changes(base.frame, frame) };
    return sent.has(base.seq) ? [delta] : [whole(base), delta];
  });
}

/** @param {MockRoom} room @param {string} role @param {string} type @param {Request} request @param {Response} response */
async function obey(room, role, type, request, response) {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  if (role === "watch") {
    refuse(response, 403, "FORBIDDEN");
    return;
  }
  try {
    const result = command(room, type, new Map(Object.entries(fields(text))));
    if (result === null) refuse(response, 404, "NOT_FOUND");
    else json(response, result);
  } catch {
    refuse(response, 400, "VALIDATION_ERROR");
  }
}

/** @param {Response} response @param {object} value */
function json(response, value) {
  response.setHeader("content-type", "application/json").end(JSON.stringify(value));
}

/** @param {Response} response @param {number} status @param {string} code */
function refuse(response, status, code) {
  response.statusCode = status;
  json(response, { success: false, error: "the mock cannot do that", code, retryable: false });
}

/** @param {string} text @returns {Record<string, unknown>} */
function fields(text) {
  /** @type {unknown} */
  const value = JSON.parse(text);
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value))
    : {};
}
