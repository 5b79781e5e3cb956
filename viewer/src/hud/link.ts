/**
 * The connection as the page shows it: the pill, and, whenever what is on the screen is not live,
 * a notice that says so and fades everything it is true of.
 */
import type { Status } from "../connection/connection";
import { clockTime, secondsUntil } from "../format";
import { PROTOCOL_VERSION, type Room } from "../protocol/messages";
import { find, setText } from "./dom";
import { standingOf, type Standing } from "./standing";

/** What a live connection's pill says where frames are not to be expected at every moment. */
const LIVE: Readonly<Partial<Record<Standing, string>>> = {
  paused: "Paused",
  driven: "Waiting for steps",
  held: "Driven by hand",
};

export interface LinkActions {
  readonly retry: () => void;
  readonly reload: () => void;
}

export class Link {
  readonly #page: HTMLElement;
  readonly #pill: HTMLElement;
  readonly #notice: HTMLElement;
  readonly #title: HTMLElement;
  readonly #text: HTMLElement;
  readonly #retry: HTMLElement;
  readonly #reload: HTMLElement;
  #status: Status = { kind: "connecting" };
  #room: Room | null = null;
  #lastFrameAt: number | null = null;
  /** What the server said when it went, kept until it is back. */
  #farewell = "";
  #tick: ReturnType<typeof setInterval> | undefined;

  constructor(page: HTMLElement, actions: LinkActions) {
    this.#page = page;
    this.#pill = find(page, ".pill");
    this.#notice = find(page, ".notice");
    this.#title = find(this.#notice, ".notice-title");
    this.#text = find(this.#notice, ".notice-text");
    this.#retry = find(this.#notice, ".retry");
    this.#reload = find(this.#notice, ".reload");
    this.#retry.addEventListener("click", actions.retry);
    this.#reload.addEventListener("click", actions.reload);
  }

  /** A frame was drawn at this time (milliseconds). */
  sawFrame(at: number): void {
    this.#lastFrameAt = at;
  }

  show(status: Status, room: Room | null): void {
    this.#status = status;
    this.#room = room;
    if (status.kind === "live") this.#farewell = "";
    if (status.kind === "waiting" && status.reason !== "") this.#farewell = status.reason;
    this.#page.dataset["connection"] = status.kind;
    this.#page.dataset["standing"] = standingOf(status, room);
    clearInterval(this.#tick);
    if (status.kind === "waiting") {
      this.#tick = setInterval(() => {
        this.#showPill();
      }, 250);
    }
    this.#showPill();
    this.#showNotice();
  }

  #showPill(): void {
    setText(find(this.#pill, ".pill-text"), pillText(this.#status, this.#room, Date.now()));
  }

  #showNotice(): void {
    const status = this.#status;
    // The first try is not yet a reason to worry anybody.
    const quiet =
      status.kind === "live" || (status.kind === "connecting" && this.#lastFrameAt === null);
    this.#notice.hidden = quiet;
    this.#retry.hidden = status.kind !== "waiting";
    this.#reload.hidden = status.kind !== "incompatible";
    if (quiet) return;
    const [title, text] = noticeText(status, this.#lastFrameAt, this.#farewell);
    setText(this.#title, title);
    setText(this.#text, text);
  }
}

export function pillText(status: Status, room: Room | null, now: number): string {
  switch (status.kind) {
    case "live":
      return LIVE[standingOf(status, room)] ?? "Live";
    case "connecting":
      return "Connecting";
    case "silent":
      return "No news";
    case "waiting":
      return `Reconnecting in ${secondsUntil(status.retryAt, now)} s`;
    case "incompatible":
      return "Reload needed";
  }
}

function noticeText(
  status: Status,
  lastFrameAt: number | null,
  farewell: string,
): readonly [title: string, text: string] {
  const age =
    lastFrameAt === null
      ? "Nothing has arrived yet."
      : `What you see is from ${clockTime(lastFrameAt)}, not from now.`;
  switch (status.kind) {
    case "incompatible":
      return [
        "This page is out of date",
        `The server speaks protocol ${status.theirs}, this page ${PROTOCOL_VERSION}. Reload the page.`,
      ];
    case "silent":
      return ["The server has gone quiet", age];
    default:
      return ["Not connected", farewell === "" ? age : `${age} The server said: “${farewell}”.`];
  }
}
