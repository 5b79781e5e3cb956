/** The two rooms of a pair, and what there is one of for each. */
export type Side = "a" | "b";

export const SIDES: readonly Side[] = ["a", "b"];

export interface Both<T> {
  readonly a: T;
  readonly b: T;
}

/** As they are called on the page. */
export const NAMES: Both<string> = { a: "A", b: "B" };

export function otherOf(side: Side): Side {
  return side === "a" ? "b" : "a";
}

export function both<T>(make: (side: Side) => T): Both<T> {
  return { a: make("a"), b: make("b") };
}
