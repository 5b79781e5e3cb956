/** The mock's one room: plays simulated episodes, remembers frames, and tells its sessions. */
import { Episode, ROOM } from "./mock-episode.mjs";

/** Frames remembered for those who come back. */
export const HISTORY_FRAMES = 600;

/** Least time between two messages about who is here, in milliseconds. */
const PRESENCE_EVERY_MS = 500;

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
  #fps;
  /** @type {NodeJS.Timeout | undefined} */
  #presence;

  /** @param {number} fps */
  constructor(fps) {
    this.#fps = fps;
    this.#advance();
    setInterval(() => {
      if (!this.#paused && this.sessions.size > 0) this.#advance();
    }, 1000 / fps);
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
    return { type: "room", ...ROOM, epoch: this.epoch, fps: this.#fps, paused: this.#paused };
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
    if (this.sessions.delete(session)) this.#tellPresence();
  }

  /** @param {number | null} action */
  #advance(action = null) {
    const fresh = this.#seq === 0 || this.#episode.over;
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
      fined: fined === 1,
      crashed: crashed === 1,
      status: crashed === 1 ? "crashed" : fined === 1 ? "fined" : "success",
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
      const players = [...this.sessions].flatMap(({ member, name }) =>
        name === null ? [] : [{ member, name, online: true }],
      );
      this.#tell({ type: "presence", viewers: this.sessions.size, players });
    }, PRESENCE_EVERY_MS);
  }
}
