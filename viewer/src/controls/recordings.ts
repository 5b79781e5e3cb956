/** Recording the room, and the recordings that the server has, to be opened here. */
import type { RecordingEntry } from "../connection/api";
import type { Session } from "../connection/session";
import { h, inWords, setText, worded } from "../hud/dom";
import { locale, t } from "../i18n";
import { EMPTY, type View } from "../state/view";
import type { DropZone } from "./drop-zone";
import type { Film } from "./film";
import { numberIn, Problem } from "./problem";

export class Recordings {
  readonly element: HTMLDetailsElement;
  readonly #session: Session;
  readonly #files: DropZone;
  readonly #name = h("input", {
    ...{ type: "text", name: "recording", maxlength: "64", pattern: "[a-z0-9\\-]{1,64}" },
    ...{ autocomplete: "off", autocapitalize: "none", spellcheck: "false" },
  });
  readonly #start: HTMLFormElement;
  readonly #running = h("p", { class: "recording-now" });
  readonly #stop = worded(h("button", { type: "button", class: "strong" }), "record.stop");
  readonly #list = h("ul", { class: "recordings" });
  readonly #problem = new Problem();
  #entries: readonly RecordingEntry[] | null = null;
  #view: View = EMPTY;

  constructor(session: Session, files: DropZone, film: Film) {
    this.#session = session;
    this.#files = files;
    const name = h("label", { class: "field" }, worded(h("span"), "record.name"), this.#name);
    const start = worded(h("button", { type: "submit" }), "record.start");
    this.#start = h("form", { class: "record-start" }, name, start);
    const open = worded(h("button", { type: "button" }), "record.file");
    this.element = h(
      "details",
      { class: "recording" },
      worded(h("summary"), "record.title"),
      this.#running,
      this.#stop,
      this.#start,
      open,
      film.element,
      worded(h("h3"), "record.list"),
      this.#list,
      this.#problem.element,
    );
    this.element.addEventListener("toggle", () => {
      if (this.element.open) void this.#fetch();
    });
    this.#start.addEventListener("submit", (event) => {
      event.preventDefault();
      const fields = this.#name.value === "" ? {} : { name: this.#name.value };
      void this.#problem.ask(() => session.request("record", fields));
    });
    this.#stop.addEventListener("click", () => void this.#end());
    open.addEventListener("click", () => {
      files.choose();
    });
    inWords(() => {
      this.#write();
      this.#writeList();
    });
  }

  render(view: View): void {
    this.#view = view;
    this.#write();
  }

  async #end(): Promise<void> {
    const reply = await this.#problem.ask(() => this.#session.request("record_stop"));
    if (reply === null) return;
    const count = numberIn(reply, "frames") ?? 0;
    await this.#fetch();
    this.#problem.say(() => t("record.stopped", { count }));
  }

  async #fetch(): Promise<void> {
    const answer = await this.#session.api.recordings();
    // A server without a folder for them has none, and says so where one is asked for.
    this.#entries = answer.kind === "answer" ? answer.value : [];
    this.#writeList();
  }

  #write(): void {
    const { room } = this.#view;
    const may = this.#session.can("record");
    const name = room?.recording ?? null;
    this.#running.hidden = name === null;
    setText(this.#running, name === null ? "" : t("record.running", { name }));
    this.#stop.hidden = name === null || !may;
    this.#start.hidden = name !== null || !may;
  }

  #writeList(): void {
    if (this.#entries === null) return;
    const newest = this.#entries.toSorted((a, b) => b.created - a.created);
    const items = newest.map((entry) => this.#item(entry));
    const none = h("li", { class: "note" }, t("record.list.empty"));
    this.#list.replaceChildren(...(items.length === 0 ? [none] : items));
  }

  #item({ name, bytes, created }: RecordingEntry): HTMLLIElement {
    const button = h(
      "button",
      { type: "button", "aria-label": t("record.open", { name }) },
      h("strong", {}, name),
      h("span", { class: "note" }, `${dateWords(created)} · ${sizeWords(bytes)}`),
    );
    button.addEventListener("click", () => void this.#open(name));
    return h("li", {}, button);
  }

  async #open(name: string): Promise<void> {
    this.#problem.say(() => t("record.fetching", { name }));
    const answer = await this.#session.api.recording(name);
    if (answer.kind === "error") {
      this.#problem.refused(answer);
      return;
    }
    this.#problem.clear();
    await this.#files.open(answer.value, name);
  }
}

function dateWords(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "–";
  return date.toLocaleString(locale(), { dateStyle: "medium", timeStyle: "short" });
}

function sizeWords(bytes: number): string {
  const mega = bytes / 1_000_000;
  const shown = mega >= 1 ? mega : bytes / 1000;
  const number = shown.toLocaleString(locale(), { maximumSignificantDigits: 2 });
  return `${number} ${mega >= 1 ? "MB" : "kB"}`;
}
