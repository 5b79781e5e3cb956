/**
 * What this page did not see of the episode that it shows: who comes into the middle of one, or goes
 * back to another, is told how it went. Asked for once an episode, and nothing is missed without it.
 */
import { Fields } from "../protocol/check";
import { mostSteps } from "../protocol/measures";
import type { Frame, Room } from "../protocol/messages";
import { parseMessage } from "../protocol/parse";
import { makeFrame, type World } from "../protocol/world";
import type { View } from "../state/view";
import type { Api } from "./api";

/** The most frames that a server gives in one answer. */
const MOST_FRAMES = 600;

// A record of numbers, as a query is.
export interface Stretch extends Readonly<Record<string, number>> {
  readonly epoch: number;
  /** The frame before the first that is asked for. */
  readonly after: number;
  readonly limit: number;
}

export class Past {
  readonly #api: Pick<Api, "frames">;
  readonly #hear: (frames: readonly Frame[]) => void;
  /** The episodes that were asked for, by epoch and number. */
  readonly #asked = new Set<string>();

  constructor(api: Pick<Api, "frames">, hear: (frames: readonly Frame[]) => void) {
    this.#api = api;
    this.#hear = hear;
  }

  /** A frame is shown. */
  async look(view: View): Promise<void> {
    const { room, frame } = view;
    const stretch = missingIn(view);
    if (room === null || frame === null || stretch === null) return;
    const name = `${frame.epoch} ${frame.episode}`;
    if (this.#asked.has(name)) return;
    this.#asked.add(name);
    try {
      this.#hear(readPast(await this.#api.frames(room.code, stretch), room));
    } catch {
      // It is nice to have, and no more.
    }
  }
}

/** Which frames of the shown one's episode to ask for; null where there is nothing to be had. */
export function missingIn({ room, frame, before, kept, watching }: View): Stretch | null {
  if (room === null || frame === null || before !== null || frame.step === 0) return null;
  const back = watching.kind === "back";
  // Frames that a slow page leaves out are not worth another request each time.
  if (!back && (watching.kind !== "live" || kept.length > 1)) return null;
  const after = Math.max(0, frame.seq - frame.step - 1);
  const limit = Math.min(MOST_FRAMES, back ? mostSteps(room) + 1 : frame.step);
  return { epoch: frame.epoch, after, limit };
}

/** The frames of an answer; none where some are lost, or the room is another run by now. */
export function readPast(answer: unknown, room: Room): readonly Frame[] {
  const page = new Fields(answer, "page");
  if (page.count("epoch") !== room.epoch || page.text("resume") !== "missed") return [];
  const bases = new Map<number, World>();
  return page
    .list("frames", (value) => parseMessage(value, room.schema))
    .flatMap((message) => {
      if (message.kind === "keyframe") {
        bases.set(message.seq, message.world);
        return [makeFrame(message.world, room.epoch, message.seq, room)];
      }
      const base = message.kind === "delta" ? bases.get(message.base) : undefined;
      if (message.kind !== "delta" || base === undefined) return [];
      return [makeFrame({ ...base, ...message.changes }, room.epoch, message.seq, room)];
    });
}
