/** How alive a connection is, as the page is told: every state of it, and each change once. */

export type Status =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** Live by asking again and again. */
  | { readonly kind: "polling" }
  /** Frames come, but this late; null: not late, but many are left out. */
  | { readonly kind: "behind"; readonly lateMs: number | null }
  /** Open, but nothing comes, not even the answer to a ping. */
  | { readonly kind: "silent" }
  /** Closed or refused; the next try is at `retryAt` (milliseconds, `Date.now`). */
  | { readonly kind: "waiting"; readonly retryAt: number; readonly reason: string }
  /** The server has said no, and will again: by its code, and in its words. */
  | { readonly kind: "refused"; readonly code: string; readonly reason: string }
  /** The server speaks another protocol; trying again would not help, reloading may. */
  | { readonly kind: "incompatible"; readonly theirs: number };

/** Those in which what is shown is what the room has. */
const UP: readonly Status["kind"][] = ["live", "polling", "behind"];

export class StatusKeeper {
  readonly #tell: (status: Status) => void;
  #now: Status = { kind: "connecting" };

  constructor(tell: (status: Status) => void) {
    this.#tell = tell;
  }

  get now(): Status {
    return this.#now;
  }

  get up(): boolean {
    return UP.includes(this.#now.kind);
  }

  set(status: Status): void {
    this.#now = status;
    this.#tell(status);
  }

  /** How live it is while it is up: said again only where that has changed. */
  keep(status: Status): void {
    if (this.up && JSON.stringify(status) !== JSON.stringify(this.#now)) this.set(status);
  }
}
