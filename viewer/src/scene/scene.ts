/**
 * What a way of drawing the city must offer. The plan is one; a three-dimensional scene can be
 * another, and `main.ts` is the only place that chooses.
 */
import type { View } from "../state/view";

export interface Scene {
  /** Show this state; called once for each change, not once for each screen refresh. */
  render(view: View): void;
  /** Free everything the scene put into the page, its timers included. */
  dispose(): void;
}
