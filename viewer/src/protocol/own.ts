/**
 * Fields that some rules add to their frames and that the page has a picture or words for. Each is
 * read by its name and type, and each may be missing: what a room does not declare is not shown.
 */
import type { FieldType, Schema, Values } from "./schema";
import type { World } from "./world";

/** The page's names for them, with those of the wire. */
const OWN = {
  /** TSh, bribes among them. */
  fines: ["fines", "int"],
  /** For how many ticks yet the police hold the bus. */
  held: ["held", "uint"],
  /** The cells of checkpoints without police. */
  unmanned: ["unmanned", "cells"],
  /** How many cells ahead a checkpoint is seen. */
  sight: ["sight", "uint"],
  /** For how many ticks each light stays as it is. */
  lightTicks: ["light_ticks", "uints"],
  /** The chance that the load is counted at a checkpoint. */
  inspect: ["inspect", "float"],
  /** TSh. */
  loadFine: ["load_fine", "float"],
  /** The chance of a cell that radar sees who is too fast. */
  radar: ["radar", "float"],
  /** How many aboard want to go to each stop, and after those to the end of the route. */
  aboard: ["aboard", "uints"],
  /** Expected deaths of the episode, in millionths. */
  micromorts: ["micromorts", "float"],
} as const satisfies Record<string, readonly [string, FieldType]>;

/** Null for those that the room does not declare. */
export type Own = {
  readonly [K in keyof typeof OWN]: Values[(typeof OWN)[K][1]] | null;
};

export function readOwn(world: World, schema: Schema): Own {
  const types = new Map(schema.map(({ name, type }) => [name, type]));
  const read = Object.entries(OWN).map(([name, [wire, type]]) => [
    name,
    types.get(wire) === type ? (world[wire] ?? null) : null,
  ]);
  // Each was read by the type that the room declares, which is the one asked for here.
  return Object.fromEntries(read) as Own;
}
