/** Binary keyframes and deltas: a table of fields, each of which follows if its bit is set. */
import { Bytes } from "./bytes";
import { Malformed } from "./check";
import type { Cell, Delta, Keyframe } from "./messages";
import type { Changes, World } from "./world";

const KEYFRAME = 1;
const DELTA = 2;

const POLICE = 0;
const TRAFFIC_LIGHT = 1;

/** Terms that a reward can have at most. */
const MAX_TERMS = 64;

/** The world of a keyframe without a single field. */
const NOTHING: World = {
  step: 0,
  position: [0, 0],
  drawnX: null,
  drawnY: null,
  routeIndex: 0,
  passengers: 0,
  capacity: 0,
  legalCapacity: 0,
  money: 0,
  speed: 0,
  lightRed: false,
  policeHere: false,
  mustStop: false,
  fined: false,
  crashed: false,
  terminated: false,
  truncated: false,
  police: [],
  lights: [],
  red: [],
  stops: [],
  waiting: [],
  episode: 0,
  action: null,
  reward: 0,
  totalReward: 0,
  rewardTerms: [],
  outputs: [],
  ending: null,
  actionMask: null,
};

/** How to read each field, by its number. */
const FIELDS: readonly ((bytes: Bytes) => Changes)[] = [
  (bytes) => ({ step: bytes.uint() }),
  (bytes) => ({ position: bytes.cell() }),
  readDrawnAt,
  (bytes) => ({ routeIndex: bytes.uint() }),
  (bytes) => ({ passengers: bytes.uint() }),
  (bytes) => ({ capacity: bytes.uint() }),
  (bytes) => ({ legalCapacity: bytes.uint() }),
  (bytes) => ({ money: bytes.int() }),
  (bytes) => ({ speed: bytes.uint() }),
  readFlags,
  readHazards,
  (bytes) => ({ red: bytes.list(1, () => bytes.byte()).flatMap(bitsOf) }),
  (bytes) => ({ waiting: bytes.list(1, () => bytes.uint()) }),
  (bytes) => ({ stops: bytes.list(2, () => bytes.cell()) }),
  skipLightCycle,
  (bytes) => ({ episode: bytes.uint() }),
  readAction,
  (bytes) => ({ reward: bytes.float() }),
  (bytes) => ({ totalReward: bytes.float() }),
  readRewardTerms,
  (bytes) => ({ outputs: bytes.list(4, () => bytes.float()) }),
  readEnding,
  readActionMask,
];

/** The message in these bytes; null for one of a kind this page does not know. */
export function readBinary(buffer: ArrayBuffer): Keyframe | Delta | null {
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

function readChanges(bytes: Bytes): Changes {
  const present = bytes.uint();
  const changes: Changes = {};
  let rest = present;
  for (const read of FIELDS) {
    if (rest % 2 === 1) Object.assign(changes, read(bytes));
    rest = Math.floor(rest / 2);
  }
  // Fields of a later server come after all that are known here, and are left unread.
  const allKnown = present < 2 ** FIELDS.length;
  if (allKnown && bytes.left > 0) throw new Malformed("the message does not end where it should");
  return changes;
}

function readEnding(bytes: Bytes): Changes {
  const name = String.fromCharCode(...bytes.list(1, () => bytes.byte()));
  return { ending: name === "" ? null : name };
}

/** Some action is always open, so 0 stands for no mask. */
function readActionMask(bytes: Bytes): Changes {
  const mask = bytes.uint();
  return { actionMask: mask === 0 ? null : mask };
}

function readDrawnAt(bytes: Bytes): Changes {
  switch (bytes.byte()) {
    case 0:
      return { drawnX: null, drawnY: null };
    case 1:
      return { drawnX: bytes.float(), drawnY: bytes.float() };
    default:
      throw new Malformed("the bus is drawn in a way that is not known");
  }
}

function readFlags(bytes: Bytes): Changes {
  const flags = bytes.uint();
  const flag = (number: number): boolean => bit(flags, number) === 1;
  return {
    lightRed: flag(0),
    policeHere: flag(1),
    mustStop: flag(2),
    fined: flag(3),
    crashed: flag(4),
    terminated: flag(5),
    truncated: flag(6),
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

/** Most terms are nothing in most steps: bits say which are not, and only those follow. */
function readRewardTerms(bytes: Bytes): Changes {
  const count = bytes.uint();
  if (count > MAX_TERMS) throw new Malformed("a reward has too many terms");
  const present = bytes.uint();
  const rewardTerms = Array.from({ length: count }, (_, number) =>
    bit(present, number) === 1 ? bytes.float() : 0,
  );
  return { rewardTerms };
}

function readAction(bytes: Bytes): Changes {
  const action = bytes.uint();
  return { action: action === 0 ? null : action - 1 };
}

/** The lights' clock: the page draws the lights alone. */
function skipLightCycle(bytes: Bytes): Changes {
  bytes.uint();
  return {};
}

function bitsOf(byte: number): number[] {
  return Array.from({ length: 8 }, (_, number) => bit(byte, number));
}

/** A bit of a number that may have more than the 32 of JavaScript's bit operators. */
function bit(value: number, number: number): number {
  return Math.floor(value / 2 ** number) % 2;
}
