/** Who chooses the actions where the policy does not: one at the wheel, or several by votes. */
import type { EventDetails, Player, Room, RoomEvent } from "../protocol/messages";

export interface Wheel {
  readonly member: number;
  /** Null for who gave none. */
  readonly name: string | null;
  /** This page has it. */
  readonly mine: boolean;
}

/** The wheel was given back, by its holder or after too long without a turn of it. */
export interface Released extends Wheel {
  /** Milliseconds on this page's clock. */
  readonly at: number;
}

export interface Resolved {
  readonly turn: number;
  readonly action: number;
  /** One count an action. */
  readonly votes: readonly number[];
  /** `votes`, or `policy` where nobody chose. */
  readonly by: string;
}

export interface Vote {
  readonly turnSeconds: number;
  /** Null between two turns, and until the first that this page sees begins. */
  readonly turn: number | null;
  /** When the turn ends at the latest, milliseconds on this page's clock. */
  readonly endsAt: number | null;
  /** Members who are still to choose. */
  readonly choosing: readonly number[];
  /** How many were to choose when the turn began. */
  readonly voters: number;
  readonly cast: number;
  readonly last: Resolved | null;
}

export interface Choosing {
  readonly wheel: Wheel | null;
  readonly released: Released | null;
  readonly vote: Vote | null;
}

export const POLICY_CHOOSES: Choosing = { wheel: null, released: null, vote: null };

export function inRoom(
  { wheel, released, vote }: Choosing,
  room: Room,
  me: number | null,
  players: readonly Player[],
): Choosing {
  const holder = room.wheel;
  return {
    wheel:
      holder === null
        ? null
        : wheel?.member === holder
          ? wheel
          : { member: holder, name: nameOf(holder, players), mine: holder === me },
    released: holder === null ? released : null,
    vote: room.mode === "vote" ? (vote ?? freshVote(room.turnSeconds)) : null,
  };
}

export function happened(
  choosing: Choosing,
  { name, details }: RoomEvent,
  me: number | null,
  at: number,
): Choosing {
  if (details === null) return choosing;
  switch (details.of) {
    case "player":
      return choosing;
    case "wheel": {
      const wheel = { member: details.member, name: details.name, mine: details.member === me };
      return name === "wheel_taken"
        ? { ...choosing, wheel, released: null }
        : { ...choosing, wheel: null, released: { ...wheel, at } };
    }
    default: {
      const vote = voted(choosing.vote, details, at);
      return vote === choosing.vote ? choosing : { ...choosing, vote };
    }
  }
}

function voted(
  vote: Vote | null,
  details: Exclude<EventDetails, { of: "wheel" | "player" }>,
  at: number,
): Vote | null {
  switch (details.of) {
    case "turn": {
      const { turn, seconds, choosing } = details;
      const voters = choosing.length;
      const last = vote?.last ?? null;
      return {
        ...{ turnSeconds: seconds, turn, endsAt: at + seconds * 1000, choosing, voters, cast: 0 },
        last,
      };
    }
    case "cast": {
      if (vote?.turn !== details.turn) return vote;
      const voters = Math.max(vote.voters, details.choosing.length);
      return {
        ...vote,
        voters,
        choosing: details.choosing,
        cast: voters - details.choosing.length,
      };
    }
    case "resolved": {
      const { turn, action, votes, by } = details;
      return {
        ...(vote ?? freshVote(0)),
        ...{ turn: null, endsAt: null, choosing: [], last: { turn, action, votes, by } },
      };
    }
  }
}

function freshVote(turnSeconds: number): Vote {
  return { turnSeconds, turn: null, endsAt: null, choosing: [], voters: 0, cast: 0, last: null };
}

function nameOf(member: number, players: readonly Player[]): string | null {
  return players.find((player) => player.member === member)?.name ?? null;
}
