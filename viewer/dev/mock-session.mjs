/** One connection to the mock: greets, joins, sends frames in the form asked for, answers. */
import { randomUUID } from "node:crypto";
import { binaryDelta, binaryKeyframe, changes } from "./encode.mjs";
import { ROOM } from "./mock-episode.mjs";
import { HISTORY_FRAMES } from "./mock-room.mjs";

/** @typedef {import("./mock-room.mjs").Entry} Entry */
/** @typedef {import("./mock-room.mjs").MockRoom} MockRoom */
/** @typedef {Map<string, unknown>} Fields of a request */
/** @typedef {{ protocol: string, send(data: string | Uint8Array): void }} Line to a client */

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
  /** The frame that is looked at back in time; null while live. @type {number | null} */
  #back = null;
  /** @type {NodeJS.Timeout | undefined} */
  #playing;

  /**
   * @param {Line} socket @param {MockRoom} room @param {string} role
   * @param {URLSearchParams} query
   */
  constructor(socket, room, role, query) {
    this.#socket = socket;
    this.#room = room;
    this.#role = role;
    this.#binary = socket.protocol.endsWith(".binary");
    this.#whole = socket.protocol === "" || query.get("frames") === "whole";
    this.tell({
      type: "hello",
      protocol: 3,
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

  /** The client is gone. */
  close() {
    clearInterval(this.#playing);
    this.#room.leave(this);
  }

  /** A new frame, for who looks at what is live. @param {Entry} entry */
  show(entry) {
    if (entry.seq === 1) this.#live();
    if (this.#back === null) this.#show(entry);
  }

  /** @param {number} seq @param {boolean} play */
  #seek(seq, play) {
    const entry = this.#room.at(seq);
    if (entry === null) return null;
    clearInterval(this.#playing);
    this.#back = seq;
    setImmediate(() => {
      this.#show(entry);
    });
    if (play) {
      this.#playing = setInterval(() => {
        const next = this.#back === null ? null : this.#room.at((this.#back += 1));
        if (next !== null) this.#show(next);
      }, 1000 / this.#room.fps);
    }
    return { seq };
  }

  #live() {
    clearInterval(this.#playing);
    this.#back = null;
    return { seq: this.#room.latest.seq };
  }

  /** Send a frame, as what this client can read. @param {Entry} entry */
  #show(entry) {
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
  receive(text) {
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
    else if (!["leave", "seek", "live"].includes(String(type)) && this.#role === "watch") {
      this.#refuse(id, "FORBIDDEN", "You may only watch.");
    } else {
      const result =
        type === "seek" || type === "live" ? this.#look(request) : this.#command(request);
      if (result === null) this.#refuse(id, "VALIDATION_ERROR", "The mock cannot do that.");
      else this.tell({ type: "reply", id, result });
    }
  }

  /** Back in time, or to what is live. @param {Fields} request */
  #look(request) {
    if (request.get("type") === "seek") {
      return this.#seek(Number(request.get("seq")), request.get("play") === true);
    }
    setImmediate(() => {
      this.#show(this.#room.latest);
    });
    return this.#live();
  }

  /** Do it; null for what the mock cannot. @param {Fields} request */
  #command(request) {
    switch (request.get("type")) {
      case "leave":
        this.#room.leave(this);
        return {};
      case "act": {
        const action = actionOf(request.get("action"));
        const seq = action === null ? null : this.#room.act(this, action);
        return seq === null ? null : { seq };
      }
      case "release":
        this.#room.release(this);
        return {};
      default:
        return command(this.#room, String(request.get("type")), request);
    }
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
    this.#live();
    for (const entry of missed ?? [this.#room.latest]) this.#show(entry);
    this.#room.enter(this);
  }

  /** @param {unknown} id @param {string} code @param {string} message */
  #refuse(id, code, message) {
    this.tell({ type: "error", id, code, message, retryable: false, retry_after_ms: null });
  }
}

/**
 * What sockets and HTTP have in common; null for what the mock cannot.
 * @param {MockRoom} room @param {string} type @param {Fields} request
 */
export function command(room, type, request) {
  switch (type) {
    case "pause":
    case "resume":
      room.pause(type === "pause");
      return {};
    case "step": {
      const asked = request.get("action") ?? null;
      const action = actionOf(asked);
      return asked !== null && action === null ? null : { seq: room.step(action) };
    }
    case "speed": {
      const fps = Number(request.get("fps"));
      if (!(fps >= 0.01 && fps <= 240)) return null;
      room.speed(fps);
      return { fps };
    }
    case "reset":
      return { seq: room.reset(/** @type {number | null} */ (request.get("seed") ?? null)) };
    case "load":
      room.load(String(request.get("model")));
      return { model: request.get("model"), rules: ROOM.rules };
    default:
      return null;
  }
}

/** @param {unknown} asked an action's index or name */
function actionOf(asked) {
  const found = ROOM.actions.findIndex((name, index) => asked === name || asked === index);
  return found < 0 ? null : found;
}
