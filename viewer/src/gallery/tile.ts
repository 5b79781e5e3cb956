/**
 * One room in the gallery: a small live plan and its numbers, over a connection of its own. What was
 * last seen of it stays, looking as old as it is; until then the city is drawn that such rooms have.
 */
import type { RoomEntry } from "../connection/api";
import { Connection } from "../connection/connection";
import type { Wishes } from "../connection/address";
import type { Open, Transport } from "../connection/transport";
import { whole } from "../format";
import { h, setText } from "../hud/dom";
import { rewardWords } from "../hud/words";
import { t } from "../i18n";
import { Plan } from "../plan/plan";
import type { Room } from "../protocol/messages";
import { EMPTY, reduce } from "../state/view";

/** Least time (milliseconds) between two drawings of a tile: small things move slowly enough. */
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
  readonly #plan: Plan;
  #due: ReturnType<typeof setTimeout> | undefined;

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
    this.#plan = new Plan(this.#picture, { detail: "mini" });
    this.write();
  }

  get connected(): boolean {
    return this.#connection !== null;
  }

  /** Draw the city of a room of the same rules: for a tile that is on the page, and not live yet. */
  settle(like: Room): void {
    this.#plan.render({ ...EMPTY, room: like });
  }

  update(entry: RoomEntry): void {
    this.#entry = entry;
    this.write();
  }

  connect(transport: Transport): void {
    if (this.#connection?.transport === transport) return;
    this.#connection?.stop();
    this.#connection = new Connection({
      open: this.#ways,
      wishes: { ...this.#wishes, transport },
      onNews: (news) => {
        const first = this.#view.frame === null;
        // A tile shows what is now, and needs nothing of what was.
        this.#view = { ...reduce(this.#view, news, Date.now()), kept: [] };
        if (first && this.#view.frame !== null) this.#draw();
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
    this.write();
  }

  dispose(): void {
    this.disconnect();
    this.#plan.dispose();
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
    clearTimeout(this.#due);
    this.#due = undefined;
    this.#plan.render(this.#view);
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
