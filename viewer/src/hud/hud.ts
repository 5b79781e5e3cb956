/**
 * All that is shown beside and over the scene. Each piece draws a `View` and keeps nothing about the
 * world; each writes its words anew when the language changes.
 */
import type { View } from "../state/view";
import { Alerts } from "./alerts";
import { Comings } from "./comings";
import { FaultNote } from "./fault";
import { Instruments } from "./instruments";
import { Law } from "./law";
import { Load } from "./load";
import { Mind } from "./mind";
import { Narration } from "./narration";
import { Plot } from "./plot";
import { ProfitCard } from "./profit";
import { StatusBar } from "./status";
import { SummaryCard } from "./summary";
import { Terms } from "./terms";
import { Totals } from "./totals";

export interface HudHosts {
  readonly status: HTMLElement;
  readonly over: HTMLElement;
  readonly fault: HTMLElement;
  readonly summary: HTMLElement;
  readonly instruments: HTMLElement;
  readonly dock: HTMLElement;
  readonly readings: HTMLElement;
  readonly left: HTMLElement;
}

interface Piece {
  render(view: View): void;
}

export class Hud {
  readonly #pieces: readonly Piece[];

  constructor(hosts: HudHosts) {
    const { readings, dock } = hosts;
    this.#pieces = [
      new StatusBar(hosts.status),
      new SummaryCard(hosts.summary),
      new Comings(hosts.over),
      new FaultNote(hosts.fault),
      new Instruments(hosts.instruments),
      new Narration(dock),
      new Alerts(hosts.over),
      new Load(readings),
      new ProfitCard(readings),
      new Mind(readings),
      new Terms(readings),
      new Plot(readings),
      new Law(hosts.left),
      new Totals(hosts.left),
    ];
  }

  /** `view` with the frame before it as it was received, whether or not it was ever drawn. */
  render(view: View): void {
    for (const piece of this.#pieces) piece.render(view);
  }
}
