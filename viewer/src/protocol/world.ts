/**
 * The world of a frame as it travels: its fields by their names on the wire, so that a delta is some
 * of them and is laid over its keyframe with a spread. JSON and binary both read into this;
 * `makeFrame` turns it into what the page draws.
 */
import type { Cell, Frame, Room } from "./messages";
import { readOwn } from "./own";
import type { CommonFields, FieldValue } from "./schema";

/** Some fields of a world. */
export type Changes = Readonly<Record<string, FieldValue>>;

/** All fields that the room declares. */
export type World = Changes;

export function makeFrame(world: World, epoch: number, seq: number, room: Room): Frame {
  // The room has been refused if it declares them otherwise, and each was read by its type.
  const fields = world as unknown as CommonFields;
  const here = (cell: Cell): boolean => same(cell, fields.position);
  const red = (nth: number): boolean => fields.lights_red[nth] === true;
  return {
    epoch,
    seq,
    episode: fields.episode,
    step: fields.step,
    position: fields.position,
    routeIndex: fields.route_index,
    passengers: fields.passengers,
    capacity: room.capacity,
    legalCapacity: room.legalCapacity,
    money: fields.money,
    speed: fields.speed,
    lightRed: fields.lights.some((cell, nth) => here(cell) && red(nth)),
    policeHere: fields.police.some(here),
    // A field of rules that have it.
    mustStop: world["must_stop"] === true,
    fined: fields.fined,
    crashed: fields.crashed,
    police: fields.police,
    lights: fields.lights.map((cell, nth) => ({ cell, state: red(nth) ? "red" : "green" })),
    stops: room.stops.map((cell, nth) => ({ cell, waiting: fields.waiting[nth] ?? 0 })),
    action: fields.action,
    actionName:
      fields.action === null ? null : (room.actions[fields.action] ?? `Action ${fields.action}`),
    reward: fields.reward,
    totalReward: fields.total_reward,
    rewardTerms: fields.reward_terms,
    outputs: fields.outputs,
    ending: fields.ending,
    actionMask: fields.action_mask,
    terminated: fields.terminated,
    truncated: fields.truncated,
    own: readOwn(world, room.schema),
  };
}

function same(a: Cell, b: Cell): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
