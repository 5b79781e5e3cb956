/**
 * The messages of protocol version 3, as the rest of the page sees them: checked, typed, immutable.
 *
 * These are the page's own names; the wire's names appear only in the readers beside this file, so
 * that another encoding changes nothing beyond them.
 */
import type { Own } from "./own";
import type { Schema } from "./schema";
import type { Changes, World } from "./world";

/** The protocol version this page speaks; a server that speaks another asks for a reload. */
export const PROTOCOL_VERSION = 3;

/** A cell of the grid: x to the right, y upwards. */
export type Cell = readonly [x: number, y: number];

export type LightState = "red" | "green";

export const ROLES = ["watch", "vote", "drive", "admin"] as const;
export const ROOM_KINDS = ["stream", "driven", "playback"] as const;
export const MODES = ["policy", "wheel", "vote"] as const;
export const OUTPUTS = ["values", "logits", "probabilities"] as const;
export const RESUMES = ["new", "missed", "keyframe"] as const;

/** What this connection may do; each role may also do what those before it may. */
export type Role = (typeof ROLES)[number];

/** How a join continues what came before: not at all, without a loss, or with one. */
export type Resume = (typeof RESUMES)[number];

/** A cell that people know by a name: a stop, or an end of the route. */
export interface Place {
  readonly cell: Cell;
  readonly name: string;
}

/** What is driven and by whom; a recording tells it as well as a room. */
export interface Course {
  readonly rules: string;
  /** Of the rules, by name; empty where it is not told, as its hash is. */
  readonly scenario: string;
  /** Of all parameters of the scenario: who drives by the same hash drives in the same world. */
  readonly scenarioHash: string;
  readonly model: string;
  readonly fps: number;
  /** Width and height in cells. */
  readonly grid: readonly [width: number, height: number];
  readonly route: readonly Cell[];
  /** The cells where passengers wait. */
  readonly stops: readonly Cell[];
  readonly maxSteps: number;
  readonly capacity: number;
  readonly legalCapacity: number;
  readonly actions: readonly string[];
  /** Names of the parts that a reward is the sum of. */
  readonly rewardTerms: readonly string[];
  /** What the outputs of a frame are: expected returns, logits or probabilities. */
  readonly outputs: (typeof OUTPUTS)[number];
  readonly places: readonly Place[];
  /** The fields of a frame. */
  readonly schema: Schema;
}

/** What a room is; said on joining and whenever it changes. */
export interface Room extends Course {
  readonly code: string;
  readonly epoch: number;
  /** Drives itself, steps when asked to, or plays a recording. */
  readonly kind: (typeof ROOM_KINDS)[number];
  readonly paused: boolean;
  /** Who chooses the actions. */
  readonly mode: (typeof MODES)[number];
  /** The member who has the wheel. */
  readonly wheel: number | null;
  readonly turnSeconds: number;
  readonly recording: string | null;
  /** What the driver said when it had no action, until it is asked again. */
  readonly fault: string | null;
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
  /** An index into the room's actions; null on the frame of a reset. */
  readonly action: number | null;
  readonly actionName: string | null;
  readonly reward: number;
  readonly totalReward: number;
  /** The reward by its parts, one each of the room's; empty after a reset or where untold. */
  readonly rewardTerms: readonly number[];
  /** What the policy went by, one each of the room's actions; empty like the terms. */
  readonly outputs: readonly number[];
  /** How the episode ended, by the rules' name for it; null where it goes on or is not told. */
  readonly ending: string | null;
  /** Which actions the policy chose among, a bit each; null where it looked at no mask. */
  readonly actionMask: number | null;
  readonly terminated: boolean;
  readonly truncated: boolean;
  /** What only some rules tell. */
  readonly own: Own;
}

/** A player: somebody in the room who gave a name. */
export interface Player {
  readonly member: number;
  readonly name: string;
  readonly online: boolean;
}

export interface Hello {
  readonly kind: "hello";
  readonly server: string;
  readonly role: Role;
  /** Frames that a room keeps for those who go back in time. */
  readonly historyFrames: number;
  /** The longest name that somebody may be present under, in characters. */
  readonly nameChars: number;
}

export interface Joined {
  readonly kind: "joined";
  readonly room: string;
  /** This connection's number in the room. */
  readonly member: number;
  /** To come back as the same player; null without a name. */
  readonly key: string | null;
  readonly resume: Resume;
  /** Frames that follow before the live ones. */
  readonly missed: number;
}

export interface Keyframe {
  readonly kind: "keyframe";
  readonly epoch: number;
  readonly seq: number;
  readonly world: World;
}

/** What changed since the keyframe `base`, whose epoch it is in. */
export interface Delta {
  readonly kind: "delta";
  readonly seq: number;
  readonly base: number;
  readonly changes: Changes;
}

/** Who chooses the next action together, and what came of it. */
export type EventDetails =
  | { readonly of: "player"; readonly member: number; readonly name: string }
  | { readonly of: "wheel"; readonly member: number; readonly name: string | null }
  | {
      readonly of: "turn";
      readonly turn: number;
      readonly seconds: number;
      /** The members who are to choose. */
      readonly choosing: readonly number[];
    }
  | { readonly of: "cast"; readonly turn: number; readonly choosing: readonly number[] }
  | {
      readonly of: "resolved";
      readonly turn: number;
      readonly action: number;
      /** One count an action. */
      readonly votes: readonly number[];
      readonly by: string;
    };

export interface RoomEvent {
  readonly kind: "event";
  readonly name: string;
  /** The latest frame when it happened. */
  readonly seq: number;
  /** Why, where the server gives a reason. */
  readonly reason: string | null;
  /** Null for events of which the page needs no more than that they happened. */
  readonly details: EventDetails | null;
}

export interface Presence {
  readonly kind: "presence";
  readonly viewers: number;
  readonly players: readonly Player[];
}

/** The `id` of a request, as it came back; null where there was none. */
export type RequestId = number | string | null;

export interface Reply {
  readonly kind: "reply";
  readonly id: RequestId;
  /** By request, and not looked into here. */
  readonly result: unknown;
}

/** The server's no. */
export interface Refusal {
  readonly kind: "error";
  readonly id: RequestId;
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs: number | null;
}

export interface Pong {
  readonly kind: "pong";
  readonly id: RequestId;
  /** The server's clock, milliseconds since 1970; null where the way it came does not tell. */
  readonly time: number | null;
}

export type Message =
  | Hello
  | Joined
  | { readonly kind: "room"; readonly room: Room }
  | Keyframe
  | Delta
  | RoomEvent
  | Presence
  | Reply
  | Refusal
  | Pong;

/** What the page is told: the messages, with frames instead of what they were made from. */
export type News =
  | Exclude<Message, Keyframe | Delta>
  | { readonly kind: "frame"; readonly frame: Frame }
  /** The first frame of an episode that is under way: how it began, and nothing that is shown. */
  | { readonly kind: "begun"; readonly frame: Frame };

export type Parsed =
  | Message
  /** A server of a protocol this page does not speak; nothing else in the message was read. */
  | { readonly kind: "incompatible"; readonly theirs: number }
  /** Well-formed but of a type this page does not know. */
  | { readonly kind: "unknown" }
  | { readonly kind: "malformed"; readonly why: string }
  /** A frame of a room that has not been described. */
  | { readonly kind: "undescribed" };
