/**
 * Keeps two rooms on the same trips, for those who may. It asks for what `nextMove` says and looks
 * again whenever something has changed.
 *
 * Several pages may do so at once: what each asks for follows from what all of them see, and its key
 * makes the server do it once. What is held is let go of when the page goes.
 */
import type { Outcome } from "../connection/requests";
import type { Fields, Request } from "../connection/session";
import type { Frame } from "../protocol/messages";
import type { View } from "../state/view";
import { farAhead, nextMove, type Move, type Place, type Shared } from "./keeping";
import { both, otherOf, SIDES, type Both, type Side } from "./sides";
import { hasEnded, tripOf } from "./trip";

/** How long (milliseconds) two rooms may drive different trips before both begin anew. */
export const PATIENCE_MS = 1_500;

/** How long (milliseconds) a beginning is waited for before it is taken for lost. */
const BEGINNING_MS = 5_000;

export interface Conducted {
  readonly view: View;
  request(type: Request, fields?: Fields): Promise<Outcome>;
}

export interface ConductorOptions {
  /** Whether this page may, and whether there is a sense in it. */
  readonly may: () => boolean;
  /** Whether a room hears what it is asked for. */
  readonly reaches: (side: Side) => boolean;
  /** Hears whether what was asked for was granted. */
  readonly tell: (outcome: Outcome) => void;
}

export class Conductor {
  readonly #rooms: Both<Conducted>;
  readonly #options: ConductorOptions;
  #held: Both<boolean> = both(() => false);
  #shared: Shared | null = null;
  /** Since when both have driven different trips. */
  #apart: number | null = null;
  /** What both showed when they were asked to begin; until both show another trip, they begin. */
  #from: Both<Frame | null> | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(rooms: Both<Conducted>, options: ConductorOptions) {
    this.#rooms = rooms;
    this.#options = options;
  }

  /** The rooms that stand because they wait for the other. */
  get held(): Both<boolean> {
    return this.#held;
  }

  /** Something has changed. */
  look(): void {
    if (!this.#options.may()) {
      // The other may be gone for good, and nobody is to find this one standing.
      for (const side of SIDES) {
        if (this.#held[side] && this.#options.reaches(side)) this.#release(side);
      }
      return;
    }
    if (this.#begins()) return;
    const [a, b] = [placeOf(this.#rooms.a.view), placeOf(this.#rooms.b.view)];
    if (a === null || b === null) return;
    if (a.trip !== null && a.trip === b.trip) {
      this.#shared = { trip: a.trip, epochs: { a: a.epoch, b: b.epoch } };
    }
    const far = farAhead(Math.max(...SIDES.map((side) => this.#rooms[side].view.room?.fps ?? 0)));
    this.#make(nextMove({ a, b }, this.#held, this.#shared, far));
  }

  /** Both begin the trip of a seed now; without one, of a seed that every page would take. */
  async begin(seed?: number): Promise<Outcome> {
    this.#apart = null;
    const from = both((side) => this.#rooms[side].view.frame);
    const { a, b } = from;
    const place = [a?.epoch, a?.episode, b?.epoch, b?.episode, seed].map((each) => each ?? 0);
    const next = (a?.epoch ?? 0) + (a?.episode ?? 0);
    const fields = { seed: seed ?? next, idempotency_key: `pair-${place.join("-")}` };
    this.#from = from;
    this.#lookIn(BEGINNING_MS, () => {
      this.#from = null;
    });
    const reset = (side: Side): Promise<Outcome> => this.#rooms[side].request("reset", fields);
    const [ofA, ofB] = await Promise.all([reset("a"), reset("b")]);
    for (const side of SIDES) if (this.#held[side]) this.#release(side);
    const outcome = ofA.kind === "error" ? ofA : ofB;
    this.#options.tell(outcome);
    return outcome;
  }

  /**
   * Let go of what is held, as the page goes. `release` asks another way too: a connection that is
   * being closed may lose what is asked by it, and what is asked by another may overtake it.
   */
  letGo(release: (side: Side) => void): void {
    for (const side of SIDES) {
      if (!this.#held[side]) continue;
      this.#release(side);
      release(side);
    }
  }

  /** Whether both are still to show the trip that they were asked to begin. */
  #begins(): boolean {
    const from = this.#from;
    if (from === null) return false;
    const begun = SIDES.every((side) => {
      const { frame } = this.#rooms[side].view;
      return frame?.epoch !== from[side]?.epoch || frame?.episode !== from[side]?.episode;
    });
    if (begun) {
      this.#from = null;
      clearTimeout(this.#again);
    }
    return !begun;
  }

  #lookIn(ms: number, first: () => void = () => undefined): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      first();
      this.look();
    }, ms);
  }

  #make(move: Move | null): void {
    if (move?.do !== "begin-soon") this.#apart = null;
    switch (move?.do) {
      case "hold":
        void this.#hold(move.side);
        break;
      case "release":
        this.#release(move.side);
        break;
      case "begin":
        void this.begin();
        break;
      case "begin-soon":
        this.#beginSoon();
        break;
      case undefined:
    }
  }

  #beginSoon(): void {
    this.#apart ??= Date.now();
    const waited = Date.now() - this.#apart;
    if (waited >= PATIENCE_MS) void this.begin();
    else this.#lookIn(PATIENCE_MS - waited);
  }

  async #hold(side: Side): Promise<void> {
    this.#held = { ...this.#held, [side]: true };
    const outcome = await this.#rooms[side].request("pause");
    if (outcome.kind === "error") this.#held = { ...this.#held, [side]: false };
    this.#options.tell(outcome);
  }

  /** A room whose companion somebody has paused stays as it is. */
  #release(side: Side): void {
    this.#held = { ...this.#held, [side]: false };
    const other = otherOf(side);
    const paused = this.#rooms[other].view.room?.paused === true && !this.#held[other];
    if (!paused) void this.#rooms[side].request("resume");
  }
}

function placeOf(view: View): Place | null {
  const { frame, room } = view;
  if (frame === null || room === null) return null;
  const { epoch, step } = frame;
  return { trip: tripOf(view), epoch, step, ended: hasEnded(frame), paused: room.paused };
}
