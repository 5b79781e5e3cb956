/** Well-formed messages as the wire has them, for tests to spoil or to vary. */
import type { WireFrame } from "../dev/encode.mjs";
import type { Frame, Message, Room } from "../src/protocol/messages";
import { parseMessage } from "../src/protocol/parse";
import { makeFrame } from "../src/protocol/world";

export type Wire = Readonly<Record<string, unknown>>;

export const WIRE_WORLD: WireFrame = {
  step: 12,
  position: [12, 14],
  x: 12,
  y: 14,
  pos_x: 12,
  pos_y: 14,
  route_index: 12,
  passengers: 8,
  capacity: 50,
  legal_capacity: 33,
  money: 4000,
  speed: 2,
  light_red: 0,
  police_here: 1,
  must_stop: 1,
  fined: 0,
  crashed: 0,
  hazards: [
    [3, 14, "trafficLight"],
    [12, 14, "police"],
    [6, 14, "trafficLight"],
  ],
  police_checkpoints: [[12, 14]],
  traffic_lights: [
    [3, 14],
    [6, 14],
  ],
  traffic_light_states: { "3,14": 1, "6,14": 0 },
  high_demand_stops: [
    [4, 14],
    [8, 14],
  ],
  waiting: { "4,14": 0, "8,14": 5 },
  light_cycle: 12,
  episode: 3,
  action: 3,
  action_name: "Stop",
  reward: 26.0,
  total_reward: 133.0,
  reward_terms: [25, 1],
  outputs: [-1.5, 0.25, 0, 4, 2],
  terminated: false,
  truncated: false,
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
  max_steps: 350,
  physical_max_passengers: 50,
  legal_capacity: 33,
  actions: ["Move", "Pick up", "Drop off", "Stop", "Speed up"],
  reward_terms: ["must_stop", "step"],
  outputs: "values",
  places: [
    [13, 14, "Kariakoo"],
    [14, 13, "Posta"],
  ],
};

export const WIRE_HELLO: Wire = {
  type: "hello",
  protocol: 2,
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
  const message = parseMessage(data);
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
