/** The camera: goes from shot to shot, damped, shifted so that panels do not lie over the bus. */
import { PerspectiveCamera } from "three";
import type { City } from "./city";
import type { Camera, Inset } from "./scene";
import {
  blend,
  chase,
  cinematic,
  driver,
  fovFor,
  free,
  top,
  type Orbit,
  type Shot,
  type Subject,
} from "./shots";

/** How long it takes from one camera to another (s). */
const SWOOP = 0.9;

/** How quickly the chasing camera swings round after the bus (1/s). */
const SWING = 2.6;

/** A picture that changes less than this (m, radians) from one to the next stands still. */
const STILL = 1e-3;

export interface Moment {
  readonly city: City;
  readonly subject: Subject;
  /** How far the bus leans, radians. */
  readonly lean: number;
  readonly orbit: Orbit;
  /** Seconds since the last picture, and of the scene's own clock. */
  readonly passed: number;
  readonly seconds: number;
  /** How hard the picture shakes (m). */
  readonly shake: number;
}

export class Rig {
  readonly camera = new PerspectiveCamera(50, 1, 0.2, 1400);
  #mode: Camera = "chase";
  #from: Shot | null = null;
  #part = 1;
  #shown: Shot | null = null;
  #yaw: number | null = null;
  #inset: Inset = { top: 0, right: 0, bottom: 0, left: 0 };
  #size = { width: 1, height: 1 };
  calm = false;

  get mode(): Camera {
    return this.#mode;
  }

  /** What was seen last. */
  get shot(): Shot | null {
    return this.#shown;
  }

  choose(mode: Camera): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#from = this.calm ? null : this.#shown;
    this.#part = this.#from === null ? 1 : 0;
  }

  /** Be where the bus is, without a way there: a new city, a new episode. */
  cut(): void {
    this.#yaw = null;
    this.#part = 1;
    this.#from = null;
  }

  fit(width: number, height: number, inset: Inset): void {
    this.#size = { width, height };
    this.#inset = inset;
  }

  /**
   * Aim for one picture; says whether the camera is still on its way. The film's camera creeps for as
   * long as there are pictures, but asks for none: in a room that stands still it comes to rest.
   */
  aim(moment: Moment): boolean {
    const goal = this.#goal(moment);
    this.#part = Math.min(1, this.#part + moment.passed / SWOOP);
    const eased = this.#part * this.#part * (3 - 2 * this.#part);
    const shot = this.#from === null ? goal : blend(this.#from, goal, eased);
    const moved = this.#shown === null || differs(this.#shown, shot);
    this.#shown = shot;
    this.#show(shot, moment);
    return this.#part < 1 || (moved && this.#mode !== "cinematic");
  }

  #goal({ city, subject, lean, orbit, passed, seconds }: Moment): Shot {
    const turn = Math.atan2(
      Math.sin(subject.yaw - (this.#yaw ?? subject.yaw)),
      Math.cos(subject.yaw - (this.#yaw ?? subject.yaw)),
    );
    this.#yaw = (this.#yaw ?? subject.yaw) + turn * (this.calm ? 1 : 1 - Math.exp(-SWING * passed));
    switch (this.#mode) {
      case "chase":
        return chase(subject, this.#yaw);
      case "driver":
        return driver(subject, lean);
      case "top":
        return top(subject);
      case "cinematic":
        return cinematic(city, subject, this.calm ? 0 : seconds);
      case "free":
        return free(subject, orbit);
    }
  }

  #show({ eye, look, up, fov }: Shot, { shake, seconds }: Moment): void {
    const { camera } = this;
    const { width, height } = this.#size;
    const { top: above, right, bottom, left } = this.#inset;
    const freeWidth = Math.max(width * 0.2, width - left - right);
    const freeHeight = Math.max(height * 0.2, height - above - bottom);
    const tremble = (a: number, b: number): number =>
      (Math.sin(seconds * a) + Math.sin(seconds * b)) * 0.5 * shake;
    camera.up.set(...up);
    camera.position.set(
      eye[0] + tremble(61, 37),
      eye[1] + tremble(53, 43),
      eye[2] + tremble(47, 71),
    );
    camera.lookAt(...look);
    camera.aspect = width / height;
    // What fits the free part of the window is shown in it; the rest goes on under the panels.
    const inFree =
      (Math.tan((fovFor(fov, freeWidth / freeHeight) * Math.PI) / 360) * height) / freeHeight;
    camera.fov = Math.min(100, (Math.atan(inFree) * 360) / Math.PI);
    const dx = left + freeWidth / 2 - width / 2;
    const dy = above + freeHeight / 2 - height / 2;
    camera.setViewOffset(width, height, -dx, -dy, width, height);
  }
}

function differs(a: Shot, b: Shot): boolean {
  const far = (p: Shot["eye"], q: Shot["eye"]): number =>
    Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
  return far(a.eye, b.eye) + far(a.look, b.look) > STILL || Math.abs(a.fov - b.fov) > STILL;
}
