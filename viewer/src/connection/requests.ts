/** Requests that wait for their answer. Each ends exactly once: answered, refused, late or lost. */
import type { Refusal, Reply, RequestId } from "../protocol/messages";

/** How long (milliseconds) an answer is waited for. */
export const REQUEST_MS = 10_000;

/** Granted or refused. */
export type Outcome = Reply | Refusal;

interface Pending {
  readonly settle: (outcome: Outcome) => void;
  readonly late: ReturnType<typeof setTimeout>;
}

export class Requests {
  readonly #pending = new Map<RequestId, Pending>();
  #count = 0;

  /** Number a request; `settle` is called when it ends. */
  open(settle: (outcome: Outcome) => void): number {
    this.#count += 1;
    const id = this.#count;
    const late = setTimeout(() => {
      this.close(id, failure(id, "The server did not answer."));
    }, REQUEST_MS);
    this.#pending.set(id, { settle, late });
    return id;
  }

  /** End a request; false if no such one waits. */
  close(id: RequestId, outcome: Outcome): boolean {
    const pending = this.#pending.get(id);
    if (pending === undefined) return false;
    this.#pending.delete(id);
    clearTimeout(pending.late);
    pending.settle(outcome);
    return true;
  }

  /** The connection is gone, and the answers with it. */
  abandon(): void {
    for (const id of [...this.#pending.keys()]) {
      this.close(id, failure(id, "The connection was lost before the server answered."));
    }
  }
}

/** A no that this page says for the server. */
export function failure(id: RequestId, message: string): Refusal {
  return { kind: "error", id, code: "NO_ANSWER", message, retryAfterMs: null };
}
