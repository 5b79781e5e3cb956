/** The link to what is shown here, for somebody else: copied, or shown where copying is not allowed. */
import { shareUrl } from "../connection/address";
import type { Session } from "../connection/session";
import { h, named, worded } from "../hud/dom";
import { t, type PlainKey } from "../i18n";
import { Problem } from "./problem";

export class Share {
  readonly element: HTMLElement;
  readonly #session: Session;
  readonly #add: (url: URL) => void;
  readonly #problem = new Problem();
  readonly #link = h("input", { type: "text", readonly: "", class: "link", hidden: "" });

  /** `add` puts into the address what else is to be shared: the camera, the language. */
  constructor(session: Session, add: (url: URL) => void, words: PlainKey = "room.share") {
    this.#session = session;
    this.#add = add;
    const button = worded(h("button", { type: "button", class: "share" }), words);
    named(this.#link, "room.share.by-hand");
    this.element = h("div", { class: "sharing" }, button, this.#problem.element, this.#link);
    button.addEventListener("click", () => void this.#share());
  }

  async #share(): Promise<void> {
    const url = shareUrl(location.href, this.#session.wishes);
    this.#add(url);
    try {
      await navigator.clipboard.writeText(url.href);
      this.#link.hidden = true;
      this.#problem.say(() => t("room.shared"));
    } catch {
      // Not on an address without encryption, nor where it was forbidden.
      this.#problem.say(() => t("room.share.by-hand"));
      this.#link.hidden = false;
      this.#link.value = url.href;
      this.#link.focus();
      this.#link.select();
    }
  }
}
