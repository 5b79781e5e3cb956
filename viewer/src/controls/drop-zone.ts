/** Opens recordings: dropped anywhere on the page, chosen by a button, or fetched from the server. */
import type { RecordingNotice, Session } from "../connection/session";
import { h, inWords, setText, worded } from "../hud/dom";
import { t } from "../i18n";
import "./controls.css";

/** How long (milliseconds) it is said that a recording was opened. */
const SAID_MS = 6_000;

export class DropZone {
  readonly #session: Session;
  readonly #veil: HTMLElement;
  readonly #notice = h("p", { class: "file-notice", role: "status" });
  readonly #input = h("input", { type: "file", accept: ".dalarec", hidden: "" });
  #words: (() => string) | null = null;
  #over = 0;
  #asked = 0;
  #hide: ReturnType<typeof setTimeout> | undefined;

  /** `over` is where it is said what became of a file: over the scene, not over controls. */
  constructor(host: HTMLElement, over: HTMLElement, session: Session) {
    this.#session = session;
    this.#veil = h("div", { class: "veil", hidden: "" }, worded(h("p"), "record.drop"));
    host.append(this.#veil, this.#input);
    over.append(this.#notice);
    this.#input.addEventListener("change", () => {
      const file = this.#input.files?.[0];
      if (file !== undefined) void this.open(file, file.name);
      this.#input.value = "";
    });
    this.#listen();
    inWords(() => {
      this.#write();
    });
  }

  /** Ask for a file. */
  choose(): void {
    this.#input.click();
  }

  async open(file: Blob, name: string): Promise<void> {
    this.#asked += 1;
    const nth = this.#asked;
    const shown = name.replace(/\.dalarec$/i, "");
    const notice = await this.#session.openRecording(file, shown, (share) => {
      // Of two files that are read at once, the later one is wanted.
      if (nth === this.#asked) {
        this.#say(() => t("record.reading", { percent: Math.floor(share * 100) }));
      }
    });
    if (nth === this.#asked) this.#say(() => noticeWords(notice), SAID_MS);
  }

  #listen(): void {
    const hasFiles = (event: DragEvent): boolean =>
      event.dataTransfer?.types.includes("Files") ?? false;
    // Each element under the pointer is entered and left for itself.
    const over = (by: number): void => {
      this.#over = Math.max(0, this.#over + by);
      this.#veil.hidden = this.#over === 0;
    };
    addEventListener("dragenter", (event) => {
      if (hasFiles(event)) over(1);
    });
    addEventListener("dragleave", (event) => {
      if (hasFiles(event)) over(-1);
    });
    addEventListener("dragover", (event) => {
      if (hasFiles(event)) event.preventDefault();
    });
    addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      over(-this.#over);
      const file = event.dataTransfer?.files[0];
      if (file !== undefined) void this.open(file, file.name);
    });
  }

  #say(words: (() => string) | null, ms: number | null = null): void {
    clearTimeout(this.#hide);
    this.#words = words;
    this.#write();
    if (ms === null) return;
    this.#hide = setTimeout(() => {
      this.#say(null);
    }, ms);
  }

  #write(): void {
    setText(this.#notice, this.#words?.() ?? "");
  }
}

function noticeWords(notice: RecordingNotice): string {
  if (notice.kind === "refused") return t(`record.refused.${notice.why}`);
  const opened = t("record.opened", { count: notice.frames });
  return notice.damaged ? `${opened} ${t("record.damaged")}` : opened;
}
