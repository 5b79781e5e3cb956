/**
 * The sounds themselves, made of oscillators and noise: no recording is fetched. Each plays once
 * into `out` and frees itself when it has ended.
 */

/** A tone that slides from one pitch to another. */
export interface Tone {
  readonly type: OscillatorType;
  /** Hertz, at the beginning and at the end. */
  readonly from: number;
  readonly to: number;
  /** Seconds from now, and how long. */
  readonly after: number;
  readonly lasts: number;
  /** Loudest, 0 to 1. */
  readonly gain: number;
}

/** Seconds for a sound to rise or fall: quicker would click. */
const RAMP_S = 0.012;

export function tone(out: AudioNode, { type, from, to, after, lasts, gain }: Tone): void {
  const { context } = out;
  const begin = context.currentTime + after;
  const source = new OscillatorNode(context, { type, frequency: from });
  source.frequency.setValueAtTime(from, begin);
  source.frequency.exponentialRampToValueAtTime(to, begin + lasts);
  source.connect(envelope(out, begin, lasts, gain));
  source.start(begin);
  source.stop(begin + lasts + RAMP_S);
}

export interface Noise {
  /** Of the band that is let through, in hertz, at the beginning and at the end. */
  readonly from: number;
  readonly to: number;
  readonly after: number;
  readonly lasts: number;
  readonly gain: number;
  /** How narrow the band is. */
  readonly q: number;
}

export function noise(out: AudioNode, { from, to, after, lasts, gain, q }: Noise): void {
  const { context } = out;
  const begin = context.currentTime + after;
  const buffer = new AudioBuffer({
    length: Math.ceil(context.sampleRate * lasts),
    sampleRate: context.sampleRate,
  });
  const samples = buffer.getChannelData(0);
  for (let at = 0; at < samples.length; at += 1) samples[at] = Math.random() * 2 - 1;
  const source = new AudioBufferSourceNode(context, { buffer });
  const band = new BiquadFilterNode(context, { type: "bandpass", frequency: from, Q: q });
  band.frequency.setValueAtTime(from, begin);
  band.frequency.exponentialRampToValueAtTime(to, begin + lasts);
  source.connect(band).connect(envelope(out, begin, lasts, gain));
  source.start(begin);
}

function envelope(out: AudioNode, begin: number, lasts: number, gain: number): GainNode {
  const node = new GainNode(out.context, { gain: 0 });
  node.gain.setValueAtTime(0, begin);
  node.gain.linearRampToValueAtTime(gain, begin + RAMP_S);
  node.gain.setValueAtTime(gain, Math.max(begin + RAMP_S, begin + lasts * 0.6));
  node.gain.linearRampToValueAtTime(0, begin + lasts);
  node.connect(out);
  return node;
}

/** Two quick hoots, high and bright like the horn of a minibus. */
export function horn(out: AudioNode): void {
  for (const after of [0, 0.16]) {
    for (const pitch of [523, 659]) {
      tone(out, { type: "sawtooth", from: pitch, to: pitch, after, lasts: 0.12, gain: 0.07 });
    }
  }
}

/** Coins in the conductor's hand, more of them for more fares. */
export function coins(out: AudioNode, count: number): void {
  for (let nth = 0; nth < Math.min(count, 6); nth += 1) {
    const pitch = 2100 + Math.random() * 900;
    const after = nth * 0.07;
    tone(out, { type: "triangle", from: pitch, to: pitch * 1.01, after, lasts: 0.14, gain: 0.09 });
  }
}

export function brakes(out: AudioNode): void {
  noise(out, { from: 2600, to: 900, after: 0, lasts: 0.35, gain: 0.12, q: 9 });
}

/** A pea whistle: a high tone that trembles. */
export function whistle(out: AudioNode): void {
  for (let nth = 0; nth < 7; nth += 1) {
    const from = nth % 2 === 0 ? 2350 : 2150;
    tone(out, { type: "sine", from, to: from, after: nth * 0.05, lasts: 0.055, gain: 0.12 });
  }
}

export function crash(out: AudioNode): void {
  noise(out, { from: 1800, to: 90, after: 0, lasts: 0.9, gain: 0.5, q: 0.6 });
  noise(out, { from: 5200, to: 2400, after: 0.12, lasts: 0.5, gain: 0.12, q: 4 });
  tone(out, { type: "triangle", from: 130, to: 34, after: 0, lasts: 0.6, gain: 0.4 });
}
