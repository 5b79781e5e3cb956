/** Rewards that rise from the bus and fade: what the agent just felt, where it felt it. */
import { signed } from "../format";
import type { Point } from "./geometry";
import { svg } from "./svg";

/** Numbers in the air at once; a fast room reuses the oldest. */
const POOL = 5;

/** How long a number stays, in milliseconds. */
const FLIGHT_MS = 700;

export class Rewards {
  readonly element = svg("g", { class: "rewards" });
  readonly #pool = Array.from({ length: POOL }, () => svg("text", { opacity: 0 }));
  #next = 0;

  constructor() {
    this.element.append(...this.#pool);
  }

  flash(reward: number, at: Point, scale: number): void {
    const text = this.#pool[this.#next];
    this.#next = (this.#next + 1) % POOL;
    if (text === undefined) return;
    text.textContent = signed(reward);
    text.setAttribute("class", reward < 0 ? "loss" : "gain");
    for (const animation of text.getAnimations()) animation.cancel();
    const pose = (rise: number): string =>
      `translate(${at.x}px, ${at.y - rise * scale}px) scale(${scale})`;
    text.animate(
      [
        { transform: pose(0.4), opacity: 0 },
        { transform: pose(0.6), opacity: 1, offset: 0.2 },
        { transform: pose(1.2), opacity: 1, offset: 0.7 },
        { transform: pose(1.4), opacity: 0 },
      ],
      { duration: FLIGHT_MS, easing: "ease-out" },
    );
  }

  clear(): void {
    for (const text of this.#pool) {
      for (const animation of text.getAnimations()) animation.cancel();
    }
  }
}
