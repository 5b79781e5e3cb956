/** Well-formed messages as the wire has them, for tests to spoil or to vary. */
import { SCHEMA, type WireFrame } from "../dev/encode.mjs";
import type { Frame, Message, Room } from "../src/protocol/messages";
import { parseMessage } from "../src/protocol/parse";
import type { Schema } from "../src/protocol/schema";
import { makeFrame } from "../src/protocol/world";

export type Wire = Readonly<Record<string, unknown>>;

export const WIRE_WORLD: WireFrame = {
  step: 12,
  position: [12, 14],
  route_index: 12,
  action: 3,
  reward: 26.0,
  total_reward: 133.0,
  reward_terms: [25, 1],
  outputs: [-1.5, 0.25, 0, 4, 2],
  action_mask: null,
  speed: 2,
  passengers: 8,
  money: 4000,
  waiting: [0, 5],
  lights_red: [true, false],
  terminated: false,
  truncated: false,
  ending: null,
  fined: false,
  crashed: false,
  cost_terms: [],
  episode: 3,
  police: [[12, 14]],
  lights: [
    [3, 14],
    [6, 14],
  ],
  must_stop: true,
};

export const EPOCH = 1790000000123;

export const WIRE_KEYFRAME: Wire = { type: "keyframe", epoch: EPOCH, seq: 17, ...WIRE_WORLD };

export const WIRE_ROOM: Wire = {
  type: "room",
  code: "main",
  epoch: EPOCH,
  kind: "stream",
  rules: "classic",
  model: "ppo",
  fps: 5,
  paused: false,
  mode: "policy",
  wheel: null,
  turn_seconds: 10,
  recording: null,
  grid: [15, 15],
  route: [
    [13, 14],
    [14, 14],
    [14, 13],
  ],
  stops: [
    [4, 14],
    [8, 14],
  ],
  max_steps: 350,
  capacity: 50,
  legal_capacity: 33,
  actions: ["Move", "Pick up", "Drop off", "Stop", "Speed up"],
  reward_terms: ["must_stop", "step"],
  cost_terms: [],
  outputs: "values",
  places: [
    [13, 14, "Kariakoo"],
    [14, 13, "Posta"],
  ],
  frame: SCHEMA,
};

export const WIRE_HELLO: Wire = {
  type: "hello",
  protocol: 3,
  server: "0.1.0",
  connection: "c1",
  role: "drive",
  time: 1790000000000,
  limits: {},
};

export const WIRE_JOINED: Wire = {
  type: "joined",
  id: null,
  room: "main",
  member: 1,
  key: null,
  resume: "new",
  missed: 0,
};

/** The wire's text of a message with some fields replaced. */
export function text(message: Wire, fields: Wire = {}): string {
  return JSON.stringify({ ...message, ...fields });
}

export function keyframe(fields: Wire = {}): string {
  return text(WIRE_KEYFRAME, fields);
}

/** A parsed message of a kind; throws where the data do not make one. */
export function parsed<K extends Message["kind"]>(kind: K, data: unknown) {
  const message = parseMessage(data, SCHEMA as Schema);
  if (message.kind !== kind) throw new Error(`not a ${kind}: ${JSON.stringify(message)}`);
  return message as Extract<Message, { kind: K }>;
}

export function room(fields: Wire = {}): Room {
  return parsed("room", text(WIRE_ROOM, fields)).room;
}

export function frame(fields: Wire = {}): Frame {
  const { world, epoch, seq } = parsed("keyframe", keyframe(fields));
  return makeFrame(world, epoch, seq, room());
}
