/** Where each camera stands and looks, as plain numbers: nothing here knows of three.js. */
import { beside, type City } from "./city";
import { DRIVER_EYES } from "./daladala";
import type { Vec } from "./shape";

export interface Shot {
  readonly eye: Vec;
  readonly look: Vec;
  readonly up: Vec;
  /** Height of the picture, degrees. */
  readonly fov: number;
}

/** The bus as cameras see it: its place in metres, its heading, its place on the road. */
export interface Subject {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** About the vertical, radians; 0 faces east, and it grows to the north. */
  readonly yaw: number;
  readonly s: number;
}

const UP: Vec = [0, 1, 0];

/** From a bus facing `yaw`: `ahead`, `up` and to the `right` of it (m). */
export function from(
  { x, y, z }: Subject,
  yaw: number,
  ahead: number,
  up: number,
  right: number,
): Vec {
  return [
    x + Math.cos(yaw) * ahead + Math.sin(yaw) * right,
    y + up,
    z - Math.sin(yaw) * ahead + Math.cos(yaw) * right,
  ];
}

/** Behind and above; `yaw` is the bus's, damped, so that the camera swings round after it. */
export function chase(subject: Subject, yaw: number): Shot {
  return {
    eye: from(subject, yaw, -10.8, 5.2, 1.7),
    look: from(subject, yaw, 9, 1.1, -0.4),
    up: UP,
    fov: 52,
  };
}

/** Who drives leans forward (m) and sees the road over the dashboard, not the dashboard. */
const LEAN_FORWARD = 0.14;
const SIT_UP = 0.14;

export function driver(subject: Subject, tilt: number): Shot {
  const [seat, height, right] = DRIVER_EYES;
  const [ahead, up] = [seat + LEAN_FORWARD, height + SIT_UP];
  return {
    eye: from(subject, subject.yaw, ahead, up, right),
    look: from(subject, subject.yaw, ahead + 10, up - 0.6, right - 0.2),
    up: from({ ...subject, x: 0, y: 0, z: 0 }, subject.yaw, 0, 1, -tilt),
    fov: 62,
  };
}

/** Straight down, north up: the bus and some cells around it. */
export function top(subject: Subject): Shot {
  return {
    eye: [subject.x, 54, subject.z + 0.01],
    look: [subject.x, 0, subject.z],
    up: [0, 0, -1],
    fov: 44,
  };
}

/** A stretch of road (cells) that one picture of the film covers. */
const TAKE = 4;

/**
 * A film of the trip: each stretch of road has its camera, over the lane that nobody drives on, where
 * no house, post or crowd stands before it. It pans after the bus and creeps along (`seconds`).
 */
export function cinematic(city: City, subject: Subject, seconds: number): Shot {
  const take = Math.floor(subject.s / TAKE);
  const kind = take % 4;
  const creep = Math.sin(seconds * 0.16) * 1.6;
  const post = (s: number, left: number, up: number): Vec => {
    const { x, z } = beside(city.path, Math.min(city.path.end, Math.max(0, s)), left, creep);
    return [x, up, z];
  };
  const look: Vec = [subject.x, subject.y + 1.3, subject.z];
  const begin = take * TAKE;
  switch (kind) {
    case 0:
      // Low on the other lane ahead, the bus coming on.
      return { eye: post(begin + TAKE + 0.9, -2.3, 1.3), look, up: UP, fov: 36 };
    case 1:
      // From over the other lane, as from a bridge.
      return {
        eye: post(begin + TAKE * 0.5 + 1.4, -2, 5.4 + creep * 0.3),
        look,
        up: UP,
        fov: 46,
      };
    case 2:
      // Driving along beside it, as from another car.
      return {
        eye: from(subject, subject.yaw, 6.4 + creep, 1.8, 4.8),
        look: from(subject, subject.yaw, 0.6, 1.5, 0),
        up: UP,
        fov: 46,
      };
    default:
      return { eye: post(begin - 1.2, -1.6, 9 + creep), look, up: UP, fov: 40 };
  }
}

/** A view that the person chose: around a point, at a distance. */
export interface Orbit {
  /** Where the camera stands from the point: radians about it, and above the horizon. */
  readonly yaw: number;
  readonly pitch: number;
  readonly distance: number;
  /** How far the point has been moved from the bus (m). */
  readonly panX: number;
  readonly panZ: number;
}

export function free(subject: Subject, orbit: Orbit): Shot {
  const look: Vec = [subject.x + orbit.panX, 1.4, subject.z + orbit.panZ];
  const flat = Math.cos(orbit.pitch) * orbit.distance;
  return {
    eye: [
      look[0] + Math.cos(orbit.yaw) * flat,
      look[1] + Math.sin(orbit.pitch) * orbit.distance,
      look[2] - Math.sin(orbit.yaw) * flat,
    ],
    look,
    up: UP,
    fov: 50,
  };
}

export function blend(a: Shot, b: Shot, part: number): Shot {
  const mix = (p: Vec, q: Vec): Vec => [
    p[0] + (q[0] - p[0]) * part,
    p[1] + (q[1] - p[1]) * part,
    p[2] + (q[2] - p[2]) * part,
  ];
  return {
    eye: mix(a.eye, b.eye),
    look: mix(a.look, b.look),
    up: mix(a.up, b.up),
    fov: a.fov + (b.fov - a.fov) * part,
  };
}

/** The height of the picture (degrees) for a window: tall ones show more above and below. */
export function fovFor(fov: number, aspect: number): number {
  if (aspect >= SQUARE_ISH) return fov;
  const half = Math.tan((fov * Math.PI) / 360) * (1 + (SQUARE_ISH / aspect - 1) * WIDEN);
  return Math.min(WIDEST, (Math.atan(half) * 360) / Math.PI);
}

/** Windows narrower than this (width to height) are seen with a wider angle, by a part of it. */
const SQUARE_ISH = 1.25;
const WIDEN = 0.4;

/** Wider than this (degrees), things at the edge look pulled apart. */
const WIDEST = 84;
