/** JSON messages: one reader a type. Fields that the page has no use for are not looked at. */
import { asCell, asCount, asText, Fields, Malformed } from "./check";
import { readDetails } from "./json-event";
import { readChanges, readWorld } from "./json-world";
import {
  MODES,
  OUTPUTS,
  PROTOCOL_VERSION,
  RESUMES,
  ROLES,
  ROOM_KINDS,
  type Course,
  type Delta,
  type Hello,
  type Joined,
  type Keyframe,
  type Parsed,
  type Place,
  type Player,
  type Pong,
  type Presence,
  type Refusal,
  type Reply,
  type RequestId,
  type Room,
  type RoomEvent,
} from "./messages";
import { readSchema, type Schema } from "./schema";

/** The widest grid drawn; the coordinates in `check.ts` have the same bound. */
const MAX_GRID = 256;

/** What the protocol's limits are where a server does not say its own. */
const USUAL_HISTORY_FRAMES = 600;
const USUAL_NAME_CHARS = 32;

/** The longest text that is written for people, in UTF-16 units. */
const MAX_WORDS = 2_000;

export function readJson(fields: Fields, schema: Schema | null): Parsed {
  switch (fields.text("type")) {
    case "hello":
      return readHello(fields);
    case "joined":
      return readJoined(fields);
    case "room":
      return { kind: "room", room: readRoom(fields) };
    case "keyframe":
      return schema === null ? { kind: "undescribed" } : readKeyframe(fields, schema);
    case "delta":
      return schema === null ? { kind: "undescribed" } : readDelta(fields, schema);
    case "event":
      return readEvent(fields);
    case "presence":
      return readPresence(fields);
    case "reply":
      return readReply(fields);
    case "error":
      return readRefusal(fields);
    case "pong":
      return readPong(fields);
    default:
      return { kind: "unknown" };
  }
}

function readHello(fields: Fields): Hello | Extract<Parsed, { kind: "incompatible" }> {
  const theirs = fields.count("protocol");
  if (theirs !== PROTOCOL_VERSION) return { kind: "incompatible", theirs };
  const limits = new Fields(fields.raw("limits"), fields.path("limits"));
  const limit = (name: string, usual: number): number =>
    limits.has(name) ? limits.count(name) : usual;
  return {
    kind: "hello",
    server: fields.text("server"),
    role: fields.oneOf("role", ROLES),
    historyFrames: limit("history_frames", USUAL_HISTORY_FRAMES),
    nameChars: limit("name_chars", USUAL_NAME_CHARS),
  };
}

function readJoined(fields: Fields): Joined {
  return {
    kind: "joined",
    room: fields.text("room"),
    member: fields.count("member"),
    key: fields.textOrNull("key"),
    resume: fields.oneOf("resume", RESUMES),
    missed: fields.count("missed"),
  };
}

export function readRoom(fields: Fields): Room {
  return {
    ...readCourse(fields),
    code: fields.text("code"),
    epoch: fields.count("epoch"),
    kind: fields.oneOf("kind", ROOM_KINDS),
    paused: fields.boolean("paused"),
    mode: fields.oneOf("mode", MODES),
    wheel: fields.countOrNull("wheel"),
    turnSeconds: fields.number("turn_seconds"),
    recording: fields.textOrNull("recording"),
    // Earlier servers do not tell it.
    fault: fields.has("fault") ? fields.textOrNull("fault", MAX_FAULT) : null,
  };
}

/** The longest that a driver says, 200 characters, in UTF-16: letters of some scripts are two units. */
const MAX_FAULT = 400;

/** The longest name of a scenario: it grows with each field that is set. */
const MAX_SCENARIO = 65_536;

/** What a room shares with the recordings of it: the course, and who drives it how. */
export function readCourse(fields: Fields): Course {
  const grid = fields.list("grid", asCount);
  const [width, height] = grid;
  if (grid.length !== 2 || !isGridSide(width) || !isGridSide(height)) {
    throw new Malformed("message.grid is not a width and a height");
  }
  const route = fields.list("route", asCell);
  if (route.length === 0) throw new Malformed("message.route is empty");
  if (route.some(([x, y]) => x >= width || y >= height)) {
    throw new Malformed("message.route leaves the grid");
  }
  return {
    rules: fields.text("rules"),
    // Earlier servers and recordings do not tell them.
    scenario: fields.has("scenario") ? fields.text("scenario", MAX_SCENARIO) : "",
    scenarioHash: fields.has("scenario_hash") ? fields.text("scenario_hash") : "",
    model: fields.text("model"),
    fps: fields.number("fps"),
    grid: [width, height],
    route,
    stops: fields.list("stops", asCell),
    maxSteps: fields.count("max_steps"),
    capacity: fields.count("capacity"),
    legalCapacity: fields.count("legal_capacity"),
    actions: fields.list("actions", asText),
    rewardTerms: fields.list("reward_terms", asText),
    outputs: fields.oneOf("outputs", OUTPUTS),
    places: fields.list("places", asPlace),
    schema: readSchema(fields, "frame"),
  };
}

function readKeyframe(fields: Fields, schema: Schema): Keyframe {
  return {
    kind: "keyframe",
    epoch: fields.count("epoch"),
    seq: fields.count("seq"),
    world: readWorld(fields, schema),
  };
}

function readDelta(fields: Fields, schema: Schema): Delta {
  const seq = fields.count("seq");
  const changes = readChanges(fields, schema);
  return { kind: "delta", seq, base: fields.count("base", seq), changes };
}

function readEvent(fields: Fields): RoomEvent {
  const data = new Fields(fields.raw("data"), fields.path("data"));
  const reason = data.raw("reason") === undefined ? null : data.textOrNull("reason", MAX_WORDS);
  const name = fields.text("kind");
  const seq = fields.count("seq");
  return { kind: "event", name, seq, reason, details: readDetails(name, data) };
}

function readPresence(fields: Fields): Presence {
  return {
    kind: "presence",
    viewers: fields.count("viewers"),
    players: fields.list("players", readPlayer),
  };
}

function readPlayer(value: unknown, path: string): Player {
  const fields = new Fields(value, path);
  return {
    member: fields.count("member"),
    name: fields.text("name"),
    online: fields.boolean("online"),
  };
}

function readReply(fields: Fields): Reply {
  return { kind: "reply", id: readId(fields), result: fields.raw("result") };
}

function readRefusal(fields: Fields): Refusal {
  return {
    kind: "error",
    id: readId(fields),
    code: fields.text("code"),
    message: fields.text("message", MAX_WORDS),
    retryAfterMs: fields.countOrNull("retry_after_ms"),
  };
}

function readPong(fields: Fields): Pong {
  return {
    kind: "pong",
    id: readId(fields),
    time: fields.raw("time") === null ? null : fields.number("time"),
  };
}

function readId(fields: Fields): RequestId {
  const id = fields.raw("id");
  return typeof id === "number" || typeof id === "string" ? id : null;
}

function asPlace(value: unknown, path: string): Place {
  if (!Array.isArray(value) || value.length !== 3) throw new Malformed(`${path} is not a place`);
  const [x, y, name] = value as unknown[];
  return { cell: asCell([x, y], path), name: asText(name, path) };
}

function isGridSide(value: number | undefined): value is number {
  return value !== undefined && value >= 1 && value <= MAX_GRID;
}
