/** The room: what it is and who is here, its model, other rooms, the link to it, and recordings. */
import type { Session } from "../connection/session";
import { card } from "../hud/card";
import { h, inWords, setText, worded } from "../hud/dom";
import { t } from "../i18n";
import { EMPTY, type View } from "../state/view";
import "./controls.css";
import type { DropZone } from "./drop-zone";
import type { Film } from "./film";
import { ModelPicker } from "./model-picker";
import { Recordings } from "./recordings";
import { RoomsList } from "./rooms-list";
import { Share } from "./share";

export interface RoomPanelOptions {
  readonly files: DropZone;
  readonly film: Film;
  readonly openGallery: () => void;
  /** Puts into a shared address what else it is to say: the camera, the language. */
  readonly addToLink: (url: URL) => void;
}

export class RoomPanel {
  readonly #card: HTMLElement;
  readonly #what = h("p", { class: "what" });
  readonly #who = h("p", { class: "note who" });
  readonly #complaint = h("p", { class: "problem", role: "status" });
  readonly #parts: readonly { render(view: View): void }[];
  #view: View = EMPTY;

  constructor(host: HTMLElement, session: Session, options: RoomPanelOptions) {
    const models = new ModelPicker(session);
    const rooms = new RoomsList(session, models);
    const recordings = new Recordings(session, options.files, options.film);
    const share = new Share(session, { add: options.addToLink, code: true });
    const gallery = worded(h("button", { type: "button", class: "gallery" }), "room.gallery");
    gallery.addEventListener("click", options.openGallery);
    this.#parts = [models, rooms, recordings];
    this.#card = card(
      "room",
      "room.title",
      this.#what,
      this.#who,
      models.element,
      share.element,
      gallery,
      rooms.element,
      recordings.element,
      this.#complaint,
    );
    host.append(this.#card);
    inWords(() => {
      this.#write();
    });
  }

  render(view: View): void {
    this.#view = view;
    for (const part of this.#parts) part.render(view);
    this.#write();
  }

  #write(): void {
    const { room, presence, complaint } = this.#view;
    setText(this.#what, room === null ? "…" : whatWords(room));
    setText(this.#who, presence === null ? "" : whoWords(this.#view));
    setText(this.#complaint, complaint ?? "");
  }
}

function whatWords({ code, rules, scenario, kind }: NonNullable<View["room"]>): string {
  // Earlier servers do not tell it.
  const where = scenario === "" ? [] : [t("room.scenario", { scenario })];
  const words = [t("room.code", { code }), t("room.rules", { rules }), ...where];
  return [...words, t(`room.kind.${kind}`)].join(" · ");
}

function whoWords({ presence, me }: View): string {
  const watching = t("room.watching", { count: presence?.viewers ?? 0 });
  const names = (presence?.players ?? []).map(({ member, name, online }) => {
    if (member === me) return `${name} (${t("vote.you")})`;
    return online ? name : t("room.away", { name });
  });
  if (names.length === 0) return watching;
  return `${watching}. ${t("room.players", { names: names.join(", ") })}`;
}
