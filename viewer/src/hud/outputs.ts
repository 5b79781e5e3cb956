/**
 * What a policy went by when it chose, made comparable: logits become chances, values stay what they
 * are, and either is a bar from `from` to `to`, parts of the width there is.
 */
import type { Frame, Room } from "../protocol/messages";

export interface Bar {
  readonly action: string;
  readonly value: number;
  readonly from: number;
  readonly to: number;
  /** Whether the policy could choose it: the action mask left it open. */
  readonly open: boolean;
}

export interface Outputs {
  readonly kind: "chances" | "values";
  readonly bars: readonly Bar[];
  /** Where zero is, a part of the width. */
  readonly zero: number;
  /** Which action was taken; the one that the model itself puts first. */
  readonly chosen: number | null;
  readonly favourite: number;
}

/** Null where the frame tells nothing: after a reset, or from a server that does not tell. */
export function readOutputs(room: Room, frame: Frame): Outputs | null {
  const told = frame.outputs.slice(0, room.actions.length);
  if (told.length === 0 || !told.every(Number.isFinite)) return null;
  const kind = room.outputs === "values" ? "values" : "chances";
  const open = told.map((_, nth) => isOpen(frame.actionMask, nth));
  // A closed action has no chance, whatever its logit, and its value counts for nothing.
  const masked = told.map((value, nth) => (open[nth] === true ? value : -Infinity));
  const chances = room.outputs === "logits" ? softmax(masked) : masked;
  const values = chances.map((value) => (value === -Infinity ? 0 : value));
  const low = Math.min(0, ...values);
  const high = kind === "chances" ? 1 : Math.max(0, ...values);
  const width = high - low || 1;
  const place = (value: number): number => Math.min(1, Math.max(0, (value - low) / width));
  const zero = place(0);
  return {
    kind,
    bars: values.map((value, nth) => ({
      action: room.actions[nth] ?? String(nth),
      value,
      from: Math.min(zero, place(value)),
      to: Math.max(zero, place(value)),
      open: open[nth] === true,
    })),
    zero,
    chosen: frame.action,
    favourite: masked.indexOf(Math.max(...masked)),
  };
}

/** Beyond 32 bits JavaScript's bit operators would lie, and so may a mask of more. */
function isOpen(mask: number | null, action: number): boolean {
  return mask === null || Math.floor(mask / 2 ** action) % 2 === 1;
}

export function softmax(logits: readonly number[]): number[] {
  // Subtracting the largest changes nothing but that no exponential overflows.
  const largest = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
