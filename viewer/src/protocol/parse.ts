/**
 * From a text message to a typed one. The socket is never trusted: whatever arrives, the answer is
 * a value of `Parsed`, never an exception and never a half-read frame.
 */
import { asCell, asText, cellKey, Fields, Malformed } from "./check";
import { PROTOCOL_VERSION, type Frame, type Parsed, type Room } from "./messages";

/** The longest message read, in UTF-16 units: a hundred times an ordinary frame. */
const MAX_MESSAGE = 1 << 20;

/** The widest grid drawn; the coordinates in `check.ts` have the same bound. */
const MAX_GRID = 256;

export function parseMessage(data: unknown): Parsed {
  if (typeof data !== "string") return { kind: "malformed", why: "not a text message" };
  if (data.length > MAX_MESSAGE) return { kind: "malformed", why: "too long" };
  try {
    return readMessage(new Fields(JSON.parse(data), "message"));
  } catch (error) {
    if (error instanceof Malformed || error instanceof SyntaxError || error instanceof RangeError) {
      return { kind: "malformed", why: error.message };
    }
    throw error;
  }
}

function readMessage(fields: Fields): Parsed {
  if (fields.text("type") !== "frame") return { kind: "unknown" };
  const described = fields.raw("room");
  if (described !== undefined && described !== null) {
    const room = new Fields(described, "room");
    const theirs = room.count("protocol");
    if (theirs !== PROTOCOL_VERSION) return { kind: "incompatible", theirs };
    return { kind: "frame", frame: readFrame(fields), room: readRoom(room) };
  }
  return { kind: "frame", frame: readFrame(fields), room: null };
}

function readRoom(fields: Fields): Room {
  const grid = fields.list("grid", asCount);
  const [width, height] = grid;
  if (grid.length !== 2 || !isGridSide(width) || !isGridSide(height)) {
    throw new Malformed("room.grid is not a width and a height");
  }
  const route = fields.list("route", asCell);
  if (route.length === 0) throw new Malformed("room.route is empty");
  if (route.some(([x, y]) => x >= width || y >= height)) {
    throw new Malformed("room.route leaves the grid");
  }
  return {
    name: fields.text("name"),
    protocol: fields.count("protocol"),
    server: fields.text("server"),
    rules: fields.text("rules"),
    model: fields.text("model"),
    fps: fields.number("fps"),
    grid: [width, height],
    route,
    maxSteps: fields.count("max_steps"),
    actions: fields.list("actions", asText),
  };
}

function readFrame(fields: Fields): Frame {
  const lit = readCellMap(fields, "traffic_light_states");
  const waiting = readCellMap(fields, "waiting");
  return {
    epoch: fields.count("epoch"),
    seq: fields.count("seq"),
    episode: fields.count("episode"),
    step: fields.count("step"),
    position: asCell(fields.raw("position"), fields.path("position")),
    routeIndex: fields.count("route_index"),
    passengers: fields.count("passengers"),
    capacity: fields.count("capacity"),
    legalCapacity: fields.count("legal_capacity"),
    money: fields.number("money"),
    speed: fields.number("speed"),
    lightRed: fields.bit("light_red"),
    policeHere: fields.bit("police_here"),
    mustStop: fields.bit("must_stop"),
    fined: fields.bit("fined"),
    crashed: fields.bit("crashed"),
    police: fields.list("police_checkpoints", asCell),
    lights: fields.list("traffic_lights", asCell).map((cell) => ({
      cell,
      state: lit.get(cellKey(cell)) === 1 ? "red" : "green",
    })),
    stops: fields.list("high_demand_stops", asCell).map((cell) => ({
      cell,
      waiting: waiting.get(cellKey(cell)) ?? 0,
    })),
    actionName: fields.textOrNull("action_name"),
    reward: fields.number("reward"),
    totalReward: fields.number("total_reward"),
    terminated: fields.boolean("terminated"),
    truncated: fields.boolean("truncated"),
  };
}

/** An object from "x,y" to a count. Keys that name no cell are of no use and harmless. */
function readCellMap(fields: Fields, name: string): ReadonlyMap<string, number> {
  const entries = new Fields(fields.raw(name), fields.path(name));
  const map = new Map<string, number>();
  for (const key of entries.keys()) map.set(key, entries.count(key));
  return map;
}

function asCount(value: unknown, path: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new Malformed(`${path} is not a count`);
  }
  return value;
}

function isGridSide(value: number | undefined): value is number {
  return value !== undefined && value >= 1 && value <= MAX_GRID;
}
