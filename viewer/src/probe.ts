/** What the page tells tests about itself, as `window.daladala`: a frozen snapshot, read-only. */
import type { Status } from "./connection/connection";
import type { View } from "./state/view";

export interface Probe {
  readonly connection: Status["kind"];
  readonly epoch: number | null;
  readonly seq: number | null;
  readonly episode: number | null;
  readonly step: number | null;
  readonly position: readonly [number, number] | null;
  readonly episodesSeen: number;
  readonly skipped: number;
  readonly malformed: number;
}

declare global {
  interface Window {
    readonly daladala: Probe;
  }
}

export function exposeProbe(read: () => { view: View; status: Status; malformed: number }): void {
  Object.defineProperty(window, "daladala", {
    get: (): Probe => {
      const { view, status, malformed } = read();
      const { frame } = view;
      return Object.freeze({
        connection: status.kind,
        epoch: frame?.epoch ?? null,
        seq: frame?.seq ?? null,
        episode: frame?.episode ?? null,
        step: frame?.step ?? null,
        position: frame?.position ?? null,
        episodesSeen: view.seen.episodes,
        skipped: view.skipped,
        malformed,
      });
    },
  });
}
