/**
 * Back in time and to live again, for this page alone. The server answers one wish after the other,
 * and a hand on a slider makes many: only the last one waits. While the page is back, nobody tells
 * it how the room goes on; so it looks, to draw the bar as long as it is.
 */
import { Fields as Checked } from "../protocol/check";
import type { Heard, View } from "../state/view";
import type { Outcome } from "./requests";
import type { Fields, Sought } from "./session";

/** Time between two looks at the room, in milliseconds. */
export const LOOK_EVERY_MS = 1_000;

export interface TravelOptions {
  readonly view: () => View;
  /** `settled` hears of the answer before the frames that follow it. */
  readonly request: (
    type: "seek" | "live",
    fields: Fields,
    settled: (outcome: Outcome) => void,
  ) => Promise<Outcome>;
  /** The server's entry of a room. */
  readonly look: (code: string, signal: AbortSignal) => Promise<unknown>;
  readonly hear: (heard: Heard) => void;
}

interface Wish {
  readonly seq: number | "live";
  readonly play: boolean;
  readonly settle: (sought: Sought) => void;
}

export class TimeTravel {
  readonly #options: TravelOptions;
  #busy = false;
  #next: Wish | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #looking = new AbortController();

  constructor(options: TravelOptions) {
    this.#options = options;
  }

  seek(seq: number, play: boolean): Promise<Sought> {
    const { latestSeq, watching } = this.#options.view();
    // The latest frame is what is live, and so it is called.
    if (seq >= latestSeq && watching.kind === "live") return this.live();
    return this.#wish(Math.min(Math.max(1, Math.round(seq)), latestSeq), play);
  }

  live(): Promise<Sought> {
    return this.#wish("live", false);
  }

  heard(heard: Heard): void {
    const { watching, frame } = this.#options.view();
    if (watching.kind !== "back") this.stop();
    else {
      this.#timer ??= setInterval(() => void this.#look(), LOOK_EVERY_MS);
      const caughtUp = watching.playing && (frame?.seq ?? 0) >= watching.latest;
      if (heard.kind === "frame" && caughtUp) void this.live();
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#looking.abort();
    this.#looking = new AbortController();
  }

  #wish(seq: number | "live", play: boolean): Promise<Sought> {
    return new Promise((settle) => {
      this.#next?.settle({ kind: "superseded" });
      this.#next = { seq, play, settle };
      void this.#go();
    });
  }

  async #go(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let wish = this.#next; wish !== null; wish = this.#next) {
      this.#next = null;
      const { seq, play, settle } = wish;
      settle(seq === "live" ? await this.#return() : await this.#back(seq, play));
    }
    this.#busy = false;
  }

  async #back(seq: number, play: boolean): Promise<Sought> {
    const outcome = await this.#ask(seq, play);
    if (outcome.kind === "reply") return { kind: "there" };
    if (outcome.code !== "NOT_FOUND") return outcome;
    await this.#look();
    const { latestSeq, hello } = this.#options.view();
    const oldest = Math.max(1, latestSeq - (hello?.historyFrames ?? 1) + 1 + MARGIN);
    const instead = await this.#ask(Math.min(oldest, latestSeq), false);
    return instead.kind === "reply" ? { kind: "oldest" } : instead;
  }

  #ask(seq: number, play: boolean): Promise<Outcome> {
    return this.#options.request("seek", { seq, play }, ({ kind }) => {
      if (kind === "reply") this.#options.hear({ kind: "back", seq, playing: play });
    });
  }

  async #return(): Promise<Sought> {
    const outcome = await this.#options.request("live", {}, (answer) => {
      const seq = answer.kind === "reply" ? latestOf(answer.result) : null;
      if (seq !== null) this.#options.hear({ kind: "live", seq });
    });
    return outcome.kind === "reply" ? { kind: "there" } : outcome;
  }

  async #look(): Promise<void> {
    const { room } = this.#options.view();
    if (room === null) return;
    try {
      const entry = await this.#options.look(room.code, this.#looking.signal);
      const fields = new Checked(entry, "room");
      const [epoch, seq] = [fields.count("epoch"), fields.count("seq")];
      this.#options.hear({ kind: "latest", epoch, seq });
    } catch {
      // The next look may be luckier.
    }
  }
}

/** The number of the latest frame, as `live` answers. */
function latestOf(result: unknown): number | null {
  try {
    return new Checked(result, "result").count("seq");
  } catch {
    return null;
  }
}

/** Frames that a room makes while the oldest one is being asked for. */
const MARGIN = 2;
