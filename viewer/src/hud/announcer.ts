/**
 * What a screen reader is told. Frames come several times a second; a voice cannot. So the state of
 * the connection, the end of an episode and what goes wrong in it are said at once, the drive only
 * now and then.
 */
import type { Status } from "../connection/status";
import { t } from "../i18n";
import type { Frame, Room } from "../protocol/messages";
import type { View } from "../state/view";
import { setText } from "./dom";
import { standingOf, type Standing } from "./standing";
import { actionWords, rewardWords } from "./words";

/** Least time between two reports of the drive, in milliseconds. */
const REPORT_EVERY_MS = 10_000;

/** Least time between two reports of something important, in milliseconds: about a sentence. */
const IMPORTANT_EVERY_MS = 4_000;

export class Announcer {
  readonly #status: HTMLElement;
  readonly #drive: HTMLElement;
  #said: Standing | null = null;
  #frame: Frame | null = null;
  #reportedAt = -Infinity;
  #ended: number | null = null;

  constructor(status: HTMLElement, drive: HTMLElement) {
    this.#status = status;
    this.#drive = drive;
  }

  status(status: Status, view: Pick<View, "room" | "watching">): void {
    const standing = standingOf(status, view.room, view.watching.kind);
    // "Connecting" between two failures is no news.
    const again = this.#said === "waiting" && standing === "connecting";
    if (standing === this.#said || again) return;
    this.#said = standing;
    setText(this.#status, t(`voice.${standing}`));
  }

  drive(view: View, now: number): void {
    const { frame } = view;
    if (frame === null || frame === this.#frame) return;
    const before = this.#frame;
    this.#frame = frame;
    const important = this.#ending(view) ?? mishap(before, frame);
    const quietFor = now - this.#reportedAt;
    if (quietFor < (important === null ? REPORT_EVERY_MS : IMPORTANT_EVERY_MS)) return;
    this.#reportedAt = now;
    setText(this.#drive, important ?? report(view.room, frame));
  }

  /** The end of an episode, once. */
  #ending({ seen: { last }, room }: View): string | null {
    if (last === null || last.seq === this.#ended) return null;
    this.#ended = last.seq;
    const { episode, ending, totalReward, money } = last;
    return t("say.ended", {
      ...{ episode, ending: t(`ending.${ending}`), total: rewardWords(room, totalReward), money },
    });
  }
}

function mishap(before: Frame | null, frame: Frame): string | null {
  if (before?.episode !== frame.episode) return null;
  const fine = (frame.own.fines ?? 0) - (before.own.fines ?? 0);
  if (fine > 0) return t("say.fined.sum", { money: fine });
  if (frame.fined && !before.fined) return t("say.fined");
  const over = ({ passengers, legalCapacity }: Frame): boolean => passengers > legalCapacity;
  if (!over(frame) || over(before)) return null;
  return t("say.overloaded", { passengers: frame.passengers, legal: frame.legalCapacity });
}

function report(room: Room | null, { step, actionName, passengers, totalReward }: Frame): string {
  const values = {
    step,
    action: actionWords(actionName),
    count: passengers,
    total: rewardWords(room, totalReward),
  };
  return t("say.drive", values);
}
