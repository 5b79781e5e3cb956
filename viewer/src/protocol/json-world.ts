/** The world of a JSON keyframe or delta: which field of the wire is which, and how it is checked. */
import { asCell, asNumber, Fields, Malformed } from "./check";
import type { Changes, World } from "./world";

type Read<T> = (fields: Fields, name: string) => T;

const count: Read<number> = (fields, name) => fields.count(name);
const number: Read<number> = (fields, name) => fields.number(name);
const bit: Read<boolean> = (fields, name) => fields.bit(name);
const boolean: Read<boolean> = (fields, name) => fields.boolean(name);
const numbers: Read<readonly number[]> = (fields, name) => fields.list(name, asNumber);
const cells: Read<World["police"]> = (fields, name) => fields.list(name, asCell);

const FIELDS: { readonly [K in keyof World]: readonly [wire: string, read: Read<World[K]>] } = {
  step: ["step", count],
  position: ["position", (fields, name) => asCell(fields.raw(name), fields.path(name))],
  drawnX: ["pos_x", number],
  drawnY: ["pos_y", number],
  routeIndex: ["route_index", count],
  passengers: ["passengers", count],
  capacity: ["capacity", count],
  legalCapacity: ["legal_capacity", count],
  money: ["money", number],
  speed: ["speed", count],
  lightRed: ["light_red", bit],
  policeHere: ["police_here", bit],
  mustStop: ["must_stop", bit],
  fined: ["fined", bit],
  crashed: ["crashed", bit],
  terminated: ["terminated", boolean],
  truncated: ["truncated", boolean],
  police: ["police_checkpoints", cells],
  lights: ["traffic_lights", cells],
  red: ["traffic_light_states", readCellMap],
  stops: ["high_demand_stops", cells],
  waiting: ["waiting", readCellMap],
  episode: ["episode", count],
  action: ["action", (fields, name) => fields.countOrNull(name)],
  reward: ["reward", number],
  totalReward: ["total_reward", number],
  rewardTerms: ["reward_terms", numbers],
  outputs: ["outputs", numbers],
  ending: ["ending", (fields, name) => fields.textOrNull(name)],
  actionMask: ["action_mask", (fields, name) => fields.countOrNull(name)],
};

const KEYS = Object.keys(FIELDS) as (keyof World)[];

/** What servers before these fields did not send. */
const LATER: Changes = { rewardTerms: [], outputs: [], ending: null, actionMask: null };

/** All fields; each has to be there, but for those that came later. */
export function readWorld(fields: Fields): World {
  const changes = { ...LATER, ...readChanges(fields) };
  const missing = KEYS.find((key) => !(key in changes));
  if (missing !== undefined) throw new Malformed(`${fields.path(FIELDS[missing][0])} is missing`);
  return changes as World;
}

/** Those fields that are there. */
export function readChanges(fields: Fields): Changes {
  const changes: Changes = {};
  for (const key of KEYS) readInto(changes, key, fields);
  return changes;
}

function readInto<K extends keyof World>(into: Pick<Changes, K>, key: K, fields: Fields): void {
  const [wire, read] = FIELDS[key];
  if (fields.raw(wire) !== undefined) into[key] = read(fields, wire);
}

/** An object from "x,y" to a count. Keys that name no cell are of no use and harmless. */
function readCellMap(fields: Fields, name: string): ReadonlyMap<string, number> {
  const entries = new Fields(fields.raw(name), fields.path(name));
  const map = new Map<string, number>();
  for (const key of entries.keys()) map.set(key, entries.count(key));
  return map;
}
