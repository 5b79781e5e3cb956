/** Players who came, left and came back, the latest of them, each with a number of its own. */
import type { RoomEvent } from "../protocol/messages";

export interface Coming {
  readonly nth: number;
  readonly how: "joined" | "left" | "returned";
  readonly member: number;
  readonly name: string;
  /** When it was heard, milliseconds on this page's clock. */
  readonly at: number;
}

/** Those of whom is still told: of more at once nobody reads. */
const MOST = 4;

const HOW: ReadonlyMap<string, Coming["how"]> = new Map<string, Coming["how"]>([
  ["player_joined", "joined"],
  ["player_left", "left"],
  ["player_returned", "returned"],
]);

export function withComing(
  comings: readonly Coming[],
  { name: kind, details }: RoomEvent,
  at: number,
): readonly Coming[] {
  const how = HOW.get(kind);
  if (how === undefined || details?.of !== "player") return comings;
  const { member, name } = details;
  const nth = (comings.at(-1)?.nth ?? 0) + 1;
  return [...comings, { nth, how, member, name, at }].slice(-MOST);
}
