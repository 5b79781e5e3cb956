/** Says why the bus stands still where its driver had no action, for as long as that holds. */
import { t } from "../i18n";
import { inWords, setText, h } from "./dom";
import type { Room } from "../protocol/messages";
import type { View } from "../state/view";

/** What is told of a driver that failed: that it did, what it said, and what can be done. */
export function faultWords(room: Room | null): readonly [string, string, string] | null {
  const said = room?.fault ?? null;
  if (room === null || said === null) return null;
  const { kind, paused } = room;
  const next = kind === "driven" ? "fault.driven" : paused ? "fault.paused" : "fault.others";
  return [t("fault.title", { model: room.model }), said, t(next)];
}

export class FaultNote {
  readonly #host: HTMLElement;
  #room: Room | null = null;

  constructor(host: HTMLElement) {
    this.#host = host;
    inWords(() => {
      this.#write();
    });
  }

  render({ room }: View): void {
    if (room === this.#room) return;
    this.#room = room;
    this.#write();
  }

  #write(): void {
    const words = faultWords(this.#room);
    if (words === null) {
      this.#host.replaceChildren();
      return;
    }
    if (this.#host.childElementCount === 0) {
      const title = h("p", { class: "notice-title" });
      this.#host.append(title, h("p", { class: "said" }), h("p"));
    }
    for (const [nth, text] of words.entries()) {
      const line = this.#host.children[nth];
      if (line !== undefined) setText(line, text);
    }
  }
}
