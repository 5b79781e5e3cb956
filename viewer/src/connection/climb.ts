/**
 * Looks in the background, now and then, whether the WebSocket works again while a poorer way is in
 * use. Whatever is found out, the way in use is not disturbed before the WebSocket has greeted.
 */
import { parseMessage } from "../protocol/parse";
import type { End, Socket, SocketEvents } from "./transport";

/** The first look, after this long (milliseconds) on the poorer way; each next twice as late. */
export const FIRST_LOOK_MS = 10_000;

/** The longest time between two looks, in milliseconds. */
export const LAST_LOOK_MS = 160_000;

/** A WebSocket that does not greet for this long (milliseconds) does not work. */
export const LOOK_MS = 5_000;

export interface ClimbOptions {
  readonly open: (events: SocketEvents) => Socket;
  /** It greeted. What it has said and says from now on comes by `onMessage` and `onEnd`. */
  readonly onTop: (socket: Socket) => void;
  readonly onMessage: (data: unknown) => void;
  readonly onEnd: (end: End) => void;
}

export class Climb {
  readonly #options: ClimbOptions;
  #wait = FIRST_LOOK_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #socket: Socket | null = null;

  constructor(options: ClimbOptions) {
    this.#options = options;
  }

  start(): void {
    this.stop();
    this.#wait = FIRST_LOOK_MS;
    this.#later();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      this.#look();
    }, this.#wait);
    this.#wait = Math.min(LAST_LOOK_MS, 2 * this.#wait);
  }

  #look(): void {
    let top = false;
    const failed = (): void => {
      this.stop();
      this.#later();
    };
    const socket = this.#options.open({
      onMessage: (data) => {
        if (!top && parseMessage(data).kind === "hello") {
          top = true;
          clearTimeout(this.#timer);
          this.#socket = null;
          this.#options.onTop(socket);
        }
        if (top) this.#options.onMessage(data);
      },
      onEnd: (end) => {
        if (top) this.#options.onEnd(end);
        else failed();
      },
    });
    this.#socket = socket;
    this.#timer = setTimeout(failed, LOOK_MS);
  }
}
