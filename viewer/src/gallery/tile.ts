/** One room in the gallery: a small live plan and its numbers, over a connection of its own. */
import type { RoomEntry } from "../connection/api";
import { Connection } from "../connection/connection";
import type { Wishes } from "../connection/address";
import type { Open, Transport } from "../connection/transport";
import { whole } from "../format";
import { h, setText } from "../hud/dom";
import { rewardWords } from "../hud/words";
import { t } from "../i18n";
import { Plan } from "../plan/plan";
import { EMPTY, reduce } from "../state/view";

/** Least time between two drawings of a tile, in milliseconds: small things move slowly enough. */
const DRAW_EVERY_MS = 200;

export type Ways = Readonly<Record<Transport, Open>>;

export class Tile {
  readonly element: HTMLButtonElement;
  readonly #wishes: Wishes;
  readonly #ways: Ways;
  readonly #picture = h("span", { class: "picture", "aria-hidden": "true" });
  readonly #what = h("span", { class: "note" });
  readonly #numbers = h("span", { class: "numbers" });
  #entry: RoomEntry;
  #view = EMPTY;
  #connection: Connection | null = null;
  #plan: Plan | null = null;
  #due: ReturnType<typeof setTimeout> | undefined;

  /** `wishes` has the transport that a tile is to use, and the token. */
  constructor(entry: RoomEntry, wishes: Wishes, ways: Ways, choose: (code: string) => void) {
    this.#entry = entry;
    this.#wishes = { ...wishes, room: entry.code, name: null };
    this.#ways = ways;
    this.element = h(
      "button",
      { type: "button", class: "tile" },
      this.#picture,
      h("strong", {}, entry.code),
      this.#what,
      this.#numbers,
    );
    this.element.addEventListener("click", () => {
      choose(entry.code);
    });
    this.write();
  }

  get connected(): boolean {
    return this.#connection !== null;
  }

  update(entry: RoomEntry): void {
    this.#entry = entry;
    this.write();
  }

  connect(): void {
    if (this.#connection !== null) return;
    this.#plan = new Plan(this.#picture, { detail: "mini" });
    this.#connection = new Connection({
      open: this.#ways,
      wishes: this.#wishes,
      onNews: (news) => {
        this.#view = reduce(this.#view, news, Date.now());
        this.#due ??= setTimeout(() => {
          this.#draw();
        }, DRAW_EVERY_MS);
      },
      onStatus: () => {
        this.write();
      },
    });
    this.#connection.start();
  }

  disconnect(): void {
    clearTimeout(this.#due);
    this.#due = undefined;
    this.#connection?.stop();
    this.#connection = null;
    this.#plan?.dispose();
    this.#plan = null;
    this.#view = EMPTY;
    this.write();
  }

  /** The words, in the language of the moment. */
  write(): void {
    const { model, rules, viewers } = this.#entry;
    setText(this.#what, `${model}, ${rules} · ${t("room.watching", { count: viewers })}`);
    setText(this.#numbers, this.#numbersNow());
    // What is not live must not look it.
    const status = this.#connection?.status.kind ?? "waiting";
    this.element.dataset["status"] = status;
  }

  #draw(): void {
    this.#due = undefined;
    this.#plan?.render(this.#view);
    this.write();
  }

  #numbersNow(): string {
    const { frame, room } = this.#view;
    if (frame === null || room === null) return t("gallery.silent");
    return [
      t("gallery.episode", { episode: whole(frame.episode) }),
      t("gallery.return", { value: rewardWords(room, frame.totalReward) }),
      t("gallery.aboard", { count: frame.passengers, of: frame.capacity }),
    ].join(" · ");
  }
}
