/**
 * Which key does which action at the wheel. Actions that are known have keys that suit them, others
 * a letter of their name. Digits are the cameras', and some letters the page's.
 */
export interface ActionKey {
  /** As events have it, in lower case. */
  readonly keys: readonly string[];
  /** What is written on the button. */
  readonly label: string;
}

const KNOWN: Readonly<Record<string, ActionKey>> = {
  Move: { keys: ["arrowup"], label: "↑" },
  "Pick up": { keys: ["p"], label: "P" },
  "Drop off": { keys: ["d"], label: "D" },
  Stop: { keys: ["arrowdown", "s"], label: "↓" },
  "Speed up": { keys: ["arrowright"], label: "→" },
  "Slow down": { keys: ["arrowleft"], label: "←" },
};

/** Letters that mean something to the page: sound, panels, gallery, projector; and those of known actions. */
const TAKEN = "mhgbpds";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** A key for each action, in their order; null where letters have run out. */
export function keysFor(actions: readonly string[]): readonly (ActionKey | null)[] {
  const taken = new Set(TAKEN);
  return actions.map((action) => {
    const known = Object.hasOwn(KNOWN, action) ? KNOWN[action] : undefined;
    if (known !== undefined) return known;
    const wishes = Array.from(action.toLowerCase() + LETTERS);
    const letter = wishes.find((wish) => LETTERS.includes(wish) && !taken.has(wish));
    if (letter === undefined) return null;
    taken.add(letter);
    return { keys: [letter], label: letter.toUpperCase() };
  });
}
