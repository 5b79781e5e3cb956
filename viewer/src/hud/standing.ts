/**
 * How things stand, in one word: the connection's status; for a live one, whether what is shown is
 * of now and who makes it go on. Pill and voice both say it, so it is decided once.
 */
import type { Status } from "../connection/status";
import type { Room } from "../protocol/messages";
import type { Watching } from "../state/view";

export type Standing =
  Status["kind"] | "paused" | "driven" | "held" | "vote" | "back" | "recording";

export function standingOf(
  status: Status,
  room: Room | null,
  watching: Watching["kind"] = "live",
): Standing {
  if (watching === "recording") return "recording";
  if (!hears(status) || room === null) return status.kind;
  if (watching === "back") return "back";
  // Who holds the wheel moves it; its clock does not.
  if (room.paused && room.mode !== "wheel") return "paused";
  if (room.kind === "driven") return "driven";
  // Late or asked for is more to be said than who drives.
  if (status.kind !== "live") return status.kind;
  return room.mode === "wheel" ? "held" : room.mode === "vote" ? "vote" : "live";
}

/** Whether what the room does is heard of, one way or another. */
export function hears({ kind }: Status): boolean {
  return kind === "live" || kind === "polling" || kind === "behind";
}
