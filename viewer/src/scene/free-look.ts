/**
 * The free camera's hands: pointer, wheel, touch and keys turn, shift and draw near. They are
 * heeded only while the free camera is chosen, and keys only while the picture has the focus.
 */
import type { Orbit, Shot, Subject } from "./shots";

/** Bounds of the view: not into the ground, not upside down, not out of sight of the bus. */
const LOWEST = 0.06;
const HIGHEST = 1.5;
const NEAREST = 6;
const FARTHEST = 120;
const MOST_SHIFT = 150;

/** Radians a pixel of a drag, and a press of a key. */
const TURN_PIXEL = 0.006;
const TURN_KEY = 0.12;

/** Part of the distance that a pixel of a drag and a press of a key shift. */
const SHIFT_PIXEL = 0.0016;
const SHIFT_KEY = 0.09;

const ZOOM_WHEEL = 0.0012;
const ZOOM_KEY = 0.12;

const HOME: Orbit = { yaw: 2.5, pitch: 0.42, distance: 21, panX: 0, panZ: 0 };

/** What a key does: turn (x, y), shift (right, ahead), zoom. */
const KEYS: Readonly<Record<string, readonly [number, number, number, number, number]>> = {
  ArrowLeft: [-TURN_KEY, 0, 0, 0, 0],
  ArrowRight: [TURN_KEY, 0, 0, 0, 0],
  ArrowUp: [0, TURN_KEY, 0, 0, 0],
  ArrowDown: [0, -TURN_KEY, 0, 0, 0],
  a: [0, 0, -SHIFT_KEY, 0, 0],
  d: [0, 0, SHIFT_KEY, 0, 0],
  w: [0, 0, 0, SHIFT_KEY, 0],
  s: [0, 0, 0, -SHIFT_KEY, 0],
  "+": [0, 0, 0, 0, -ZOOM_KEY],
  "=": [0, 0, 0, 0, -ZOOM_KEY],
  "-": [0, 0, 0, 0, ZOOM_KEY],
};

export class FreeLook {
  readonly #canvas: HTMLCanvasElement;
  readonly #changed: () => void;
  readonly #pointers = new Map<number, { x: number; y: number }>();
  readonly #listening = new AbortController();
  #orbit = HOME;
  #on = false;

  constructor(canvas: HTMLCanvasElement, changed: () => void) {
    this.#canvas = canvas;
    this.#changed = changed;
    const { signal } = this.#listening;
    canvas.addEventListener("pointerdown", this.#down, { signal });
    canvas.addEventListener("pointermove", this.#drag, { signal });
    canvas.addEventListener("pointerup", this.#up, { signal });
    canvas.addEventListener("pointercancel", this.#up, { signal });
    canvas.addEventListener("wheel", this.#wheel, { signal, passive: false });
    canvas.addEventListener("keydown", this.#key, { signal });
    canvas.addEventListener("contextmenu", this.#menu, { signal });
  }

  get orbit(): Orbit {
    return this.#orbit;
  }

  /** Take over from the shot that is seen now, so that nothing jumps. */
  enable(on: boolean, shot: Shot | null, subject: Subject): void {
    this.#on = on;
    this.#pointers.clear();
    this.#canvas.style.touchAction = on ? "none" : "";
    this.#canvas.style.cursor = on ? "grab" : "";
    if (!on || shot === null) return;
    const [dx, dy, dz] = [shot.eye[0] - subject.x, shot.eye[1] - 1.4, shot.eye[2] - subject.z];
    const distance = Math.hypot(dx, dy, dz);
    this.#set({
      yaw: Math.atan2(-dz, dx),
      pitch: Math.asin(distance > 0 ? dy / distance : 0),
      distance: Math.max(distance, HOME.distance * 0.6),
      panX: 0,
      panZ: 0,
    });
  }

  dispose(): void {
    this.#listening.abort();
  }

  readonly #down = (event: PointerEvent): void => {
    if (!this.#on) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#canvas.focus({ preventScroll: true });
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  };

  readonly #drag = (event: PointerEvent): void => {
    const before = this.#pointers.get(event.pointerId);
    if (!this.#on || before === undefined) return;
    const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
    const [other] = [...this.#pointers].filter(([id]) => id !== event.pointerId);
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (other !== undefined) {
      // Two fingers: how far they are apart is the distance, where they go the ground goes.
      const [, still] = other;
      const apart = Math.hypot(before.x - still.x, before.y - still.y);
      const now = Math.hypot(event.clientX - still.x, event.clientY - still.y);
      this.#zoom(apart > 0 && now > 0 ? apart / now : 1);
      this.#shift((-dx * SHIFT_PIXEL) / 2, (dy * SHIFT_PIXEL) / 2);
    } else if (event.shiftKey || (event.buttons & 2) !== 0) {
      this.#shift(-dx * SHIFT_PIXEL, dy * SHIFT_PIXEL);
    } else {
      this.#turn(-dx * TURN_PIXEL, dy * TURN_PIXEL);
    }
  };

  readonly #up = (event: PointerEvent): void => {
    this.#pointers.delete(event.pointerId);
  };

  readonly #wheel = (event: WheelEvent): void => {
    if (!this.#on) return;
    event.preventDefault();
    this.#zoom(Math.exp(event.deltaY * ZOOM_WHEEL));
  };

  readonly #key = (event: KeyboardEvent): void => {
    if (!this.#on || event.ctrlKey || event.metaKey || event.altKey) return;
    const known = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
    if (event.key === "Home") this.#set(HOME);
    else if (known === undefined) return;
    else {
      const [turn, tip, right, ahead, zoom] = known;
      this.#turn(turn, tip);
      this.#shift(right, ahead);
      this.#zoom(1 + zoom);
    }
    event.preventDefault();
    event.stopPropagation();
  };

  readonly #menu = (event: Event): void => {
    if (this.#on) event.preventDefault();
  };

  #turn(x: number, y: number): void {
    this.#set({ ...this.#orbit, yaw: this.#orbit.yaw + x, pitch: this.#orbit.pitch + y });
  }

  /** Over the ground, as parts of the distance: to the right and away as seen now. */
  #shift(right: number, ahead: number): void {
    const { yaw, distance } = this.#orbit;
    const [c, s] = [Math.cos(yaw) * distance, Math.sin(yaw) * distance];
    this.#set({
      ...this.#orbit,
      panX: this.#orbit.panX - c * ahead + s * right,
      panZ: this.#orbit.panZ + s * ahead + c * right,
    });
  }

  #zoom(factor: number): void {
    this.#set({ ...this.#orbit, distance: this.#orbit.distance * factor });
  }

  #set({ yaw, pitch, distance, panX, panZ }: Orbit): void {
    const within = (value: number, least: number, most: number): number =>
      Math.min(most, Math.max(least, value));
    this.#orbit = {
      yaw,
      pitch: within(pitch, LOWEST, HIGHEST),
      distance: within(distance, NEAREST, FARTHEST),
      panX: within(panX, -MOST_SHIFT, MOST_SHIFT),
      panZ: within(panZ, -MOST_SHIFT, MOST_SHIFT),
    };
    this.#changed();
  }
}
