/**
 * Frames as a server writes them: JSON deltas, and binary keyframes and deltas. Written from the
 * protocol's tables and apart from the page's decoder, whose tests read what this writes.
 */

/** @typedef {[x: number, y: number]} WireCell */
/**
 * @typedef {object} WireFrame
 * @property {number} step
 * @property {WireCell} position
 * @property {number} x
 * @property {number} y
 * @property {number} pos_x
 * @property {number} pos_y
 * @property {number} route_index
 * @property {number} passengers
 * @property {number} capacity
 * @property {number} legal_capacity
 * @property {number} money
 * @property {number} speed
 * @property {number} light_red
 * @property {number} police_here
 * @property {number} must_stop
 * @property {number} fined
 * @property {number} crashed
 * @property {[x: number, y: number, kind: string][]} hazards
 * @property {WireCell[]} police_checkpoints
 * @property {WireCell[]} traffic_lights
 * @property {Record<string, number>} traffic_light_states
 * @property {WireCell[]} high_demand_stops
 * @property {Record<string, number>} waiting
 * @property {number} light_cycle
 * @property {number} episode
 * @property {number | null} action
 * @property {string | null} action_name
 * @property {number} reward
 * @property {number} total_reward
 * @property {number[]} reward_terms
 * @property {number[]} outputs
 * @property {boolean} terminated
 * @property {boolean} truncated
 */

/** @type {WireFrame} */
const NOTHING = {
  step: 0,
  position: [0, 0],
  x: 0,
  y: 0,
  pos_x: 0,
  pos_y: 0,
  route_index: 0,
  passengers: 0,
  capacity: 0,
  legal_capacity: 0,
  money: 0,
  speed: 0,
  light_red: 0,
  police_here: 0,
  must_stop: 0,
  fined: 0,
  crashed: 0,
  hazards: [],
  police_checkpoints: [],
  traffic_lights: [],
  traffic_light_states: {},
  high_demand_stops: [],
  waiting: {},
  light_cycle: 0,
  episode: 0,
  action: null,
  action_name: null,
  reward: 0,
  total_reward: 0,
  reward_terms: [],
  outputs: [],
  terminated: false,
  truncated: false,
};

/** The fields of `frame` that are not as in `base`. @param {WireFrame} base @param {WireFrame} frame */
export function changes(base, frame) {
  const known = new Map(Object.entries(base));
  return Object.fromEntries(
    Object.entries(frame).filter(
      ([name, value]) => JSON.stringify(known.get(name)) !== JSON.stringify(value),
    ),
  );
}

/** @param {number} epoch @param {number} seq @param {WireFrame} frame */
export function binaryKeyframe(epoch, seq, frame) {
  return new Uint8Array([1, ...uint(epoch), ...uint(seq), ...fields(NOTHING, frame)]);
}

/** @param {number} seq @param {number} baseSeq @param {WireFrame} base @param {WireFrame} frame */
export function binaryDelta(seq, baseSeq, base, frame) {
  return new Uint8Array([2, ...uint(seq), ...uint(seq - baseSeq), ...fields(base, frame)]);
}

/** @param {WireFrame} base @param {WireFrame} frame */
function fields(base, frame) {
  const known = values(base).map(String);
  const present = values(frame).map((value, number) => ({ value, number }));
  const changed = present.filter(({ value, number }) => String(value) !== known[number]);
  const bits = changed.reduce((sum, { number }) => sum + 2 ** number, 0);
  return [...uint(bits), ...changed.flatMap(({ value }) => value)];
}

/** Each field's bytes, in order of their numbers. @param {WireFrame} frame */
function values(frame) {
  return [
    uint(frame.step),
    frame.position,
    drawnAt(frame),
    uint(frame.route_index),
    uint(frame.passengers),
    uint(frame.capacity),
    uint(frame.legal_capacity),
    int(frame.money),
    uint(frame.speed),
    uint(Number.parseInt(flags(frame).reverse().map(Number).join(""), 2)),
    [...uint(frame.hazards.length), ...frame.hazards.flatMap(hazard)],
    bits(frame.traffic_lights.map((cell) => frame.traffic_light_states[cell.join(",")] === 1)),
    [
      ...uint(frame.high_demand_stops.length),
      ...frame.high_demand_stops.flatMap((cell) => uint(frame.waiting[cell.join(",")] ?? 0)),
    ],
    [...uint(frame.high_demand_stops.length), ...frame.high_demand_stops.flat()],
    uint(frame.light_cycle),
    uint(frame.episode),
    uint(frame.action === null ? 0 : frame.action + 1),
    float(frame.reward),
    float(frame.total_reward),
    terms(frame.reward_terms),
    floats(frame.outputs),
  ];
}

/** The terms that are not 0, after bits that say which. @param {number[]} values */
function terms(values) {
  const present = values.map((value, number) => (value === 0 ? 0 : 2 ** number));
  const told = values.filter((value) => value !== 0);
  return [
    ...uint(values.length),
    ...uint(present.reduce((bits, bit) => bits + bit, 0)),
    ...told.flatMap(float),
  ];
}

/** @param {WireFrame} frame */
function drawnAt({ position: [x, y], pos_x, pos_y }) {
  return pos_x === x && pos_y === y ? [0] : [1, ...float(pos_x), ...float(pos_y)];
}

/** @param {WireFrame} frame */
function flags(frame) {
  const { light_red, police_here, must_stop, fined, crashed, terminated, truncated } = frame;
  return [light_red, police_here, must_stop, fined, crashed, terminated, truncated];
}

/** @param {[number, number, string]} hazard */
function hazard([x, y, kind]) {
  return [x, y, kind === "police" ? 0 : 1];
}

/** @param {boolean[]} set */
function bits(set) {
  const bytes = Array.from({ length: Math.ceil(set.length / 8) }, (_, byte) =>
    set.slice(byte * 8, byte * 8 + 8).reduce((sum, on, bit) => sum + (on ? 1 << bit : 0), 0),
  );
  return [...uint(bytes.length), ...bytes];
}

/** LEB128. @param {number} value @returns {number[]} */
function uint(value) {
  return value < 0x80 ? [value] : [0x80 + (value % 0x80), ...uint(Math.floor(value / 0x80))];
}

/** Zigzag. @param {number} value */
function int(value) {
  return uint(value < 0 ? -2 * value - 1 : 2 * value);
}

/** @param {number[]} list */
function floats(list) {
  return [...uint(list.length), ...list.flatMap(float)];
}

/** @param {number} value */
function float(value) {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setFloat32(0, value, true);
  return Array.from({ length: 4 }, (_, at) => bytes.getUint8(at));
}
