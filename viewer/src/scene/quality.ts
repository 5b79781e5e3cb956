/** How much is drawn, chosen by how long pictures take: it steps down by itself, and stays there. */

export interface Quality {
  /** Drawing-buffer pixels to a CSS pixel, at most. */
  readonly pixels: number;
  readonly shadows: boolean;
  /** How far is seen (m). */
  readonly sight: number;
}

const STEPS: readonly [Quality, ...Quality[]] = [
  { pixels: 2, shadows: true, sight: 200 },
  { pixels: 1.25, shadows: true, sight: 190 },
  { pixels: 1, shadows: true, sight: 170 },
  { pixels: 0.75, shadows: true, sight: 150 },
  { pixels: 0.6, shadows: false, sight: 130 },
];

/** A machine without a graphics card begins here: to start above it would mean to start slowly. */
const SOFTWARE_STEP = 2;

/** Pictures that take longer than this (ms) are too slow; 22 is what 45 a second leaves. */
const TOO_SLOW_MS = 22;

/** Without a graphics card one is content with 15 a second. */
const TOO_SLOW_SOFTWARE_MS = 62;

/** How many pictures in a row are measured before it steps down. */
const MEASURED = 24;

/** Longer gaps (ms) are another program's doing, or a tab that was hidden. */
const LONGEST_MS = 400;

export class QualityControl {
  readonly #limit: number;
  #step: number;
  #sum = 0;
  #count = 0;

  constructor(software: boolean) {
    this.#step = software ? SOFTWARE_STEP : 0;
    this.#limit = software ? TOO_SLOW_SOFTWARE_MS : TOO_SLOW_MS;
  }

  get now(): Quality {
    return STEPS[this.#step] ?? STEPS[0];
  }

  /** A picture came `ms` after the one before, in a row of pictures; says whether it steps down. */
  measure(ms: number): boolean {
    if (ms > LONGEST_MS) return false;
    this.#sum += ms;
    this.#count += 1;
    if (this.#count < MEASURED) return false;
    const slow = this.#sum / this.#count > this.#limit;
    this.#sum = 0;
    this.#count = 0;
    if (!slow || this.#step === STEPS.length - 1) return false;
    this.#step += 1;
    return true;
  }
}
