/**
 * The world of a frame as it travels: flat, so that a delta is some of these fields and is laid
 * over its keyframe with a spread. JSON and binary both read into this and nothing else reads it;
 * `makeFrame` turns it into what the page draws.
 */
import { cellKey } from "./check";
import type { Cell, Frame, Room } from "./messages";

/** A number for each cell of a list: JSON names the cell, binary follows the order of the list. */
export type AtCells = ReadonlyMap<string, number> | readonly number[];

export interface World {
  readonly step: number;
  readonly position: Cell;
  /** Null: drawn at its position. */
  readonly drawnX: number | null;
  readonly drawnY: number | null;
  readonly routeIndex: number;
  readonly passengers: number;
  readonly capacity: number;
  readonly legalCapacity: number;
  readonly money: number;
  readonly speed: number;
  readonly lightRed: boolean;
  readonly policeHere: boolean;
  readonly mustStop: boolean;
  readonly fined: boolean;
  readonly crashed: boolean;
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly police: readonly Cell[];
  readonly lights: readonly Cell[];
  /** 1 where the light is red. */
  readonly red: AtCells;
  readonly stops: readonly Cell[];
  readonly waiting: AtCells;
  readonly episode: number;
  /** An index into the room's actions; null after a reset. */
  readonly action: number | null;
  readonly reward: number;
  readonly totalReward: number;
  readonly rewardTerms: readonly number[];
  readonly outputs: readonly number[];
  /** How the episode ended; null while it goes on, and from servers that don't tell. */
  readonly ending: string | null;
  /** Which actions the policy chose among, by their bits; null where it looked at no mask. */
  readonly actionMask: number | null;
}

/** Some fields of a world, while they are being read. */
export type Changes = { -readonly [K in keyof World]?: World[K] };

export function makeFrame(world: World, epoch: number, seq: number, room: Room): Frame {
  const { drawnX, drawnY, lights, red, stops, waiting, action, ...same } = world;
  const [x, y] = world.position;
  return {
    ...same,
    epoch,
    seq,
    action,
    drawnAt: [drawnX ?? x, drawnY ?? y],
    lights: lights.map((cell, nth) => ({
      cell,
      state: numberAt(red, cell, nth) === 1 ? "red" : "green",
    })),
    stops: stops.map((cell, nth) => ({ cell, waiting: numberAt(waiting, cell, nth) })),
    actionName: action === null ? null : (room.actions[action] ?? `Action ${action}`),
  };
}

function numberAt(values: AtCells, cell: Cell, nth: number): number {
  return ("get" in values ? values.get(cellKey(cell)) : values[nth]) ?? 0;
}
