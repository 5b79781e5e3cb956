/**
 * The link to what is shown here, for somebody else: copied, or shown where copying is not allowed, and
 * as a code that a phone reads off a projector.
 */
import { shareUrl, type Moment } from "../connection/address";
import type { Session } from "../connection/session";
import { h, named, worded } from "../hud/dom";
import { t, type PlainKey } from "../i18n";
import { Problem } from "./problem";

export interface ShareOptions {
  /** Puts into the address what else is to be shared: the camera, the language. */
  readonly add?: (url: URL) => void;
  readonly words?: PlainKey;
  /** The moment to point at, where it is not the present. */
  readonly moment?: () => Moment | undefined;
  /** Whether there is a code beside the link. */
  readonly code?: boolean;
}

export class Share {
  readonly element: HTMLElement;
  readonly #session: Session;
  readonly #options: ShareOptions;
  readonly #problem = new Problem();
  readonly #link = h("input", { type: "text", readonly: "", class: "link", hidden: "" });
  readonly #picture = h("div", { class: "qr", role: "img" });
  readonly #where = h("p", { class: "note" });

  constructor(session: Session, options: ShareOptions = {}) {
    this.#session = session;
    this.#options = options;
    const words = options.words ?? "room.share";
    const button = worded(h("button", { type: "button", class: "share" }), words);
    named(this.#link, "room.share.by-hand");
    this.element = h("div", { class: "sharing" }, button, this.#problem.element, this.#link);
    if (options.code === true) this.element.append(this.#codeBox());
    button.addEventListener("click", () => void this.#share());
  }

  get #url(): URL {
    const { wishes, view } = this.#session;
    const moment = this.#options.moment?.();
    const shared = { ...wishes, role: view.hello?.role ?? null };
    const url = shareUrl(location.href, moment === undefined ? shared : { ...shared, moment });
    this.#options.add?.(url);
    return url;
  }

  async #share(): Promise<void> {
    const { href } = this.#url;
    try {
      await navigator.clipboard.writeText(href);
      this.#link.hidden = true;
      this.#problem.say(() => t("room.shared"));
    } catch {
      // Not on an address without encryption, nor where it was forbidden.
      this.#problem.say(() => t("room.share.by-hand"));
      this.#link.hidden = false;
      this.#link.value = href;
      this.#link.focus();
      this.#link.select();
    }
  }

  #codeBox(): HTMLDetailsElement {
    named(this.#picture, "room.code.picture");
    const summary = worded(h("summary"), "room.code.show");
    const box = h("details", { class: "code" }, summary, this.#picture, this.#where);
    box.addEventListener("toggle", () => {
      if (box.open) void this.#draw();
    });
    return box;
  }

  /** Few ask for it, and only those load what draws it. */
  async #draw(): Promise<void> {
    const url = this.#url;
    const { drawCode } = await import("./qr");
    this.#picture.replaceChildren(drawCode(url.href));
    this.#where.textContent = isOnlyHere(url)
      ? t("room.code.local")
      : `${url.origin}${url.pathname}`;
  }
}

/** Addresses that mean another machine on each machine. */
export function isOnlyHere({ hostname }: Pick<URL, "hostname">): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
