/**
 * The one object that the page talks to about rooms: what is known (`view`), how it comes here
 * (`status`), and what may be asked for. Panels get a `Session` and nothing else of this folder.
 */
import type { View } from "../state/view";
import type { Refusal } from "../protocol/messages";
import type { Unreadable } from "../recording/read";
import type { Api } from "./api";
import type { Wishes } from "./address";
import type { Clock } from "./clock";
import type { Status } from "./status";
import type { Outcome } from "./requests";
import type { Transport } from "./transport";

/** What can be asked of a room, by its name on the wire. */
export type Request =
  | "pause"
  | "resume"
  | "step"
  | "speed"
  | "reset"
  | "load"
  | "act"
  | "release"
  | "vote_start"
  | "vote_stop"
  | "vote"
  | "create"
  | "record"
  | "record_stop"
  | "seek"
  | "live";

export type Fields = Readonly<
  Record<string, string | number | boolean | null | Readonly<Record<string, number>>>
>;

/** What has changed: the view by a frame, the view otherwise, or the connection's status. */
export type Change = "frame" | "view" | "status";

export interface Session {
  /** What is shown: the room, or the recording that is open. */
  readonly view: View;
  /** Of the room, also while a recording is open. */
  readonly status: Status;
  readonly wishes: Wishes;
  readonly transport: Transport;
  readonly api: Api;
  readonly clock: Pick<Clock, "rttMs" | "offsetMs">;
  /** Messages that could not be read; frames whose base never came. */
  readonly malformed: number;
  readonly dropped: number;

  /** Hear of every change, until the function that is returned is called. */
  subscribe(listener: (change: Change) => void): () => void;
  start(): void;
  /** Try now instead of at `status.retryAt`. */
  retryNow(): void;
  /** The same asked by a person, also after a refusal that is final. */
  tryAgain(): void;

  /** Whether the role and the transport allow it now; controls for what they don't are not shown. */
  can(request: Request): boolean;
  /** Whether the role would allow it on another transport. */
  mayElsewhere(request: Request): boolean;
  request(type: Request, fields?: Fields): Promise<Outcome>;

  /** Join another room in place; the address of the page follows. */
  openRoom(code: string): void;
  /** Be present under this name, so that one can vote. */
  rename(name: string): void;

  /** Read a recording and show it; what is wrong with the file, in words, or null. */
  openRecording(
    file: Blob,
    name: string,
    onProgress?: (share: number) => void,
  ): Promise<RecordingNotice>;
  closeRecording(): void;

  /** Show this frame: its `seq`, in a recording its index. While one is asked for, the last wish counts. */
  seek(at: number, play?: boolean): Promise<Sought>;
  /** Frames onwards from the one shown, for this page alone. */
  play(on: boolean): Promise<Sought>;
  /** Back to the latest frame; closes a recording. */
  live(): Promise<Sought>;
  /** Frames a second of an open recording. */
  setPlaybackFps(fps: number): void;

  dispose(): void;
}

export type Sought =
  | { readonly kind: "there" }
  /** The frame is no longer kept; the oldest that is, is shown. */
  | { readonly kind: "oldest" }
  /** Another wish came before this one was asked for. */
  | { readonly kind: "superseded" }
  | Refusal;

/** What to say of a recording that was to be opened. */
export type RecordingNotice =
  | { readonly kind: "opened"; readonly frames: number; readonly damaged: boolean }
  | { readonly kind: "refused"; readonly why: Unreadable };
