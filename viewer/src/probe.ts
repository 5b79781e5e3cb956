/** What the page tells tests about itself, as `window.daladala`: a frozen snapshot, read-only. */
import type { Encoding } from "./connection/address";
import type { Connection, Status } from "./connection/connection";
import type { Resume, Role } from "./protocol/messages";
import type { View } from "./state/view";

export interface Probe {
  readonly connection: Status["kind"];
  readonly transport: "websocket";
  readonly encoding: Encoding;
  readonly role: Role | null;
  readonly room: string | null;
  readonly paused: boolean | null;
  readonly viewers: number | null;
  readonly resume: Resume | null;
  readonly epoch: number | null;
  readonly seq: number | null;
  readonly episode: number | null;
  readonly step: number | null;
  readonly position: readonly [number, number] | null;
  readonly episodesSeen: number;
  readonly skipped: number;
  readonly malformed: number;
  readonly dropped: number;
  readonly rttMs: number | null;
  readonly clockOffsetMs: number | null;
}

declare global {
  interface Window {
    readonly daladala: Probe;
  }
}

export interface Source {
  readonly view: View;
  readonly connection: Pick<Connection, "status" | "malformed" | "dropped" | "clock">;
  readonly encoding: Encoding;
}

export function exposeProbe(read: () => Source): void {
  Object.defineProperty(window, "daladala", { get: () => Object.freeze(takeProbe(read())) });
}

function takeProbe({ view, connection, encoding }: Source): Probe {
  const { frame, room } = view;
  return {
    connection: connection.status.kind,
    transport: "websocket",
    encoding,
    role: view.hello?.role ?? null,
    room: room?.code ?? null,
    paused: room?.paused ?? null,
    viewers: view.presence?.viewers ?? null,
    resume: view.resume,
    epoch: frame?.epoch ?? null,
    seq: frame?.seq ?? null,
    episode: frame?.episode ?? null,
    step: frame?.step ?? null,
    position: frame?.position ?? null,
    episodesSeen: view.seen.episodes,
    skipped: view.skipped,
    malformed: connection.malformed,
    dropped: connection.dropped,
    rttMs: connection.clock.rttMs,
    clockOffsetMs: connection.clock.offsetMs,
  };
}
