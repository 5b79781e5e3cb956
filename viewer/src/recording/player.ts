/** Plays a recording on a clock of its own: at its frame rate or another, from any frame. */
import type { Frame } from "../protocol/messages";
import type { Recording } from "./recording";

/** Least time between two ticks, in milliseconds: quicker than this no screen shows it. */
const TICK_MS = 16;

/** Frames shown one by one in a tick; of more, as after a sleep of the page, only the last is. */
const MOST_AT_ONCE = 60;

/** Frames a second that can be asked for. */
export const PLAYBACK_FPS = { least: 0.5, most: 240 } as const;

export interface PlayerEvents {
  readonly onFrame: (frame: Frame, index: number) => void;
  readonly onState: () => void;
}

export class Player {
  readonly recording: Recording;
  readonly #events: PlayerEvents;
  #index = 0;
  #fps: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #since = 0;

  constructor(recording: Recording, events: PlayerEvents) {
    this.recording = recording;
    this.#events = events;
    this.#fps = bounded(recording.room.fps);
  }

  get index(): number {
    return this.#index;
  }

  get fps(): number {
    return this.#fps;
  }

  get playing(): boolean {
    return this.#timer !== undefined;
  }

  play(): void {
    // At the end there is nothing left to play but the whole.
    if (this.#index >= this.recording.count - 1) this.#show(0);
    this.#start();
    this.#events.onState();
  }

  pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#events.onState();
  }

  seek(index: number, play: boolean): void {
    this.#show(Math.min(Math.max(0, Math.round(index)), this.recording.count - 1));
    if (play) this.#start();
    else this.pause();
    this.#events.onState();
  }

  setFps(fps: number): void {
    this.#fps = bounded(fps);
    if (this.playing) this.#start();
    this.#events.onState();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #start(): void {
    clearInterval(this.#timer);
    this.#since = Date.now();
    this.#timer = setInterval(
      () => {
        this.#tick();
      },
      Math.max(TICK_MS, 1000 / this.#fps),
    );
  }

  #tick(): void {
    const due = Math.floor(((Date.now() - this.#since) * this.#fps) / 1000 + 0.01);
    if (due < 1) return;
    this.#since += (due * 1000) / this.#fps;
    const last = Math.min(this.#index + due, this.recording.count - 1);
    const first = due > MOST_AT_ONCE ? last : this.#index + 1;
    for (let index = first; index <= last; index += 1) this.#show(index);
    if (last === this.recording.count - 1) this.pause();
  }

  #show(index: number): void {
    this.#index = index;
    const frame = this.recording.frame(index);
    if (frame !== null) this.#events.onFrame(frame, index);
  }
}

function bounded(fps: number): number {
  return Math.min(Math.max(PLAYBACK_FPS.least, fps), PLAYBACK_FPS.most);
}
