/** The hum of the engine: two saws a little apart, under a filter that opens with the speed. */

/** Hertz standing still, and for each notch of speed. */
const IDLE_HZ = 38;
const NOTCH_HZ = 13;

/** How quickly the hum follows the speed, as the time constant of the change in seconds. */
const FOLLOWS_S = 0.18;

export class Engine {
  readonly #saws: readonly OscillatorNode[];
  readonly #filter: BiquadFilterNode;
  readonly #gain: GainNode;

  constructor(out: AudioNode) {
    const { context } = out;
    this.#gain = new GainNode(context, { gain: 0 });
    this.#filter = new BiquadFilterNode(context, { type: "lowpass", frequency: 160, Q: 2 });
    this.#filter.connect(this.#gain).connect(out);
    this.#saws = [0, 7].map((detune) => {
      const saw = new OscillatorNode(context, { type: "sawtooth", frequency: IDLE_HZ, detune });
      saw.connect(this.#filter);
      saw.start();
      return saw;
    });
  }

  /** Follow this speed; a room that stands still has its engine idle low. */
  run(speed: number, moving: boolean): void {
    const now = this.#gain.context.currentTime;
    const notches = Math.min(6, Math.max(0, speed));
    for (const saw of this.#saws) {
      saw.frequency.setTargetAtTime(IDLE_HZ + NOTCH_HZ * notches, now, FOLLOWS_S);
    }
    this.#filter.frequency.setTargetAtTime(150 + 90 * notches, now, FOLLOWS_S);
    this.#gain.gain.setTargetAtTime(moving ? 0.07 + 0.015 * notches : 0.03, now, FOLLOWS_S);
  }
}
