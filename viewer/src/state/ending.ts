/**
 * Why an episode ended. The last frame says so; where it comes from an older server or recording,
 * arriving and being impounded are told apart by where the bus was and who stood there.
 */
import type { Cell, Frame, Room } from "../protocol/messages";

export type Ending = "arrived" | "crashed" | "impounded" | "truncated" | "ended";

/** The names that rules have for it. */
const NAMED: ReadonlyMap<string, Ending> = new Map<string, Ending>([
  ["arrived", "arrived"],
  ["crashed", "crashed"],
  ["impounded", "impounded"],
  ["out_of_time", "truncated"],
]);

export function endingOf(room: Room | null, previous: Frame | null, last: Frame): Ending {
  if (last.ending !== null) return NAMED.get(last.ending) ?? "ended";
  if (last.crashed) return "crashed";
  if (!last.terminated) return "truncated";
  const terminus = room?.route.at(-1);
  const there = terminus !== undefined && sameCell(last.position, terminus);
  const wasThere = there && previous !== null && sameCell(previous.position, terminus);
  // A bus that already stood at the terminus ends its route there, fined or not.
  if (wasThere) return "arrived";
  if (last.fined && last.policeHere) return "impounded";
  return there ? "arrived" : "ended";
}

function sameCell(a: Cell, b: Cell): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
