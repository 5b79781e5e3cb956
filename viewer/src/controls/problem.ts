/**
 * The line under a group of controls that says what went wrong with them, and lets them ask one thing
 * at a time and nothing before the server wants to hear it.
 */
import { h, inWords, setText } from "../hud/dom";
import { hasWords, language, t } from "../i18n";
import type { Reply, Refusal } from "../protocol/messages";

export class Problem {
  readonly element = h("p", { class: "problem", role: "status" });
  readonly #onBusy: (busy: boolean) => void;
  #refusal: Refusal | null = null;
  #words: (() => string) | null = null;
  #busy = false;
  #notBefore = 0;
  #tick: ReturnType<typeof setInterval> | undefined;

  /** `onBusy` hears when a request begins and when the next may. */
  constructor(onBusy: (busy: boolean) => void = () => undefined) {
    this.#onBusy = onBusy;
    inWords(() => {
      this.#write();
    });
  }

  get busy(): boolean {
    return this.#busy || Date.now() < this.#notBefore;
  }

  /** The answer to the request; null where it was refused, which is said, or not made. */
  async ask<A extends { readonly kind: string }>(
    request: () => Promise<A | Refusal>,
  ): Promise<A | null> {
    if (this.busy) return null;
    this.#busy = true;
    this.clear();
    this.#onBusy(true);
    const outcome = await request();
    this.#busy = false;
    if (isRefusal(outcome)) this.refused(outcome);
    this.#onBusy(this.busy);
    return isRefusal(outcome) ? null : outcome;
  }

  refused(refusal: Refusal): void {
    this.#refusal = refusal;
    this.#notBefore = Date.now() + Math.min(refusal.retryAfterMs ?? 0, LONGEST_WAIT_MS);
    clearInterval(this.#tick);
    this.#write();
    if (this.#notBefore <= Date.now()) return;
    this.#tick = setInterval(() => {
      this.#write();
      if (this.busy) return;
      clearInterval(this.#tick);
      this.#onBusy(false);
    }, 1_000);
  }

  /** Something to say that is no refusal. */
  say(words: () => string): void {
    this.clear();
    this.#words = words;
    this.#write();
  }

  clear(): void {
    clearInterval(this.#tick);
    this.#refusal = null;
    this.#words = null;
    this.#write();
  }

  #write(): void {
    setText(this.element, this.#text());
  }

  #text(): string {
    if (this.#refusal === null) return this.#words?.() ?? "";
    const count = Math.ceil((this.#notBefore - Date.now()) / 1000);
    const words = refusalWords(this.#refusal);
    return count > 0 ? `${words} ${t("problem.retry", { count })}` : words;
  }
}

/** The longest wait (milliseconds) that is obeyed. */
const LONGEST_WAIT_MS = 60_000;

function isRefusal(outcome: { readonly kind: string }): outcome is Refusal {
  return outcome.kind === "error";
}

/** The server's own words say most, but only in English. */
export function refusalWords({ code, message }: Refusal): string {
  const key = `problem.${code}`;
  const known = hasWords(key);
  if (language() !== "en" && known) return t(key);
  // The words begin in the middle of a sentence.
  const words = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

/** A field of a reply's result, if it is a text. */
export function textIn(reply: Reply, name: string): string | null {
  const value = fieldOf(reply.result, name);
  return typeof value === "string" ? value : null;
}

export function numberIn(reply: Reply, name: string): number | null {
  const value = fieldOf(reply.result, name);
  return typeof value === "number" ? value : null;
}

function fieldOf(result: unknown, name: string): unknown {
  return new Map(Object.entries(result ?? {})).get(name);
}
