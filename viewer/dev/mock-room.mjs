/** The mock's one room: plays simulated episodes, remembers frames, and tells its sessions. */
import { Episode, ROOM } from "./mock-episode.mjs";

/** Frames remembered for those who come back. */
export const HISTORY_FRAMES = 600;

/** Least time between two messages about who is here, in milliseconds. */
const PRESENCE_EVERY_MS = 500;

/** How long the room goes on after somebody polled, in milliseconds. */
const AWAKE_MS = 10_000;

/** @typedef {import("./encode.mjs").WireFrame} WireFrame */
/** @typedef {{ seq: number, frame: WireFrame, base: Entry | null }} Entry a null base: is one */
/** @typedef {{ member: number, name: string | null }} Person */
/** @typedef {Person & { tell(message: object): void, show(entry: Entry): void }} Session */

export class MockRoom {
  epoch = Date.now();
  /** @type {Set<Session>} */
  sessions = new Set();
  #episode = new Episode(1);
  /** @type {Entry[]} */
  #history = [];
  #seq = 0;
  #paused = false;
  /** When somebody last looked who has no session. */
  #visited = 0;
  #fps;
  #model = ROOM.model;
  /** Who has the wheel. @type {Person | null} */
  #wheel = null;
  /** @type {NodeJS.Timeout | undefined} */
  #clock;
  /** @type {NodeJS.Timeout | undefined} */
  #presence;

  /** @param {number} fps */
  constructor(fps) {
    this.#fps = fps;
    this.#advance();
    this.speed(fps);
  }

  visit() {
    this.#visited = Date.now();
  }

  get fps() {
    return this.#fps;
  }

  /** @param {number} fps */
  speed(fps) {
    const changed = fps !== this.#fps;
    this.#fps = fps;
    clearInterval(this.#clock);
    this.#clock = setInterval(() => {
      const moves = !this.#paused && this.#wheel === null;
      const watched = this.sessions.size > 0 || Date.now() < this.#visited + AWAKE_MS;
      if (moves && watched) this.#advance();
    }, 1000 / fps);
    if (!changed) return;
    this.#event("speed", { fps });
    this.#tell(this.describe());
  }

  /** A new epoch, driven by another model's name. @param {string} model */
  load(model) {
    this.#model = model;
    this.epoch = Date.now();
    this.#history = [];
    this.#seq = 0;
    this.#episode = new Episode(1);
    this.#event("model_loaded", { model, rules: ROOM.rules });
    this.#tell(this.describe());
    this.#advance();
  }

  /** A new episode at once. @param {number | null} seed which the mock cannot obey */
  reset(seed) {
    this.#event("reset", { seed });
    this.#episode = new Episode(this.#episode.number + 1);
    this.#advance(null, true);
    return this.#seq;
  }

  /** One step by whoever has the wheel, or takes it. @param {Person} person @param {number} action */
  act(person, action) {
    if (this.#wheel !== null && this.#wheel !== person) return null;
    if (this.#wheel === null) this.#hand(person);
    this.#advance(action);
    return this.#seq;
  }

  /** @param {Person} person */
  release(person) {
    if (this.#wheel === person) this.#hand(null);
  }

  /** @param {Person | null} person */
  #hand(person) {
    const { member, name } = person ?? this.#wheel ?? { member: 0, name: null };
    this.#wheel = person;
    this.#event(person === null ? "wheel_released" : "wheel_taken", { member, name });
    this.#tell(this.describe());
  }

  /** As one entry of the list of rooms. */
  summary() {
    const { code, kind, rules, mode, model, fps, paused, epoch } = this.describe();
    const viewers = this.sessions.size;
    return { code, kind, rules, mode, model, fps, paused, epoch, viewers, seq: this.#seq };
  }

  get players() {
    return [...this.sessions].flatMap(({ member, name }) =>
      name === null ? [] : [{ member, name, online: true }],
    );
  }

  /** @param {number} seq */
  at(seq) {
    return this.#history.find((entry) => entry.seq === seq) ?? null;
  }

  get latest() {
    const entry = this.#history.at(-1);
    if (entry === undefined) throw new Error("a room has a frame from its beginning");
    return entry;
  }

  /** The frames after `seq`, or null where some are forgotten. @param {number} seq */
  since(seq) {
    const first = this.#history.findIndex((entry) => entry.seq === seq + 1);
    if (seq === this.#seq) return [];
    return first < 0 ? null : this.#history.slice(first);
  }

  describe() {
    return {
      ...{ type: "room", ...ROOM, model: this.#model, epoch: this.epoch, fps: this.#fps },
      ...{ paused: this.#paused, wheel: this.#wheel?.member ?? null },
      mode: this.#wheel === null ? "policy" : "wheel",
    };
  }

  /**
   * One frame by hand, which pauses a room that drives itself.
   * @param {number | null} action
   */
  step(action) {
    this.pause(true);
    this.#advance(action);
    return this.#seq;
  }

  /** @param {boolean} paused */
  pause(paused) {
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#tell(this.describe());
    this.#event(paused ? "paused" : "resumed", {});
  }

  /** @param {Session} session */
  enter(session) {
    this.sessions.add(session);
    this.#tellPresence();
  }

  /** @param {Session} session */
  leave(session) {
    this.release(session);
    if (this.sessions.delete(session)) this.#tellPresence();
  }

  /** @param {number | null} action @param {boolean} again the episode was begun anew */
  #advance(action = null, again = false) {
    const fresh = again || this.#seq === 0 || this.#episode.over;
    if (this.#episode.over) this.#episode = new Episode(this.#episode.number + 1);
    this.#episode.advance(action);
    this.#seq += 1;
    const before = this.#history.at(-1);
    const base = fresh ? null : (before?.base ?? before ?? null);
    this.#history.push({ seq: this.#seq, frame: this.#episode.frame(), base });
    this.#history.splice(0, this.#history.length - HISTORY_FRAMES);
    for (const session of this.sessions) session.show(this.latest);
    if (this.#episode.over) this.#completed(this.latest.frame);
  }

  /** @param {WireFrame} last */
  #completed({ episode, step, total_reward, money, passengers, fined, crashed }) {
    this.#event("episode_complete", {
      episode,
      steps: step,
      total_reward,
      money,
      passengers,
      fined,
      crashed,
      status: crashed ? "crashed" : fined ? "fined" : "success",
      reason: "the episode is over",
    });
  }

  /** @param {string} kind @param {object} data */
  #event(kind, data) {
    this.#tell({ type: "event", kind, seq: this.#seq, data });
  }

  /** @param {object} message */
  #tell(message) {
    for (const session of this.sessions) session.tell(message);
  }

  #tellPresence() {
    this.#presence ??= setTimeout(() => {
      this.#presence = undefined;
      this.#tell({ type: "presence", viewers: this.sessions.size, players: this.players });
    }, PRESENCE_EVERY_MS);
  }
}
