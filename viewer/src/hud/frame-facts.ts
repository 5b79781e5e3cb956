/**
 * What every piece needs that tells facts of the shown frame: to write them where the frame or the
 * room is another, to write them again in another language, and to be gone where rules tell none.
 */
import { onLanguage } from "../i18n";
import type { Frame, Room } from "../protocol/messages";
import type { View } from "../state/view";

/** Writes the facts; says whether there are any. */
export type WriteFacts = (room: Room, frame: Frame) => boolean;

export class FrameFacts {
  readonly #element: HTMLElement;
  readonly #write: WriteFacts;
  #view: Pick<View, "room" | "frame"> | null = null;

  constructor(element: HTMLElement, write: WriteFacts) {
    this.#element = element;
    this.#write = write;
    element.hidden = true;
    onLanguage(() => {
      this.#show();
    });
  }

  render(view: Pick<View, "room" | "frame">): void {
    const before = this.#view;
    this.#view = view;
    if (view.frame !== before?.frame || view.room !== before.room) this.#show();
  }

  #show(): void {
    const { room, frame } = this.#view ?? { room: null, frame: null };
    this.#element.hidden = room === null || frame === null || !this.#write(room, frame);
  }
}
