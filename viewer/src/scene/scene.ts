/**
 * What the page knows of the three-dimensional scene: hand it what is known, choose a camera, read
 * what is drawn. Nothing outside of this folder knows three.js.
 */
import type { View } from "../state/view";
import { Stage } from "./stage";

export const CAMERAS = ["chase", "driver", "top", "cinematic", "free"] as const;
export type Camera = (typeof CAMERAS)[number];

/** What is drawn now; for tests and for those who want to know what their machine does. */
export interface SceneState {
  readonly camera: Camera;
  /** In cells, y upwards; `heading` in degrees, clockwise from north. */
  readonly bus: { readonly x: number; readonly y: number; readonly heading: number } | null;
  readonly fps: number;
  readonly calls: number;
  readonly triangles: number;
  readonly peopleAboard: number;
  readonly peopleWaiting: number;
  /** How far the bus leans towards its door, in degrees. */
  readonly tilt: number;
  /** Whether pictures are being drawn one after another; false when nothing moves. */
  readonly rendering: boolean;
  readonly webgl: boolean;
}

/** CSS pixels at each side of the scene that panels cover. */
export interface Inset {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

export interface Scene {
  /** Show this; called once for each change of what is known. */
  render(view: View): void;
  setCamera(camera: Camera): void;
  /** Whether to leave out swoops, shakes, flashes and gliding. */
  setReducedMotion(reduced: boolean): void;
  setInset(inset: Inset): void;
  /** What the picture is called while it can be focused, which is with the free camera only. */
  setLabel(label: string): void;
  readonly state: SceneState;
  /** Free everything the scene holds, the page's elements and the graphics memory included. */
  dispose(): void;
}

export interface SceneOptions {
  readonly reducedMotion: boolean;
  /** The first picture was drawn. */
  readonly onDrawn: () => void;
  /** The browser took the graphics context away. */
  readonly onLost: () => void;
  /** It gave it back, and the scene draws again. */
  readonly onRestored: () => void;
}

/** A scene in `host`, or null where the browser has no WebGL. */
export function createScene(host: HTMLElement, options: SceneOptions): Scene | null {
  try {
    return new Stage(host, options);
  } catch {
    return null;
  }
}
