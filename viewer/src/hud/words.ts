/** Words for names that arrive: those this page knows are translated, others shown as they came. */
import { hasWords, locale, t, tIn, type Language } from "../i18n";
import { signed } from "../format";
import { measuresOf } from "../protocol/measures";
import type { Frame, Room } from "../protocol/messages";
import type { Offences } from "../state/offences";

/** The name of an action, in the language of the moment or in another. */
export function actionWords(name: string | null, language?: Language): string {
  const key = `action.${name ?? "none"}`;
  if (!hasWords(key)) return name ?? "";
  return language === undefined ? t(key) : tIn(language, key);
}

export function termWords(name: string): string {
  const key = `term.${name}`;
  return hasWords(key) ? t(key) : name;
}

/** A reward with its sign, in shillings where the rules measure it in them. */
export function rewardNumber(room: Room | null, reward: number): string {
  return signed(reward * (measuresOf(room)?.rewardTsh ?? 1));
}

/** The same with its unit. */
export function rewardWords(room: Room | null, reward: number): string {
  return rewardNumber(room, reward) + (measuresOf(room) === null ? "" : " TSh");
}

/** Where on its route the bus of this frame stands, named after the nearest place with a name. */
export function placeWords(room: Room | null, frame: Frame): string {
  const found = nearestPlace(room, frame.routeIndex);
  const [x, y] = frame.position;
  if (found === null) return t("place.cell", { x, y });
  return t(found.away === 0 ? "place.at" : "place.near", { place: found.name });
}

export interface NearPlace {
  readonly name: string;
  /** Cells along the route. */
  readonly away: number;
}

/** The place with a name that is the fewest cells away along the route. */
export function nearestPlace(room: Room | null, index: number): NearPlace | null {
  let nearest: NearPlace | null = null;
  for (const { cell, name } of room?.places ?? []) {
    const at = room?.route.findIndex(([x, y]) => x === cell[0] && y === cell[1]) ?? -1;
    const away = Math.abs(at - index);
    if (at >= 0 && (nearest === null || away < nearest.away)) nearest = { name, away };
  }
  return nearest;
}

/** What was done against the law, and whether it may be more than was seen. */
export function offenceWords({ reds, checkpoints, whole }: Offences): string {
  const some = t("offences.some", {
    reds: t("offences.reds", { count: reds }),
    checkpoints: t("offences.checkpoints", { count: checkpoints }),
  });
  if (reds + checkpoints > 0) return whole ? some : `${some} ${t("offences.unseen")}`;
  return whole ? t("offences.none") : t("offences.unseen");
}

/** A count of them, at least as large as it says. */
export function atLeast(count: number, whole: boolean): string {
  return whole ? String(count) : t("totals.least", { count });
}

/** The words as the beginning of a sentence. */
export function capital(words: string): string {
  return words.charAt(0).toLocaleUpperCase(locale()) + words.slice(1);
}
