/**
 * The time of day: from late afternoon when the bus sets out to the blue hour when it arrives. Told
 * by the part of the trip that is done, so that the same place has the same light each time.
 */
import type { Point } from "../plan/geometry";

export type Rgb = readonly [r: number, g: number, b: number];

export interface Light {
  /** Towards the sun, a unit vector: x east, y up, z south. */
  readonly sun: readonly [x: number, y: number, z: number];
  readonly sunColor: Rgb;
  readonly skyLight: Rgb;
  readonly groundLight: Rgb;
  readonly zenith: Rgb;
  readonly hazeToSun: Rgb;
  readonly hazeAway: Rgb;
  /** What the ground keeps of its light in a shadow. */
  readonly shade: Rgb;
  /** 0 by day, 1 when lamps and windows are lit. */
  readonly night: number;
}

interface Hour extends Omit<Light, "sun"> {
  readonly part: number;
  /** Height of the sun over the horizon, degrees. */
  readonly height: number;
}

const HOURS: readonly [Hour, ...Hour[]] = [
  {
    part: 0,
    height: 27,
    sunColor: [0.62, 0.48, 0.3],
    skyLight: [0.62, 0.64, 0.7],
    groundLight: [0.46, 0.38, 0.36],
    zenith: [0.25, 0.52, 0.78],
    hazeToSun: [1.0, 0.86, 0.62],
    hazeAway: [0.78, 0.84, 0.88],
    shade: [0.68, 0.64, 0.76],
    night: 0,
  },
  {
    part: 0.45,
    height: 15,
    sunColor: [0.7, 0.44, 0.2],
    skyLight: [0.55, 0.54, 0.64],
    groundLight: [0.46, 0.35, 0.34],
    zenith: [0.25, 0.42, 0.7],
    hazeToSun: [1.0, 0.74, 0.42],
    hazeAway: [0.86, 0.74, 0.74],
    shade: [0.66, 0.6, 0.74],
    night: 0.1,
  },
  {
    part: 0.75,
    height: 5,
    sunColor: [0.52, 0.25, 0.1],
    skyLight: [0.56, 0.52, 0.68],
    groundLight: [0.42, 0.31, 0.36],
    zenith: [0.17, 0.24, 0.5],
    hazeToSun: [1.0, 0.56, 0.26],
    hazeAway: [0.6, 0.48, 0.62],
    shade: [0.74, 0.68, 0.8],
    night: 0.6,
  },
  {
    part: 1,
    height: -4,
    sunColor: [0.16, 0.07, 0.05],
    skyLight: [0.56, 0.56, 0.78],
    groundLight: [0.42, 0.36, 0.5],
    zenith: [0.09, 0.12, 0.32],
    hazeToSun: [0.94, 0.46, 0.26],
    hazeAway: [0.27, 0.29, 0.5],
    shade: [0.94, 0.93, 0.96],
    night: 1,
  },
];

/**
 * The sun goes down behind the bus as it sets out, a little to its right: `start` is the heading
 * there, so that the first thing seen is a street in the sun and not the glare.
 */
export function lightAt(part: number, start: Point): Light {
  const now = Math.min(1, Math.max(0, part));
  const after = HOURS.find((hour) => hour.part >= now) ?? HOURS[0];
  const before = HOURS.findLast((hour) => hour.part <= now) ?? HOURS[0];
  const span = after.part - before.part;
  const t = span > 0 ? (now - before.part) / span : 0;
  const number = (a: number, b: number): number => a + (b - a) * t;
  const color = (a: Rgb, b: Rgb): Rgb => [
    number(a[0], b[0]),
    number(a[1], b[1]),
    number(a[2], b[2]),
  ];
  const height = (number(before.height, after.height) * Math.PI) / 180;
  const back = { x: -start.x, y: -start.y };
  const aside = 0.5;
  const flat = Math.hypot(1, aside);
  // The driver's right is (-y, x) where y grows southwards.
  const x = (back.x - start.y * aside) / flat;
  const z = (back.y + start.x * aside) / flat;
  return {
    sun: [x * Math.cos(height), Math.sin(height), z * Math.cos(height)],
    sunColor: color(before.sunColor, after.sunColor),
    skyLight: color(before.skyLight, after.skyLight),
    groundLight: color(before.groundLight, after.groundLight),
    zenith: color(before.zenith, after.zenith),
    hazeToSun: color(before.hazeToSun, after.hazeToSun),
    hazeAway: color(before.hazeAway, after.hazeAway),
    shade: color(before.shade, after.shade),
    night: number(before.night, after.night),
  };
}
