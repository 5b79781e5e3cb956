/**
 * The connection as the page shows it: the pill, and, whenever what is on the screen is not live,
 * a notice that says so and fades everything it is true of.
 */
import type { Status } from "../connection/status";
import { clockTime, oneDigit, secondsUntil } from "../format";
import { tokenIn } from "../connection/address";
import { failure } from "../connection/requests";
import { refusalWords } from "../controls/problem";
import { inWords, h, named, setText, worded } from "./dom";
import { t } from "../i18n";
import { PROTOCOL_VERSION } from "../protocol/messages";
import type { View } from "../state/view";
import { hears, standingOf, type Standing } from "./standing";

/** How often the countdown is written anew, in milliseconds. */
const COUNT_EVERY_MS = 250;

export interface LinkActions {
  readonly retry: () => void;
  readonly reload: () => void;
  /** Come in with this token. */
  readonly token: (token: string) => void;
  /** To the room that is always there. */
  readonly main: () => void;
}

export class Link {
  readonly #page: HTMLElement;
  readonly #pillText = h("span", { class: "pill-text" });
  readonly #notice: HTMLElement;
  readonly #title = h("p", { class: "notice-title" });
  readonly #text = h("p", { class: "notice-text" });
  readonly #retry = worded(h("button", { class: "retry strong", type: "button" }), "notice.retry");
  readonly #reload = worded(
    h("button", { class: "reload strong", type: "button" }),
    "notice.again",
  );
  readonly #main = worded(h("button", { class: "main strong", type: "button" }), "notice.main");
  readonly #token = h("input", {
    ...{ type: "text", name: "token", required: "", autocomplete: "off", spellcheck: "false" },
  });
  readonly #form = h(
    "form",
    { class: "token-form" },
    named(this.#token, "notice.token"),
    worded(h("button", { type: "submit", class: "strong" }), "notice.enter"),
  );
  #status: Status = { kind: "connecting" };
  #view: Pick<View, "room" | "watching"> | null = null;
  #lastFrameAt: number | null = null;
  /** What the server said when it went, kept until it is back. */
  #farewell = "";
  #tick: ReturnType<typeof setInterval> | undefined;

  constructor(page: HTMLElement, pill: HTMLElement, notice: HTMLElement, actions: LinkActions) {
    this.#page = page;
    this.#notice = notice;
    // The same is said by voice when it changes, without the countdown.
    pill.append(
      h("p", { class: "pill", "aria-hidden": "true" }, h("i", { class: "dot" }), this.#pillText),
    );
    const said = h("div", {}, this.#title, this.#text);
    notice.append(said, this.#form, this.#main, this.#retry, this.#reload);
    this.#main.addEventListener("click", actions.main);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const token = tokenIn(this.#token.value);
      if (token !== null) actions.token(token);
    });
    this.#retry.addEventListener("click", actions.retry);
    this.#reload.addEventListener("click", actions.reload);
    inWords(() => {
      this.#showPill();
      this.#showNotice();
    });
  }

  /** A frame was received at this time (milliseconds). */
  sawFrame(at: number): void {
    this.#lastFrameAt = at;
  }

  show(status: Status, view: Pick<View, "room" | "watching">): void {
    this.#status = status;
    this.#view = view;
    if (hears(status)) this.#farewell = "";
    if (status.kind === "waiting" && status.reason !== "") this.#farewell = status.reason;
    this.#page.dataset["connection"] = status.kind;
    this.#page.dataset["standing"] = this.#standing;
    clearInterval(this.#tick);
    if (status.kind === "waiting") {
      this.#tick = setInterval(() => {
        this.#showPill();
      }, COUNT_EVERY_MS);
    }
    this.#showPill();
    this.#showNotice();
  }

  get #standing(): Standing {
    return standingOf(this.#status, this.#view?.room ?? null, this.#view?.watching.kind);
  }

  #showPill(): void {
    setText(this.#pillText, pillText(this.#standing, this.#status, Date.now()));
  }

  #showNotice(): void {
    const status = this.#status;
    // The first try is not yet a reason to worry anybody; and a recording needs no connection.
    const quiet =
      hears(status) ||
      this.#standing === "recording" ||
      (status.kind === "connecting" && this.#lastFrameAt === null);
    this.#notice.hidden = quiet;
    this.#page.classList.toggle("stale", !quiet);
    const refused = status.kind === "refused" ? status.code : null;
    this.#form.hidden = refused !== "AUTH_REQUIRED" && refused !== "FORBIDDEN";
    this.#main.hidden = refused !== "INVALID_ROOM";
    this.#retry.hidden = status.kind !== "waiting" && refused === null;
    this.#reload.hidden = status.kind !== "incompatible";
    if (quiet) return;
    const [title, text] = noticeText(status, this.#lastFrameAt, this.#farewell);
    setText(this.#title, title);
    setText(this.#text, text);
  }
}

function pillText(standing: Standing, status: Status, now: number): string {
  if (standing === "waiting" && status.kind === "waiting") {
    return t("pill.waiting", { seconds: secondsUntil(status.retryAt, now) });
  }
  if (standing === "behind" && status.kind === "behind" && status.lateMs !== null) {
    return t("pill.late", { seconds: oneDigit(status.lateMs / 1000) });
  }
  return standing === "waiting" ? t("pill.connecting") : t(`pill.${standing}`);
}

function noticeText(
  status: Status,
  lastFrameAt: number | null,
  farewell: string,
): readonly [title: string, text: string] {
  if (status.kind === "incompatible") {
    const versions = { theirs: status.theirs, ours: PROTOCOL_VERSION };
    return [t("notice.incompatible"), t("notice.reload", versions)];
  }
  if (status.kind === "refused") {
    const { code, reason } = status;
    const refusal = { ...failure(null, reason), code };
    return [t("notice.refused"), refusalWords(refusal)];
  }
  const age =
    lastFrameAt === null ? t("notice.nothing") : t("notice.age", { time: clockTime(lastFrameAt) });
  if (status.kind === "silent") return [t("notice.silent"), age];
  const words = farewell === "" ? age : `${age} ${t("notice.farewell", { words: farewell })}`;
  return [t("notice.waiting"), words];
}
