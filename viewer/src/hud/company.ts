/** The room and who is in it: its code, how many watch, whether it is paused, what went wrong. */
import { whole } from "../format";
import type { View } from "../state/view";
import { find, setText } from "./dom";

/** The room of whoever asks for none; its code would tell nobody anything. */
const USUAL_ROOM = "main";

export class Company {
  readonly #code: HTMLElement;
  readonly #viewers: HTMLElement;
  readonly #paused: HTMLElement;
  readonly #complaint: HTMLElement;

  constructor(page: ParentNode) {
    this.#code = find(page, ".room-code");
    this.#viewers = find(page, ".viewers");
    this.#paused = find(page, ".paused-note");
    this.#complaint = find(page, ".complaint");
  }

  show({ room, presence, complaint }: View): void {
    this.#code.hidden = room === null || room.code === USUAL_ROOM;
    setText(this.#code, `Room ${room?.code ?? ""}`);
    setText(this.#viewers, presence === null ? "" : `${whole(presence.viewers)} watching`);
    this.#paused.hidden = room?.paused !== true;
    setText(this.#complaint, complaint ?? "");
  }
}
