/** One connection to the mock: greets, joins, sends frames in the form asked for, answers. */
import { randomUUID } from "node:crypto";
import { binaryDelta, binaryKeyframe, changes } from "./encode.mjs";
import { ROOM } from "./mock-episode.mjs";
import { HISTORY_FRAMES } from "./mock-room.mjs";

/** @typedef {import("./mock-room.mjs").Entry} Entry */
/** @typedef {import("./mock-room.mjs").MockRoom} MockRoom */
/** @typedef {Map<string, unknown>} Fields of a request */

/** The longest message from a client, in bytes. */
export const MESSAGE_BYTES = 4096;

/** Players by their keys, so that who comes back is the same one. @type {Map<unknown, number>} */
const members = new Map();
let memberCount = 0;

export class MockSession {
  /** @type {string | null} */
  name = null;
  member = 0;
  #socket;
  #room;
  #role;
  #binary;
  #whole;
  /** Keyframes sent since joining, by `seq`. @type {Set<number>} */
  #sent = new Set();

  /**
   * @param {import("ws").WebSocket} socket @param {MockRoom} room @param {string} role
   * @param {URLSearchParams} query
   */
  constructor(socket, room, role, query) {
    this.#socket = socket;
    this.#room = room;
    this.#role = role;
    this.#binary = socket.protocol.endsWith(".binary");
    this.#whole = socket.protocol === "" || query.get("frames") === "whole";
    socket.on("message", (/** @type {Buffer} */ data) => {
      this.#receive(data.toString());
    });
    socket.on("close", () => {
      room.leave(this);
    });
    this.tell({
      type: "hello",
      protocol: 2,
      server: "mock",
      connection: randomUUID(),
      role,
      time: Date.now(),
      limits: {
        message_bytes: MESSAGE_BYTES,
        requests_per_second: 20,
        name_chars: 32,
        rooms: 1,
        viewers_per_room: 10_000,
        history_frames: HISTORY_FRAMES,
      },
    });
    const code = query.get("room") ?? (socket.protocol === "" ? "main" : null);
    if (code === null) return;
    const [epoch, seq] = [query.get("epoch"), query.get("seq")];
    const resume = epoch === null ? {} : { resume: { epoch: Number(epoch), seq: Number(seq) } };
    this.#join(
      null,
      new Map(Object.entries({ ...Object.fromEntries(query), room: code, ...resume })),
    );
  }

  /** @param {object} message */
  tell(message) {
    this.#socket.send(JSON.stringify(message));
  }

  /** Send a frame, as what this client can read. @param {Entry} entry */
  show(entry) {
    const { seq, frame, base } = entry;
    if (this.#whole || base === null) {
      this.#keyframe(entry);
      return;
    }
    if (!this.#sent.has(base.seq)) this.#keyframe(base);
    if (this.#binary) this.#socket.send(binaryDelta(seq, base.seq, base.frame, frame));
    else this.tell({ type: "delta", seq, base: base.seq, ...changes(base.frame, frame) });
  }

  /** @param {Entry} entry */
  #keyframe({ seq, frame }) {
    this.#sent.add(seq);
    const { epoch } = this.#room;
    if (this.#binary) this.#socket.send(binaryKeyframe(epoch, seq, frame));
    else this.tell({ type: "keyframe", epoch, seq, ...frame });
  }

  /** @param {string} text */
  #receive(text) {
    /** @type {unknown} */
    let request;
    try {
      request = JSON.parse(text);
    } catch {
      request = null;
    }
    if (typeof request === "object" && request !== null) {
      this.#answer(new Map(Object.entries(request)));
    } else this.#refuse(null, "VALIDATION_ERROR", "The message is no JSON object.");
  }

  /** @param {Fields} request */
  #answer(request) {
    const id = request.get("id") ?? null;
    const type = request.get("type");
    if (type === "ping") {
      this.tell({ type: "pong", id, sent: request.get("sent"), time: Date.now() });
    } else if (type === "join") this.#join(id, request);
    else if (!this.#room.sessions.has(this)) this.#refuse(id, "NOT_JOINED", "Join a room first.");
    else if (type !== "leave" && this.#role === "watch") {
      this.#refuse(id, "FORBIDDEN", "You may only watch.");
    } else {
      const result = this.#command(type, request.get("action") ?? null);
      if (result === null) this.#refuse(id, "VALIDATION_ERROR", "The mock cannot do that.");
      else this.tell({ type: "reply", id, result });
    }
  }

  /** Do it; null for what the mock cannot. @param {unknown} type @param {unknown} asked an action */
  #command(type, asked) {
    switch (type) {
      case "leave":
        this.#room.leave(this);
        return {};
      case "pause":
      case "resume":
        this.#room.pause(type === "pause");
        return {};
      case "step":
        return this.#step(asked);
      default:
        return null;
    }
  }

  /** @param {unknown} asked an action's index or name, or null */
  #step(asked) {
    const found = ROOM.actions.findIndex((name, index) => asked === name || asked === index);
    if (asked !== null && found < 0) return null;
    return { seq: this.#room.step(asked === null ? null : found) };
  }

  /** @param {unknown} id @param {Fields} request */
  #join(id, request) {
    const { code } = this.#room.describe();
    if (request.get("room") !== code) {
      this.#refuse(id, "NO_ROOM", "There is no such room.");
      return;
    }
    this.#room.leave(this);
    this.#sent.clear();
    this.#whole = request.has("frames") ? request.get("frames") === "whole" : this.#whole;
    const name = request.get("name");
    this.name = typeof name === "string" ? name : null;
    const key = this.name === null ? null : (request.get("key") ?? randomUUID());
    this.member = members.get(key) ?? (memberCount += 1);
    if (key !== null) members.set(key, this.member);

    const after = new Map(Object.entries(request.get("resume") ?? {}));
    const known = after.get("epoch") === this.#room.epoch;
    const missed = known ? this.#room.since(Number(after.get("seq"))) : null;
    const resume = after.size === 0 ? "new" : missed === null ? "keyframe" : "missed";
    const count = missed?.length ?? 0;
    this.tell({ type: "joined", id, room: code, member: this.member, key, resume, missed: count });
    this.tell(this.#room.describe());
    for (const entry of missed ?? [this.#room.latest]) this.show(entry);
    this.#room.enter(this);
  }

  /** @param {unknown} id @param {string} code @param {string} message */
  #refuse(id, code, message) {
    this.tell({ type: "error", id, code, message, retryable: false, retry_after_ms: null });
  }
}
