/**
 * All rooms at once, as small live views. Only those in sight have a connection, and only so many are
 * live, the others get a picture now and then: a gallery must not weigh on the server or the page as
 * much as it shows. Tiles stay while it is closed, so that it opens with what was seen last.
 */
import type { RoomEntry } from "../connection/api";
import { openWebSocket } from "../connection/browser-socket";
import { openEventStream } from "../connection/event-stream";
import { openPolling, type Pace } from "../connection/polling";
import type { Session } from "../connection/session";
import { h, icon, inWords, named, setText, worded } from "../hud/dom";
import { t } from "../i18n";
import { Problem } from "../controls/problem";
import { Refresher } from "../controls/refresher";
import { Tile, type Ways } from "./tile";
import "./gallery.css";

/** Tiles in sight that have a WebSocket, and those that have a picture now and then beyond them. */
const MOST_LIVE = 16;
const MOST_SHOWN = 64;

/** Time between two looks at the list of rooms, in milliseconds. */
const LOOK_EVERY_MS = 5_000;

/** Tiles that poll do so without waiting: browsers open few connections to a server at once. */
const SLOWLY: Pace = { waitS: 0, periodMs: 1_000 };

export class Gallery {
  readonly #session: Session;
  readonly #dialog: HTMLDialogElement;
  readonly #list = h("ul", { class: "tiles" });
  readonly #note = h("p", { class: "note" });
  readonly #problem = new Problem();
  readonly #ways: Ways;
  readonly #tiles = new Map<string, Tile>();
  readonly #visible = new Set<Element>();
  readonly #refresher = new Refresher(LOOK_EVERY_MS, () => this.#fetch());
  readonly #watcher: IntersectionObserver;

  /** `page` is the page's address, beside which the server listens. */
  constructor(host: HTMLElement, session: Session, page: string) {
    this.#session = session;
    this.#ways = {
      ws: openWebSocket(page),
      sse: openEventStream(session.api),
      poll: openPolling(session.api, SLOWLY),
    };
    const close = named(
      h("button", { type: "button", class: "icon-button" }, icon("M6 6l12 12M18 6L6 18")),
      "tool.close",
    );
    const title = worded(h("h2", { id: "gallery-title" }), "gallery.title");
    this.#dialog = h(
      "dialog",
      { class: "gallery", "aria-labelledby": "gallery-title" },
      h("header", {}, title, close),
      this.#list,
      this.#note,
      this.#problem.element,
    );
    host.append(this.#dialog);
    this.#watcher = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) this.#visible.add(target);
        else this.#visible.delete(target);
      }
      this.#connect();
    });
    close.addEventListener("click", () => {
      this.#dialog.close();
    });
    // A press beside the dialog closes it, as people expect.
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    });
    this.#dialog.addEventListener("close", () => {
      this.#release();
    });
    inWords(() => {
      for (const tile of this.#tiles.values()) tile.write();
    });
  }

  readonly toggle = (): void => {
    if (this.#dialog.open) this.#dialog.close();
    else this.open();
  };

  open(): void {
    if (this.#dialog.open) return;
    this.#dialog.showModal();
    this.#refresher.start();
  }

  async #fetch(): Promise<void> {
    const answer = await this.#session.api.rooms();
    if (!this.#dialog.open) return;
    if (answer.kind === "error") {
      this.#problem.refused(answer);
      return;
    }
    this.#problem.clear();
    this.#show(answer.value);
  }

  #show(rooms: readonly RoomEntry[]): void {
    const codes = new Set(rooms.map(({ code }) => code));
    for (const code of this.#tiles.keys()) if (!codes.has(code)) this.#drop(code);
    for (const entry of rooms) {
      const known = this.#tiles.get(entry.code);
      if (known === undefined) this.#add(entry);
      else known.update(entry);
    }
    setText(this.#note, rooms.length === 0 ? t("gallery.none") : "");
    this.#mark();
  }

  #add(entry: RoomEntry): void {
    const { wishes, view } = this.#session;
    const tile = new Tile(entry, wishes, this.#ways, (code) => {
      this.#dialog.close();
      this.#session.openRoom(code);
    });
    this.#tiles.set(entry.code, tile);
    this.#list.append(h("li", {}, tile.element));
    if (view.room?.rules === entry.rules) tile.settle(view.room);
    this.#watcher.observe(tile.element);
  }

  #drop(code: string): void {
    const tile = this.#tiles.get(code);
    if (tile === undefined) return;
    tile.dispose();
    this.#watcher.unobserve(tile.element);
    this.#visible.delete(tile.element);
    tile.element.parentElement?.remove();
    this.#tiles.delete(code);
    this.#connect();
  }

  /** The first tiles in sight are live, those after them nearly so. */
  #connect(): void {
    const inSight = [...this.#tiles.values()].filter(({ element }) => this.#visible.has(element));
    const shown = new Set(this.#dialog.open ? inSight.slice(0, MOST_SHOWN) : []);
    for (const tile of this.#tiles.values()) {
      if (!shown.has(tile) && tile.connected) tile.disconnect();
    }
    // Where the page itself could not have a WebSocket, its tiles cannot either.
    const best = this.#session.transport === "ws" ? "ws" : "poll";
    [...shown].forEach((tile, nth) => {
      tile.connect(nth < MOST_LIVE ? best : "poll");
    });
  }

  #mark(): void {
    for (const [code, { element }] of this.#tiles) {
      if (code === this.#session.wishes.room) element.setAttribute("aria-current", "true");
      else element.removeAttribute("aria-current");
    }
  }

  #release(): void {
    this.#refresher.stop();
    this.#connect();
  }
}
