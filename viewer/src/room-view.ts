/**
 * A room on the page: what is known of it, the city that it is drawn as, and whether it is live. The
 * page has one of them, or two side by side; each has a connection and a scene of its own.
 */
import { CityView } from "./city-view";
import { pageOf, withToken, type Wishes } from "./connection/address";
import { LiveSession } from "./connection/live-session";
import type { Change } from "./connection/session";
import { Link } from "./hud/link";
import { PictureNote } from "./hud/picture-note";
import { Painter, type Draw } from "./painter";

export interface RoomHosts {
  /** What all of the room is in: it is marked with how the connection stands. */
  readonly whole: HTMLElement;
  readonly scene: HTMLElement;
  readonly sceneNote: HTMLElement;
  readonly link: HTMLElement;
  readonly notice: HTMLElement;
}

export interface RoomViewOptions {
  readonly wishes: Wishes;
  /** The room or the name has changed: the address of the page is to say so. */
  readonly onWishes?: (wishes: Wishes) => void;
  /** Draws all that is not the city, once a screen refresh. */
  readonly draw: Draw;
  /** Hears of each change at once, also on a page that is hidden and never refreshed. */
  readonly onChange?: (change: Change) => void;
}

export class RoomView {
  readonly session: LiveSession;
  readonly city: CityView;
  readonly painter: Painter;
  readonly #link: Link;

  constructor(hosts: RoomHosts, { wishes, onWishes, draw, onChange }: RoomViewOptions) {
    this.session = new LiveSession({
      page: document.baseURI,
      wishes,
      onWishes: onWishes ?? (() => undefined),
    });
    const note = new PictureNote(hosts.sceneNote);
    this.city = new CityView(hosts.scene, (picture) => {
      note.show(picture);
    });
    this.#link = new Link(hosts.whole, hosts.link, hosts.notice, {
      retry: () => {
        this.session.tryAgain();
      },
      token: (token) => {
        location.replace(withToken(location.href, token));
        location.reload();
      },
      main: () => {
        location.assign(pageOf(location.href, "main"));
      },
      reload: () => {
        location.reload();
      },
    });
    this.painter = new Painter(
      (drawn, known) => {
        this.city.render(drawn);
        draw(drawn, known);
      },
      (paint) => requestAnimationFrame(paint),
    );
    this.session.subscribe((change) => {
      this.#hear(change);
      onChange?.(change);
    });
    addEventListener("online", () => {
      this.session.retryNow();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.session.retryNow();
    });
  }

  #hear(change: Change): void {
    const { view, status } = this.session;
    if (change === "frame") this.#link.sawFrame(Date.now());
    else this.#link.show(status, view);
    this.painter.show(view);
  }
}
