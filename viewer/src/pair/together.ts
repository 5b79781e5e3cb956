/** Two rooms that are driven as one: what is asked of both, and what both are for the controls. */
import type { Outcome } from "../connection/requests";
import type { Fields, Request, Session } from "../connection/session";
import type { Paced } from "../controls/pace";
import type { Room } from "../protocol/messages";
import type { Conductor } from "./conductor";
import { SIDES, type Both } from "./sides";

export class Together implements Paced {
  readonly #sessions: Both<Session>;
  readonly #conductor: Conductor;
  #of: Both<Room | null> = { a: null, b: null };
  #room: Room | null = null;

  constructor(sessions: Both<Session>, conductor: Conductor) {
    this.#sessions = sessions;
    this.#conductor = conductor;
  }

  can(request: Request): boolean {
    return SIDES.every((side) => this.#sessions[side].can(request));
  }

  live(): ReturnType<Session["live"]> {
    return this.#sessions.a.live();
  }

  play(on: boolean): ReturnType<Session["play"]> {
    return this.#sessions.a.play(on);
  }

  /** Both begin a trip together; whatever waits for the other goes on waiting. */
  async request(type: Request, fields: Fields = {}): Promise<Outcome> {
    if (type === "reset") {
      const { seed } = fields;
      return this.#conductor.begin(typeof seed === "number" ? seed : undefined);
    }
    const { held } = this.#conductor;
    const moving = type === "resume" || type === "step";
    const asked = SIDES.filter((side) => !(moving && held[side]));
    const outcomes = await Promise.all(
      asked.map((side) => this.#sessions[side].request(type, fields)),
    );
    return outcomes.find(({ kind }) => kind === "error") ?? outcomes[0] ?? NOTHING;
  }

  /** One room, paused where both are; the same value as long as neither has changed. */
  get room(): Room | null {
    const { a, b } = this.#sessions;
    const of = { a: a.view.room, b: b.view.room };
    if (of.a === this.#of.a && of.b === this.#of.b) return this.#room;
    this.#of = of;
    const { a: one, b: other } = of;
    this.#room =
      one === null || other === null ? null : { ...one, paused: one.paused && other.paused };
    return this.#room;
  }
}

const NOTHING: Outcome = { kind: "reply", id: null, result: null };
