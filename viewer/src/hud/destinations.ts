/** How many aboard want to go where, a bar a stop; those whose stop is passed will never pay. */
import { whole } from "../format";
import { t } from "../i18n";
import type { Cell, Frame, Room } from "../protocol/messages";
import { h, setText, worded } from "./dom";

export interface Destination {
  readonly name: string;
  readonly count: number;
  /** The bus is beyond it. */
  readonly passed: boolean;
}

/** Null where the rules don't tell. Nobody wants to go to where the route begins, if it only begins there. */
export function destinationsOf(room: Room, frame: Frame): readonly Destination[] | null {
  const { aboard } = frame.own;
  const end = room.route.at(-1);
  if (aboard === null || end === undefined) return null;
  const cells = [...room.stops, end];
  return aboard
    .map((count, nth): Destination & { readonly at: number } => {
      const cell = cells[nth] ?? end;
      const at = nth >= cells.length - 1 ? room.route.length - 1 : placeOnRoute(room, cell);
      return { name: nameOf(room, cell), count, passed: at < frame.routeIndex, at };
    })
    .filter(({ at, count }) => at > 0 || count > 0)
    .map(({ name, count, passed }) => ({ name, count, passed }));
}

export class Destinations {
  readonly element: HTMLElement;
  readonly #list = h("ul", { class: "bars" });

  constructor() {
    const title = worded(h("p", { class: "name" }), "aboard.title");
    this.element = h("div", { class: "destinations", hidden: "" }, title, this.#list);
  }

  show(room: Room, frame: Frame): void {
    const destinations = destinationsOf(room, frame);
    this.element.hidden = destinations === null;
    this.#list.replaceChildren(
      ...(destinations ?? []).map((destination) => row(destination, frame.capacity)),
    );
  }
}

/** Bars are parts of what the bus can hold, so that they add up to the load above them. */
function row({ name, count, passed }: Destination, capacity: number): HTMLElement {
  const bar = h("span", { class: "bar" });
  bar.style.width = `${capacity > 0 ? Math.min(1, count / capacity) * 100 : 0}%`;
  const amount = h("span", { class: "amount" });
  setText(amount, whole(count));
  const who = h("span", { class: "who" }, name);
  if (passed) who.append(" ", h("small", {}, t("aboard.passed")));
  return h(
    "li",
    { class: passed && count > 0 ? "loss" : passed ? "passed" : "" },
    who,
    h("span", { class: "track", "aria-hidden": "true" }, bar),
    amount,
  );
}

function placeOnRoute({ route }: Room, cell: Cell): number {
  return route.findIndex((other) => same(other, cell));
}

function nameOf({ places }: Room, cell: Cell): string {
  return places.find((place) => same(place.cell, cell))?.name ?? `${cell[0]}, ${cell[1]}`;
}

function same(a: Cell, b: Cell): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
