/** A well-formed frame as the wire has it, for tests to spoil or to vary. */
import type { Frame, Room } from "../src/protocol/messages";
import { parseMessage } from "../src/protocol/parse";

export type Wire = Readonly<Record<string, unknown>>;

export const WIRE_FRAME: Wire = {
  type: "frame",
  epoch: 1790000000123,
  seq: 17,
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
  terminated: false,
  truncated: false,
};

export const WIRE_ROOM: Wire = {
  name: "main",
  protocol: 1,
  server: "0.1.0",
  rules: "classic",
  model: "ppo",
  fps: 5,
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
};

/** The wire's text with some fields replaced. */
export function text(fields: Wire = {}): string {
  return JSON.stringify({ ...WIRE_FRAME, ...fields });
}

/** A parsed frame and room; throws where the fields do not make one. */
export function parsed(fields: Wire = {}): { frame: Frame; room: Room | null } {
  const message = parseMessage(text(fields));
  if (message.kind !== "frame") throw new Error(`not a frame: ${message.kind}`);
  return message;
}

export function frame(fields: Wire = {}): Frame {
  return parsed(fields).frame;
}
