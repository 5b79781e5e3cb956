/**
 * Recordings of the first format, whose header and frames are of version 2 of the protocol. They are
 * of the rules `classic`, and are read as if they were of today: the stops stood in the frames, and
 * much that frames repeated the room tells.
 */
import { Bytes } from "../protocol/bytes";
import { Malformed, type Fields } from "../protocol/check";
import type { Cell, Delta, Keyframe } from "../protocol/messages";
import { COMMON, emptyValue, type FieldType, type Schema } from "../protocol/schema";
import type { Changes } from "../protocol/world";

const KEYFRAME = 1;
const DELTA = 2;

const POLICE = 0;
const TRAFFIC_LIGHT = 1;

/** Terms that a reward can have at most. */
const MAX_TERMS = 64;

/** The stops, which frames of today have not. */
const STOPS = "stops";

const TYPES: Readonly<Record<string, FieldType>> = { ...COMMON, must_stop: "bool" };

const SCHEMA: Schema = Object.entries(TYPES).map(([name, type]) => {
  return { name, type, unit: "", meaning: "" };
});

const NOTHING: Changes = {
  ...Object.fromEntries(SCHEMA.map(({ name, type }) => [name, emptyValue(type)])),
  [STOPS]: [],
};

/** The header as it is written today, but for the stops. */
export function upgradedHeader(header: Fields): Record<string, unknown> {
  const or = (name: string, otherwise: unknown): unknown => header.raw(name) ?? otherwise;
  return {
    ...Object.fromEntries([...header.keys()].map((name) => [name, header.raw(name)])),
    capacity: header.raw("physical_max_passengers"),
    stops: [],
    reward_terms: or("reward_terms", []),
    outputs: or("outputs", "values"),
    places: or("places", []),
    frame: SCHEMA,
  };
}

/** The stops that a keyframe tells. */
export function stopsOf(world: Changes): readonly Cell[] {
  return (world[STOPS] ?? []) as readonly Cell[];
}

/** The frame in a record; null for one of a kind that this page does not know. */
export function readVersion1(buffer: ArrayBuffer): Keyframe | Delta | null {
  const bytes = new Bytes(buffer);
  switch (bytes.byte()) {
    case KEYFRAME: {
      const epoch = bytes.uint();
      const seq = bytes.uint();
      return { kind: "keyframe", epoch, seq, world: { ...NOTHING, ...readChanges(bytes) } };
    }
    case DELTA: {
      const seq = bytes.uint();
      const base = seq - bytes.uint();
      if (base < 0) throw new Malformed("a delta is laid over nothing");
      return { kind: "delta", seq, base, changes: readChanges(bytes) };
    }
    default:
      return null;
  }
}

/** How to read each field, by its number. */
const FIELDS: readonly ((bytes: Bytes) => Changes)[] = [
  (bytes) => ({ step: bytes.uint() }),
  (bytes) => ({ position: bytes.cell() }),
  readDrawnAt,
  (bytes) => ({ route_index: bytes.uint() }),
  (bytes) => ({ passengers: bytes.uint() }),
  // The capacities, which the room tells.
  skipUint,
  skipUint,
  (bytes) => ({ money: bytes.int() }),
  (bytes) => ({ speed: bytes.uint() }),
  readFlags,
  readHazards,
  (bytes) => ({ lights_red: bytes.list(1, () => bytes.byte()).flatMap(bitsOf) }),
  (bytes) => ({ waiting: bytes.list(1, () => bytes.uint()) }),
  (bytes) => ({ [STOPS]: bytes.list(2, () => bytes.cell()) }),
  // The lights' clock, which is the step.
  skipUint,
  (bytes) => ({ episode: bytes.uint() }),
  (bytes) => ({ action: lessOne(bytes.uint()) }),
  (bytes) => ({ reward: bytes.float() }),
  (bytes) => ({ total_reward: bytes.float() }),
  readRewardTerms,
  (bytes) => ({ outputs: bytes.list(4, () => bytes.float()) }),
  readEnding,
  readActionMask,
];

function readChanges(bytes: Bytes): Changes {
  const present = bytes.uint();
  if (present >= 2 ** FIELDS.length) throw new Malformed("a field is not known");
  const follow = FIELDS.filter((_, number) => bit(present, number));
  const changes = follow.map((read) => read(bytes));
  if (bytes.left > 0) throw new Malformed("the record does not end where it should");
  return Object.assign({}, ...changes) as Changes;
}

function skipUint(bytes: Bytes): Changes {
  bytes.uint();
  return {};
}

/** Where the bus was drawn, which was always its position. */
function readDrawnAt(bytes: Bytes): Changes {
  const apart = bytes.byte();
  if (apart > 1) throw new Malformed("the bus is drawn in a way that is not known");
  if (apart === 1) {
    bytes.float();
    bytes.float();
  }
  return {};
}

/** What stands on the cell of the bus, flags 0 and 1, follows from where it is. */
function readFlags(bytes: Bytes): Changes {
  const flags = bytes.uint();
  return {
    must_stop: bit(flags, 2),
    fined: bit(flags, 3),
    crashed: bit(flags, 4),
    terminated: bit(flags, 5),
    truncated: bit(flags, 6),
  };
}

function readHazards(bytes: Bytes): Changes {
  const police: Cell[] = [];
  const lights: Cell[] = [];
  bytes.list(3, () => {
    const cell = bytes.cell();
    const kind = bytes.byte();
    if (kind === POLICE) police.push(cell);
    else if (kind === TRAFFIC_LIGHT) lights.push(cell);
    else throw new Malformed("a hazard is of a kind that is not known");
  });
  return { police, lights };
}

function readRewardTerms(bytes: Bytes): Changes {
  const count = bytes.uint();
  if (count > MAX_TERMS) throw new Malformed("a reward has too many terms");
  const present = bytes.uint();
  const term = (_: unknown, number: number): number => (bit(present, number) ? bytes.float() : 0);
  return { reward_terms: Array.from({ length: count }, term) };
}

function readEnding(bytes: Bytes): Changes {
  const name = bytes.text();
  return { ending: name === "" ? null : name };
}

function readActionMask(bytes: Bytes): Changes {
  const mask = bytes.uint();
  return { action_mask: mask === 0 ? null : mask };
}

function lessOne(value: number): number | null {
  return value === 0 ? null : value - 1;
}

function bitsOf(byte: number): boolean[] {
  return Array.from({ length: 8 }, (_, number) => bit(byte, number));
}

/** A bit of a number that may have more than the 32 of JavaScript's bit operators. */
function bit(value: number, number: number): boolean {
  return Math.floor(value / 2 ** number) % 2 === 1;
}
