/**
 * The messages of protocol version 1, as the rest of the page sees them: checked, typed, immutable.
 *
 * These are the page's own names; the wire's names appear only in `parse.ts`, so that a later
 * encoding (deltas, binary) changes one module.
 */

/** The protocol version this page speaks; a room that speaks another asks for a reload. */
export const PROTOCOL_VERSION = 1;

/** A cell of the grid: x to the right, y upwards. */
export type Cell = readonly [x: number, y: number];

export type LightState = "red" | "green";

/** What does not change while a room runs. */
export interface Room {
  readonly name: string;
  readonly protocol: number;
  readonly server: string;
  readonly rules: string;
  readonly model: string;
  readonly fps: number;
  /** Width and height in cells. */
  readonly grid: readonly [width: number, height: number];
  readonly route: readonly Cell[];
  readonly maxSteps: number;
  readonly actions: readonly string[];
}

/** The world after one step. */
export interface Frame {
  /** Changes when the room was made anew; nothing from another epoch may be kept. */
  readonly epoch: number;
  /** Grows by one a frame within an epoch. */
  readonly seq: number;
  readonly episode: number;
  readonly step: number;
  readonly position: Cell;
  /** Where on the room's route the bus stands. */
  readonly routeIndex: number;
  readonly passengers: number;
  readonly capacity: number;
  readonly legalCapacity: number;
  /** Tanzanian shillings. */
  readonly money: number;
  readonly speed: number;
  readonly lightRed: boolean;
  readonly policeHere: boolean;
  readonly mustStop: boolean;
  readonly fined: boolean;
  readonly crashed: boolean;
  readonly police: readonly Cell[];
  readonly lights: readonly { readonly cell: Cell; readonly state: LightState }[];
  readonly stops: readonly { readonly cell: Cell; readonly waiting: number }[];
  /** Null on the frame of a reset. */
  readonly actionName: string | null;
  readonly reward: number;
  readonly totalReward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
}

export type Parsed =
  | { readonly kind: "frame"; readonly frame: Frame; readonly room: Room | null }
  /** A room of a protocol this page does not speak; nothing else in the message was read. */
  | { readonly kind: "incompatible"; readonly theirs: number }
  /** Well-formed but of a type this page does not know. */
  | { readonly kind: "unknown" }
  | { readonly kind: "malformed"; readonly why: string };
