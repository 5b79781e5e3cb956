/** What the rules and the format say about a frame and a step, to hold what the server sends against. */
import assert from "node:assert/strict";

export const ACTIONS = ["Move", "Pickup", "Dropoff", "Stop", "SpeedUp"];
export const STEPS = 29;

export const ROUTE = [];
for (let x = 0; x < 15; x += 1) ROUTE.push([x, 14]);
for (let y = 13; y >= 0; y -= 1) ROUTE.push([14, y]);

const STOPS = [ROUTE[4], ROUTE[8], ROUTE[20], ROUTE[25]];

const has = (cells, cell) => cells.some(([x, y]) => x === cell[0] && y === cell[1]);
const sorted = (cells) => cells.map(String).sort();

/** A frame has all fields, of the right types, and they agree with each other. */
export function checkFrame(frame) {
  const say = `in ${JSON.stringify(frame)}`;
  for (const field of [
    ...["step", "passengers", "capacity", "money", "speed", "light_cycle", "episode"],
    ...["reward", "total_reward", "x", "y", "pos_x", "pos_y"],
  ]) {
    assert.ok(Number.isFinite(frame[field]), `${field} is no number ${say}`);
  }
  for (const flag of ["light_red", "police_here", "must_stop", "fined"]) {
    assert.ok(frame[flag] === 0 || frame[flag] === 1, `${flag} is neither 0 nor 1 ${say}`);
  }
  assert.ok([true, false, 0, 1].includes(frame.terminated), `terminated ${say}`);
  assert.ok(ACTIONS[frame.action] !== undefined, `action ${say}`);
  if (frame.step === 0) assert.deepEqual([frame.action, frame.reward], [0, 0], say);
  assert.equal(frame.capacity, 50);
  assert.equal(frame.light_cycle, frame.step);
  assert.deepEqual(frame.position, ROUTE[Math.min(frame.step, 28)], `position ${say}`);
  assert.deepEqual([frame.x, frame.y], frame.position);
  assert.deepEqual([frame.pos_x, frame.pos_y], frame.position);
  assert.deepEqual(sorted(frame.high_demand_stops), sorted(STOPS));

  const police = frame.hazards.filter(([, , kind]) => kind === "police");
  const lights = frame.hazards.filter(([, , kind]) => kind === "trafficLight");
  assert.deepEqual(
    [police.length, lights.length, frame.hazards.length],
    [3, 4, 7],
    `hazards ${say}`,
  );
  const cell = ([x, y]) => [x, y];
  assert.deepEqual(sorted(frame.police_checkpoints), sorted(police.map(cell)));
  assert.deepEqual(sorted(frame.traffic_lights), sorted(lights.map(cell)));
  assert.deepEqual(Object.keys(frame.traffic_light_states).sort(), sorted(frame.traffic_lights));
  for (const state of Object.values(frame.traffic_light_states))
    assert.ok(state === 0 || state === 1);

  const red = frame.traffic_light_states[String(frame.position)] === 1 ? 1 : 0;
  const stopped = has(frame.police_checkpoints, frame.position) ? 1 : 0;
  assert.equal(frame.light_red, red, `light_red ${say}`);
  assert.equal(frame.police_here, stopped, `police_here ${say}`);
  assert.equal(frame.must_stop, red | stopped, `must_stop ${say}`);
}

/** The reward of the step from one frame to the next. */
export function rewardOf(before, action, after) {
  const must = before.must_stop === 1;
  const atStop = has(before.high_demand_stops, before.position);
  let reward = 1;
  if (action === 0) reward += 2 - (must ? 40 : 0);
  if (action === 1) reward += (atStop && before.passengers < 50 ? 15 : -5) - (must ? 10 : 0);
  if (action === 2) reward += (atStop && before.passengers > 0 ? 12 : -8) - (must ? 10 : 0);
  if (action === 3) reward += must ? 25 : -3;
  if (action === 4) {
    if (!must && before.passengers <= 40) reward += 3;
    if (must) reward -= 15;
    if (before.passengers > 40) reward -= 30;
  }
  if (after.police_here === 1) {
    if (after.passengers > 40) reward -= 50;
    else if (after.passengers > 33) reward -= 20;
  }
  if (after.terminated) reward += 100 + (after.passengers <= 33 && after.fined === 0 ? 50 : 0);
  return reward;
}

/** The best return that the layout of this frame allows. */
export function bestReturn(frame) {
  const red = Object.values(frame.traffic_light_states).filter((state) => state === 1).length;
  const halts = 3 + red;
  return 60 + 25 * halts + 3 * (25 - halts) + 29 + 150;
}
