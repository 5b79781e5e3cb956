/**
 * Films the 3D picture as it is drawn, without the panels, and saves the video on the device: WebM, the
 * one format that browsers record and most programs play. Nothing of it goes to the server.
 */
import { oneDigit } from "../format";
import { h, inWords, setText, worded } from "../hud/dom";
import { t } from "../i18n";
import { Problem } from "./problem";

/** Frames a second at most; a picture that stands still adds none. */
const FPS = 30;

/** The longest film, in milliseconds: its bytes are held in memory until it ends. */
const LONGEST_MS = 5 * 60_000;

/** Bits a second: sharp at the size of a window. */
const BITS = 6_000_000;

/** The better first. */
const TYPES = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"];

export class Film {
  readonly element: HTMLElement;
  readonly #canvas: () => HTMLCanvasElement | null;
  readonly #button = h("button", { type: "button", class: "film" });
  readonly #problem = new Problem();
  #recorder: MediaRecorder | null = null;

  constructor(canvas: () => HTMLCanvasElement | null) {
    this.#canvas = canvas;
    this.element = h(
      "div",
      { class: "filming" },
      this.#button,
      worded(h("p", { class: "note" }), "film.note"),
      this.#problem.element,
    );
    this.element.hidden = typeof MediaRecorder === "undefined";
    this.#button.addEventListener("click", () => {
      if (this.#recorder === null) this.#start();
      else this.#recorder.stop();
    });
    inWords(() => {
      this.#write();
    });
  }

  #start(): void {
    const canvas = this.#canvas();
    const type = TYPES.find((each) => MediaRecorder.isTypeSupported(each));
    if (canvas === null || type === undefined) {
      this.#problem.say(() => t("film.none"));
      return;
    }
    this.#problem.clear();
    const stream = canvas.captureStream(FPS);
    const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: BITS });
    const parts: Blob[] = [];
    recorder.ondataavailable = ({ data }) => {
      if (data.size === 0) return;
      parts.push(data);
      const bytes = parts.reduce((sum, { size }) => sum + size, 0);
      this.#problem.say(() => t("film.size", { size: oneDigit(bytes / 1e6) }));
    };
    const late = setTimeout(() => {
      recorder.stop();
    }, LONGEST_MS);
    recorder.onstop = () => {
      clearTimeout(late);
      for (const track of stream.getTracks()) track.stop();
      this.#recorder = null;
      this.#write();
      if (parts.length === 0) {
        this.#problem.say(() => t("film.none"));
        return;
      }
      save(new Blob(parts, { type: "video/webm" }));
      this.#problem.say(() => t("film.saved"));
    };
    recorder.start(1_000);
    this.#recorder = recorder;
    this.#write();
  }

  #write(): void {
    const on = this.#recorder !== null;
    this.#button.setAttribute("aria-pressed", String(on));
    this.#button.classList.toggle("strong", on);
    setText(this.#button, t(on ? "film.stop" : "film.start"));
  }
}

function save(film: Blob): void {
  const url = URL.createObjectURL(film);
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  h("a", { href: url, download: `daladala-${time}.webm` }).click();
  // The browser has taken it by the next turn, but some only begin to.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}
