/**
 * What the page tells tests about itself: a frozen snapshot, read-only. It is `window.daladala`, and
 * where two rooms are shown `window.daladalas`.
 */
import type { Encoding } from "./connection/address";
import type { Status } from "./connection/status";
import type { Session } from "./connection/session";
import type { Transport } from "./connection/transport";
import { language, type Language } from "./i18n";
import type { Frame, Resume, Role } from "./protocol/messages";
import type { SceneState } from "./scene/scene";
import type { Watching } from "./state/view";

export interface Probe {
  readonly connection: Status["kind"];
  readonly transport: Transport;
  readonly encoding: Encoding;
  readonly language: Language;
  readonly role: Role | null;
  readonly room: string | null;
  readonly model: string | null;
  readonly mode: string | null;
  readonly fps: number | null;
  readonly paused: boolean | null;
  readonly viewers: number | null;
  readonly resume: Resume | null;
  readonly watching: Watching;
  readonly epoch: number | null;
  /** Of the newest frame that is known. */
  readonly seq: number | null;
  /** Of the frame that is on the screen. */
  readonly drawnSeq: number | null;
  readonly latestSeq: number;
  readonly episode: number | null;
  readonly step: number | null;
  readonly position: readonly [number, number] | null;
  readonly action: string | null;
  readonly trail: number;
  readonly outputs: number;
  readonly rewardTerms: number;
  readonly episodesSeen: number;
  readonly skipped: number;
  readonly malformed: number;
  readonly dropped: number;
  readonly rttMs: number | null;
  readonly clockOffsetMs: number | null;
  /** Null where there is no scene, or not yet. */
  readonly scene: SceneState | null;
  /** When it was first drawn, in milliseconds since the page was asked for. */
  readonly firstSceneMs: number | null;
}

declare global {
  interface Window {
    readonly daladala: Probe;
    /** Where two rooms are shown side by side. */
    readonly daladalas: readonly Probe[];
  }
}

export interface Source {
  readonly session: Session;
  readonly painter: Readonly<{ drawn: Frame | null }>;
  readonly city: Readonly<{ state: SceneState | null; firstSceneMs: number | null }>;
}

export function exposeProbe(source: Source): void {
  Object.defineProperty(window, "daladala", { get: () => Object.freeze(takeProbe(source)) });
}

export function exposeProbes(sources: readonly Source[]): void {
  Object.defineProperty(window, "daladalas", {
    get: () => Object.freeze(sources.map((source) => Object.freeze(takeProbe(source)))),
  });
}

function takeProbe({ session, painter, city }: Source): Probe {
  const { view, status, wishes, transport, clock, malformed, dropped } = session;
  const { frame, room } = view;
  return {
    connection: status.kind,
    transport,
    encoding: wishes.encoding,
    language: language(),
    role: view.hello?.role ?? null,
    room: room?.code ?? null,
    model: room?.model ?? null,
    mode: room?.mode ?? null,
    fps: room?.fps ?? null,
    paused: room?.paused ?? null,
    viewers: view.presence?.viewers ?? null,
    resume: view.resume,
    watching: view.watching,
    epoch: frame?.epoch ?? null,
    seq: frame?.seq ?? null,
    drawnSeq: painter.drawn?.seq ?? null,
    latestSeq: view.latestSeq,
    episode: frame?.episode ?? null,
    step: frame?.step ?? null,
    position: frame?.position ?? null,
    action: frame?.actionName ?? null,
    trail: view.trail.length,
    outputs: frame?.outputs.length ?? 0,
    rewardTerms: frame?.rewardTerms.length ?? 0,
    episodesSeen: view.seen.episodes,
    skipped: view.skipped,
    malformed,
    dropped,
    rttMs: clock.rttMs,
    clockOffsetMs: clock.offsetMs,
    scene: city.state,
    firstSceneMs: city.firstSceneMs,
  };
}
