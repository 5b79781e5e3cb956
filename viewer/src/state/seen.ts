/** The episodes whose last frame this page received: totals and averages over them. */
import type { Frame } from "../protocol/messages";
import type { Ending } from "./ending";
import { NONE_KNOWN, type Offences } from "./offences";

export interface Summary {
  readonly epoch: number;
  readonly episode: number;
  /** The last frame's number. */
  readonly seq: number;
  readonly steps: number;
  readonly totalReward: number;
  readonly money: number;
  readonly passengers: number;
  readonly fined: boolean;
  readonly crashed: boolean;
  readonly ending: Ending;
  readonly offences: Offences;
  /** In the server's words; null until it says. */
  readonly reason: string | null;
}

/** Of one epoch; each episode counts once, however often its end is shown. */
export interface Seen {
  readonly episodes: number;
  readonly returnSum: number;
  readonly fined: number;
  readonly crashed: number;
  /** Of all of them together. */
  readonly offences: Offences;
  /** Aboard, and earned, when an episode ended. */
  readonly meanPassengers: number | null;
  readonly meanMoney: number | null;
  readonly bestReturn: number | null;
  readonly last: Summary | null;
}

export const NOTHING_SEEN: Seen = {
  episodes: 0,
  returnSum: 0,
  fined: 0,
  crashed: 0,
  offences: { ...NONE_KNOWN, whole: true },
  meanPassengers: null,
  meanMoney: null,
  bestReturn: null,
  last: null,
};

export function averageReturn(seen: Seen): number | null {
  return seen.episodes === 0 ? null : seen.returnSum / seen.episodes;
}

export function count(seen: Seen, last: Frame, ending: Ending, offences: Offences): Seen {
  const { totalReward, money, passengers, fined, crashed } = last;
  const episodes = seen.episodes + 1;
  const mean = (before: number | null, value: number): number =>
    (before ?? 0) + (value - (before ?? 0)) / episodes;
  return {
    episodes,
    returnSum: seen.returnSum + totalReward,
    fined: seen.fined + (fined ? 1 : 0),
    crashed: seen.crashed + (crashed ? 1 : 0),
    offences: {
      reds: seen.offences.reds + offences.reds,
      checkpoints: seen.offences.checkpoints + offences.checkpoints,
      whole: seen.offences.whole && offences.whole,
    },
    meanPassengers: mean(seen.meanPassengers, passengers),
    meanMoney: mean(seen.meanMoney, money),
    bestReturn: Math.max(seen.bestReturn ?? -Infinity, totalReward),
    last: {
      epoch: last.epoch,
      episode: last.episode,
      seq: last.seq,
      steps: last.step,
      ...{ totalReward, money, passengers, fined, crashed, ending, offences },
      reason: null,
    },
  };
}
