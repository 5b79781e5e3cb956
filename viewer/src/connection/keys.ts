/**
 * The keys by which a page that was loaded again comes back as the player it was. Kept for the tab
 * alone; where that is not allowed, for as long as the page lives.
 */
import type { Wishes } from "./address";

export interface Keys {
  load(wishes: Wishes): string | null;
  save(wishes: Wishes, key: string): void;
}

export const TAB_KEYS: Keys = {
  load: (wishes) => {
    try {
      return wishes.name === null ? null : sessionStorage.getItem(nameOf(wishes));
    } catch {
      return null;
    }
  },
  save: (wishes, key) => {
    try {
      sessionStorage.setItem(nameOf(wishes), key);
    } catch {
      // Then a new player comes, and the old one leaves after a while.
    }
  },
};

function nameOf({ room, name }: Wishes): string {
  return `daladala.key ${room} ${name ?? ""}`;
}
