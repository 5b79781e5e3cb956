/**
 * The time bar: the frames that the server keeps, or those of an open recording. Whoever moves on it
 * goes back alone; everybody else stays where they are.
 */
import type { Moment } from "../connection/address";
import type { Session, Sought } from "../connection/session";
import { h, icon, inWords, named, setText, worded } from "../hud/dom";
import { hears } from "../hud/standing";
import { locale, t } from "../i18n";
import { EMPTY, type View } from "../state/view";
import "./controls.css";
import { Marks } from "./marks";
import { Problem } from "./problem";
import { Share } from "./share";

const PICTURES = {
  back: "M17 5v14l-9-7zM6 5v14",
  on: "M7 5v14l9-7zM18 5v14",
  play: "M8 5v14l11-7z",
  hold: "M8 5v14M16 5v14",
} as const;

/** Speeds of a recording, as multiples of its own. */
const MULTIPLES = [0.25, 0.5, 1, 2, 4, 8, 16];

/** From here on (seconds) it is said in minutes. */
const MINUTES_FROM_S = 120;

/** Where on the bar one is: the frames by their numbers, in a recording by their indices. */
interface Place {
  readonly at: number;
  readonly first: number;
  readonly last: number;
}

export class TimeBar {
  readonly #session: Session;
  readonly #element: HTMLElement;
  readonly #range = h("input", { type: "range", step: "1", class: "scrub" });
  readonly #marks = new Marks();
  readonly #play = h("button", { type: "button", class: "icon-button play" });
  readonly #live = worded(h("button", { type: "button", class: "live" }), "time.live");
  readonly #close = worded(h("button", { type: "button", class: "close" }), "record.close");
  readonly #words = h("p", { class: "where" });
  readonly #speed = h("select", { class: "multiple" });
  readonly #controls: readonly (HTMLButtonElement | HTMLInputElement)[];
  readonly #problem = new Problem();
  readonly #share: Share;
  readonly #socket = worded(h("p", { class: "note", hidden: "" }), "time.socket");
  #view: View = EMPTY;
  #dragging = false;
  /** What the open recording was recorded at, in frames a second, and which it is. */
  #usualFps = 1;
  #recording = "";

  constructor(host: HTMLElement, session: Session) {
    this.#session = session;
    const back = this.#button("time.back", PICTURES.back, -1);
    const on = this.#button("time.on", PICTURES.on, 1);
    this.#controls = [back, this.#play, on, this.#range];
    named(this.#range, "time.bar");
    named(this.#speed, "time.speed");
    this.#speed.append(
      ...MULTIPLES.map((each) => h("option", { value: String(each) }, `${each}×`)),
    );
    const track = h("div", { class: "track" }, this.#range, this.#marks.element);
    const row = h(
      "div",
      { class: "row" },
      back,
      this.#play,
      on,
      track,
      this.#speed,
      this.#live,
      this.#close,
    );
    const head = h(
      "div",
      { class: "head" },
      worded(h("h2", { class: "unseen" }), "time.title"),
      this.#words,
    );
    this.#share = new Share(session, { words: "time.share", moment: () => this.#moment });
    this.#element = h(
      "section",
      { class: "card time-bar" },
      head,
      row,
      this.#share.element,
      this.#socket,
      this.#problem.element,
    );
    named(this.#element, "time.title");
    host.append(this.#element);

    this.#range.addEventListener("input", () => {
      this.#dragging = true;
      this.#writeWords();
      void this.#seek(this.#range.valueAsNumber);
    });
    this.#range.addEventListener("change", () => {
      this.#dragging = false;
    });
    this.#play.addEventListener("click", () => {
      const { watching } = this.#view;
      if (watching.kind !== "live") void this.#sought(session.play(!watching.playing));
    });
    this.#live.addEventListener("click", () => void this.#sought(session.live()));
    this.#close.addEventListener("click", () => {
      session.closeRecording();
    });
    this.#speed.addEventListener("change", () => {
      session.setPlaybackFps(this.#usualFps * Number(this.#speed.value));
    });
    inWords(() => {
      this.#write();
    });
  }

  render(view: View): void {
    if (view.watching.kind === "live" && this.#view.watching.kind !== "live") this.#problem.clear();
    const recording =
      view.watching.kind === "recording" ? `${view.room?.epoch} ${view.watching.name}` : "";
    if (recording !== this.#recording) {
      this.#usualFps = view.room?.fps ?? 1;
      this.#speed.value = "1";
    }
    this.#recording = recording;
    this.#view = view;
    this.#write();
  }

  get sees(): boolean {
    return this.#view.frame !== null;
  }

  /** Show the moment that a link points at, if it is of this run of the room. */
  async goTo({ seq, epoch }: Moment): Promise<void> {
    const { frame } = this.#view;
    if (frame === null) return;
    if (epoch !== null && epoch !== frame.epoch) this.#problem.say(() => t("time.gone"));
    else await this.#seek(seq);
  }

  get #moment(): Moment | undefined {
    const { watching, frame } = this.#view;
    if (watching.kind !== "back" || frame === null) return undefined;
    return { seq: frame.seq, epoch: frame.epoch };
  }

  #button(name: "time.back" | "time.on", picture: string, by: number): HTMLButtonElement {
    const button = h("button", { type: "button", class: "icon-button" }, icon(picture));
    button.addEventListener("click", () => {
      const place = this.#place;
      if (place !== null) void this.#seek(place.at + by);
    });
    return named(button, name, true);
  }

  get #place(): Place | null {
    const { watching, frame, latestSeq, hello } = this.#view;
    if (watching.kind === "recording") {
      return { at: watching.index, first: 0, last: watching.count - 1 };
    }
    if (frame === null) return null;
    if (watching.kind === "back") {
      return {
        at: watching.seq,
        first: Math.min(watching.oldest, watching.seq),
        last: watching.latest,
      };
    }
    const first = Math.max(1, latestSeq - (hello?.historyFrames ?? 1) + 1);
    return { at: latestSeq, first, last: latestSeq };
  }

  #seek(at: number): Promise<void> {
    return this.#sought(this.#session.seek(at));
  }

  async #sought(asked: Promise<Sought>): Promise<void> {
    const sought = await asked;
    if (sought.kind === "error") this.#problem.refused(sought);
    else if (sought.kind === "oldest") this.#problem.say(() => t("time.oldest"));
    else if (sought.kind === "there") this.#problem.clear();
  }

  #write(): void {
    const { watching, ends } = this.#view;
    const place = this.#place;
    this.#element.hidden = place === null;
    if (place === null) return;
    const may = this.#session.can("seek");
    for (const control of this.#controls) control.disabled = !may;
    const playing = watching.kind !== "live" && watching.playing;
    this.#element.dataset["watching"] = watching.kind;
    this.#play.disabled ||= watching.kind === "live";
    call(this.#play, t(playing ? "time.hold" : "time.play"));
    if (this.#play.dataset["shows"] !== String(playing)) {
      this.#play.dataset["shows"] = String(playing);
      this.#play.replaceChildren(icon(playing ? PICTURES.hold : PICTURES.play));
    }
    this.#live.hidden = watching.kind !== "back";
    this.#share.element.hidden = watching.kind !== "back";
    this.#close.hidden = watching.kind !== "recording";
    this.#speed.hidden = watching.kind !== "recording";
    this.#range.min = String(place.first);
    this.#range.max = String(Math.max(place.last, place.first));
    if (!this.#dragging) this.#range.value = String(place.at);
    const first = watching.kind === "recording" ? place.first + 1 : place.first;
    this.#marks.render(ends, first, first + place.last - place.first);
    this.#writeWords();
    this.#socket.hidden = may || !this.#session.mayElsewhere("seek");
  }

  #writeWords(): void {
    const place = this.#place;
    if (place === null) return;
    const at = this.#dragging ? this.#range.valueAsNumber : place.at;
    const words = this.#where({ ...place, at });
    setText(this.#words, words);
    this.#range.setAttribute("aria-valuetext", words);
  }

  #where({ at, last }: Place): string {
    const { watching, room } = this.#view;
    if (watching.kind === "recording") {
      const { name, count } = watching;
      return `${t("time.recording", { name })} · ${t("time.of", { at: at + 1, count })}`;
    }
    // Numbers of frames are names, and not written like amounts.
    const frame = t("time.frame", { seq: String(at) });
    const behind = (last - at) / Math.max(room?.fps ?? 1, 0.01);
    if (watching.kind === "live" && at >= last) {
      // Without a connection it is the last one that came, and nothing more.
      return hears(this.#session.status) ? `${t("time.is-live")} · ${frame}` : frame;
    }
    return `${ago(behind)} · ${frame}`;
  }
}

function ago(seconds: number): string {
  const minutes = seconds >= MINUTES_FROM_S;
  const count = Math.round(minutes ? seconds / 60 : seconds);
  const words = minutes ? t("time.ago.minutes", { count }) : t("time.ago", { count });
  return words.charAt(0).toLocaleUpperCase(locale()) + words.slice(1);
}

function call(button: HTMLElement, words: string): void {
  button.setAttribute("aria-label", words);
  button.title = words;
}
