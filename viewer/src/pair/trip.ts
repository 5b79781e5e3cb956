/**
 * Which trip a room drives. Two trips are the same where they begin in the same world: the same
 * lights, checkpoints and queues. What is enforced is no part of that, as it is what two rooms are
 * to differ in.
 *
 * The number of an episode would not do. The words that an episode is drawn from go on where those
 * of the episode before ended, so after two trips of different lengths two rooms of one seed drive
 * on in different worlds.
 */
import type { Cell, Frame } from "../protocol/messages";
import type { View } from "../state/view";

const keys = new WeakMap<Frame, string>();

/** Null where it is not known how the trip began. */
export function tripOf({ frame, begun }: Pick<View, "frame" | "begun">): string | null {
  const same = begun?.epoch === frame?.epoch && begun?.episode === frame?.episode;
  return begun === null || !same ? null : keyOf(begun);
}

function keyOf(begun: Frame): string {
  const known = keys.get(begun);
  if (known !== undefined) return known;
  const { lights, stops, police, own } = begun;
  const checkpoints = [...police, ...(own.unmanned ?? [])].sort(inOrder);
  const key = JSON.stringify([lights, own.lightTicks, checkpoints, stops]);
  keys.set(begun, key);
  return key;
}

function inOrder([ax, ay]: Cell, [bx, by]: Cell): number {
  return ax - bx || ay - by;
}

export function hasEnded(frame: Frame): boolean {
  return frame.terminated || frame.truncated;
}
