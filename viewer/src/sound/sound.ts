/**
 * Sound, off until somebody asks for it: browsers want a gesture, and so do people. What is heard is
 * what changed from one frame to the next; frames that were missed stay silent.
 */
import type { Frame } from "../protocol/messages";
import type { View } from "../state/view";
import { Engine } from "./engine";
import { brakes, coins, crash, horn, whistle } from "./voices";

/** TSh for each coin that is heard. */
const COIN_TSH = 2_000;

/** Seconds over which the whole is faded in and out. */
const FADE_S = 0.08;

export type Voice =
  | { readonly kind: "horn" | "brakes" | "whistle" | "crash" }
  | { readonly kind: "coins"; readonly count: number };

/** What is to be heard of the step from one frame to the next. */
export function voicesOf(before: Frame, frame: Frame): Voice[] {
  const voices: Voice[] = [];
  if (frame.crashed && !before.crashed) voices.push({ kind: "crash" });
  if (frame.policeHere && !before.policeHere) voices.push({ kind: "whistle" });
  if (frame.passengers > before.passengers) voices.push({ kind: "horn" });
  if (frame.speed < before.speed) voices.push({ kind: "brakes" });
  const earned = frame.money - before.money;
  if (earned > 0) voices.push({ kind: "coins", count: Math.ceil(earned / COIN_TSH) });
  return voices;
}

export class Sound {
  #context: AudioContext | null = null;
  #out: GainNode | null = null;
  #engine: Engine | null = null;
  #on = false;
  #frame: Frame | null = null;

  get on(): boolean {
    return this.#on;
  }

  /** Called by a gesture; without a sound device it stays off. */
  toggle(): boolean {
    this.#on = !this.#on && this.#open();
    const { context } = this.#out ?? {};
    this.#out?.gain.setTargetAtTime(this.#on ? 1 : 0, context?.currentTime ?? 0, FADE_S);
    if (this.#on) void this.#context?.resume();
    // The tail of what sounds is heard before the machine may rest.
    else setTimeout(() => void (this.#on ? null : this.#context?.suspend()), FADE_S * 5000);
    return this.#on;
  }

  render({ frame, previous, room, watching }: View): void {
    if (frame === null || frame === this.#frame) return;
    this.#frame = frame;
    if (!this.#on || this.#out === null || document.hidden) return;
    this.#engine?.run(frame.speed, watching.kind !== "live" || room?.paused !== true);
    if (previous === null) return;
    for (const voice of voicesOf(previous, frame)) play(this.#out, voice);
  }

  #open(): boolean {
    if (this.#context !== null) return true;
    try {
      this.#context = new AudioContext();
      this.#out = new GainNode(this.#context, { gain: 0 });
      this.#out.connect(this.#context.destination);
      this.#engine = new Engine(this.#out);
      this.#engine.run(this.#frame?.speed ?? 0, true);
      return true;
    } catch {
      this.#context = null;
      return false;
    }
  }
}

function play(out: AudioNode, voice: Voice): void {
  switch (voice.kind) {
    case "horn":
      horn(out);
      return;
    case "brakes":
      brakes(out);
      return;
    case "whistle":
      whistle(out);
      return;
    case "crash":
      crash(out);
      return;
    case "coins":
      coins(out, voice.count);
  }
}
