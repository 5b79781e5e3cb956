/**
 * What a screen reader is told. Frames come several times a second; a voice cannot. So the state of
 * the connection and the end of an episode are said at once, the drive only now and then.
 */
import type { Status } from "../connection/connection";
import { signed, whole } from "../format";
import type { Frame, Room } from "../protocol/messages";
import type { View } from "../state/view";
import { find, setText } from "./dom";
import { standingOf, type Standing } from "./standing";
import { describeEnding } from "./summary";

/** Least time between two reports of the drive, in milliseconds. */
const REPORT_EVERY_MS = 8_000;

const STANDINGS: Readonly<Record<Standing, string>> = {
  live: "Live.",
  paused: "Paused. The numbers are those of now, and stand still.",
  driven: "Live. The room waits for steps.",
  held: "Live. A person is at the wheel.",
  connecting: "Connecting.",
  silent: "The server has gone quiet; the numbers are not live.",
  waiting: "Not connected; the numbers are not live. Reconnecting.",
  incompatible: "This page is out of date. Reload the page.",
};

export class Announcer {
  readonly #status: HTMLElement;
  readonly #drive: HTMLElement;
  #said: Standing | null = null;
  #frame: Frame | null = null;
  #reportedAt = -Infinity;
  #episodes = 0;

  constructor(page: ParentNode) {
    this.#status = find(page, ".say-status");
    this.#drive = find(page, ".say-drive");
  }

  status(status: Status, room: Room | null): void {
    const standing = standingOf(status, room);
    // "Connecting" between two failures is no news.
    const again = this.#said === "waiting" && standing === "connecting";
    if (standing === this.#said || again) return;
    this.#said = standing;
    setText(this.#status, STANDINGS[standing]);
  }

  drive(view: View, now: number): void {
    const { frame, seen } = view;
    if (frame === null || frame === this.#frame) return;
    this.#frame = frame;
    const ended = seen.episodes > this.#episodes;
    this.#episodes = seen.episodes;
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    if (ended && seen.last !== null) {
      const { last } = seen;
      setText(
        this.#drive,
        `Episode ${whole(last.episode)} ${describeEnding(last)}, return ${signed(last.totalReward)}.`,
      );
      return;
    }
    setText(
      this.#drive,
      `Step ${whole(frame.step)}: ${frame.actionName ?? "setting off"}, ${whole(
        frame.passengers,
      )} passengers, total reward ${signed(frame.totalReward)}.`,
    );
  }
}
