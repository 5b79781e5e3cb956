/** A room whose rules add fields of their own, as `city` does, and frames of it. */
import { SCHEMA } from "../dev/encode.mjs";
import type { Frame, Room } from "../src/protocol/messages";
import { makeFrame, type World } from "../src/protocol/world";
import { EPOCH, room, WIRE_WORLD, type Wire } from "./wire";

const OWN: readonly (readonly [name: string, type: string])[] = [
  ["fines", "int"],
  ["held", "uint"],
  ["unmanned", "cells"],
  ["sight", "uint"],
  ["light_ticks", "uints"],
  ["inspect", "float"],
  ["load_fine", "float"],
  ["radar", "float"],
  ["aboard", "uints"],
  ["micromorts", "float"],
];

const FIELDS = OWN.map(([name, type]) => ({ name, type, unit: "", meaning: name }));

/** Twelve cells to the east: stops at both ends and in the middle. */
export const CITY: Room = room({
  rules: "city",
  grid: [12, 12],
  route: Array.from({ length: 12 }, (_, x) => [x, 0]),
  stops: [
    [0, 0],
    [6, 0],
  ],
  places: [
    [0, 0, "Ubungo"],
    [6, 0, "Kariakoo"],
    [11, 0, "Posta"],
  ],
  actions: ["Move", "Speed up", "Stop", "Pick up", "Drop off"],
  reward_terms: ["fares", "fines", "time", "fuel", "harm", "lease"],
  frame: [...SCHEMA, ...FIELDS],
});

const STILL: Wire = {
  ...WIRE_WORLD,
  ...{ step: 20, route_index: 3, position: [3, 0], speed: 2, passengers: 20, money: 6000 },
  ...{ police: [], lights: [], lights_red: [], waiting: [0, 0], reward: -0.26, reward_terms: [] },
  ...{ fines: 0, held: 0, unmanned: [], sight: 12, light_ticks: [], aboard: [0, 12, 8] },
  ...{ inspect: 0.15, load_fine: 30_000, radar: 0.0001, micromorts: 1.5 },
};

/** Half way at 50 km/h with 20 aboard, unless said otherwise. */
export function cityFrame(fields: Wire, of: Room = CITY): Frame {
  return makeFrame({ ...STILL, ...fields } as World, EPOCH, Number(fields["seq"] ?? 1), of);
}

/** The same room, whose server does not tell some of the fields. */
export function without(...names: readonly string[]): Room {
  return { ...CITY, schema: CITY.schema.filter(({ name }) => !names.includes(name)) };
}

/** At a cell of the route. */
export function at(index: number): Wire {
  return { route_index: index, position: [index, 0] };
}
