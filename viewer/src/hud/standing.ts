/**
 * How things stand, in one word: the connection's status, and for a live one whether frames are to
 * be expected. Pill and voice both say it, so it is decided once.
 */
import type { Status } from "../connection/connection";
import type { Room } from "../protocol/messages";

export type Standing = Status["kind"] | "paused" | "driven" | "held";

export function standingOf(status: Status, room: Room | null): Standing {
  if (status.kind !== "live" || room === null) return status.kind;
  if (room.paused) return "paused";
  if (room.kind === "driven") return "driven";
  return room.mode === "wheel" ? "held" : "live";
}
