/**
 * One simulated episode for the mock server: enough of the `classic` rules to look like them, with
 * a temperament per episode (careful, greedy, reckless) so that all endings come up.
 */

import { SCHEMA } from "./encode.mjs";

const SIDE = 15;
const ACTIONS = ["Move", "Pick up", "Drop off", "Stop", "Speed up"];

/** @type {[number, number][]} */
const ROUTE = [];
for (let x = 0; x < SIDE; x += 1) ROUTE.push([x, SIDE - 1]);
for (let y = SIDE - 2; y >= 0; y -= 1) ROUTE.push([SIDE - 1, y]);

const STOPS = [4, 8, 20, 25];

/** @type {[number, number, string][]} */
const PLACES = [
  [0, 14, "Ubungo"],
  [4, 14, "Manzese"],
  [8, 14, "Magomeni"],
  [14, 8, "Kariakoo"],
  [14, 3, "Mnazi Mmoja"],
  [14, 0, "Posta"],
];

/** What of a room does not change while it runs. */
export const ROOM = {
  code: "main",
  kind: "stream",
  rules: "classic",
  model: "ppo",
  mode: "policy",
  wheel: null,
  turn_seconds: 10,
  recording: null,
  grid: [SIDE, SIDE],
  route: ROUTE,
  max_steps: 350,
  stops: STOPS.map((index) => ROUTE[index]),
  capacity: 50,
  legal_capacity: 33,
  actions: ACTIONS,
  reward_terms: ["action", "must_stop", "police", "crash", "step", "end", "legal"],
  outputs: "values",
  cost_terms: [],
  places: PLACES,
  frame: SCHEMA,
};

/** @param {number} index */
const cell = (index) => ROUTE[index] ?? [0, 0];

export class Episode {
  /** @param {number} number */
  constructor(number) {
    this.number = number;
    this.temper = /** @type {const} */ (["careful", "greedy", "careful", "reckless"])[number % 4];
    const free = ROUTE.map((_, index) => index).filter((index) => !STOPS.includes(index));
    const drawn = free.sort(() => Math.random() - 0.5).slice(0, 7);
    this.police = drawn.slice(0, 3);
    this.lights = drawn.slice(3);
    this.red = new Set(this.lights.filter(() => Math.random() < 0.5));
    /** Greedy and reckless drivers meet crowds, so that they can be overloaded. */
    const crowd = this.temper === "careful" ? [8, 5, 1, 1] : [22, 14, 9, 6];
    if (this.temper === "greedy") {
      crowd[1] = 24;
      this.police[0] = 12;
      this.lights = this.lights.filter((index) => index !== 12);
    }
    /** @type {Map<number, number>} */
    this.waiting = new Map(STOPS.map((stop, at) => [stop, crowd[at] ?? 0]));
    this.index = 0;
    this.step = -1;
    this.passengers = 0;
    this.money = 0;
    this.speed = 0;
    this.fined = false;
    this.crashed = false;
    this.over = false;
    /** @type {number | null} */
    this.action = null;
    this.reward = 0;
    this.total = 0;
    /** In the order of `reward_terms`. @type {number[]} */
    this.terms = [];
    /** @type {number[]} */
    this.outputs = [];
  }

  /**
   * The first call shows the reset; each later one is a step.
   * @param {number | null} action to take, or null for the driver's own choice
   */
  advance(action = null) {
    this.step += 1;
    if (this.step === 0) return;
    const mustStop = this.#mustStop();
    this.action = action ?? this.#choose(mustStop);
    this.outputs = ACTIONS.map((_, at) => 60 + 20 * Math.random() + (at === this.action ? 25 : 0));
    const judged = this.#judge(this.action, mustStop);
    this.terms = [mustStop ? 0 : judged, mustStop ? judged : 0, 0, 0, 1, 0, 0];
    if (this.index === ROUTE.length - 1) this.over = true;
    else this.index += 1;
    if (this.police.includes(this.index) && this.passengers > ROOM.legal_capacity) {
      this.fined = true;
      this.terms[2] = this.passengers > 40 ? -50 : -20;
      this.over ||= this.passengers > 40;
    }
    if (this.over) this.terms[5] = 100;
    if (this.over && this.passengers <= 33 && !this.fined) this.terms[6] = 50;
    this.reward = this.terms.reduce((sum, term) => sum + term, 0);
    this.total += this.reward;
  }

  #mustStop() {
    return this.red.has(this.index) || this.police.includes(this.index);
  }

  /** @param {boolean} mustStop */
  #choose(mustStop) {
    if (mustStop) return this.temper === "reckless" && Math.random() < 0.4 ? 0 : 3;
    if (!STOPS.includes(this.index)) {
      return this.temper === "reckless" && this.passengers > 33 ? 4 : this.index % 3 ? 4 : 0;
    }
    return this.index > 15 && this.temper === "careful" ? 2 : 1;
  }

  /** @param {number} action @param {boolean} mustStop */
  #judge(action, mustStop) {
    const waiting = this.waiting.get(this.index) ?? 0;
    switch (action) {
      case 1: {
        const aboard = Math.min(Math.max(3, waiting), 50 - this.passengers);
        this.passengers += aboard;
        this.waiting.set(this.index, Math.max(0, waiting - aboard));
        return 15;
      }
      case 2: {
        const off = Math.min(this.passengers, Math.max(3, Math.floor(this.passengers / 2) + 1));
        this.passengers -= off;
        this.money += 1000 * off;
        return 12;
      }
      case 3:
        this.speed = Math.max(0, this.speed - 1);
        return mustStop ? 25 : -3;
      case 4:
        if (this.passengers > 40) {
          this.crashed = true;
          this.over = true;
          return -30;
        }
        this.speed = Math.min(3, this.speed + 1);
        return 3;
      default:
        return mustStop ? -38 : 2;
    }
  }

  /**
   * The fields of a keyframe, without its numbers.
   * @returns {import("./encode.mjs").WireFrame}
   */
  frame() {
    return {
      step: Math.max(0, this.step),
      position: cell(this.index),
      route_index: this.index,
      passengers: this.passengers,
      money: this.money,
      speed: this.speed,
      must_stop: this.#mustStop(),
      fined: this.fined,
      crashed: this.crashed,
      police: this.police.map(cell),
      lights: this.lights.map(cell),
      lights_red: this.lights.map((at) => this.red.has(at)),
      waiting: STOPS.map((at) => this.waiting.get(at) ?? 0),
      episode: this.number,
      action: this.action,
      reward: this.reward,
      total_reward: this.total,
      reward_terms: this.action === null ? [] : this.terms,
      cost_terms: [],
      outputs: this.action === null ? [] : this.outputs,
      action_mask: null,
      ending: this.over ? (this.crashed ? "crashed" : "arrived") : null,
      terminated: this.over,
      truncated: false,
    };
  }
}
