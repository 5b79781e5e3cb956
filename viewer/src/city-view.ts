/**
 * What draws the city: the three-dimensional scene, or the plan from above where there is no WebGL.
 * Browsers may take a scene's graphics away at any time; then that is said, and if they are not given
 * back soon the plan goes on.
 */
import { cameraAsked } from "./hud/cameras";
import { inWords, named } from "./hud/dom";
import { Plan } from "./plan/plan";
import { t } from "./i18n";
import type { Camera, Inset, Scene, SceneState } from "./scene/scene";
import type { View } from "./state/view";

/** How long lost graphics are waited for (ms): a driver that starts anew takes a second or two. */
export const PATIENCE_MS = 4_000;

/** What has become of the scene, for those who wonder where it went. */
export type Picture = "drawn" | "lost" | "plan";

export class CityView {
  readonly #host: HTMLElement;
  readonly #tell: (picture: Picture) => void;
  readonly #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #drawing: Scene | Plan | null = null;
  #view: View | null = null;
  #camera: Camera = cameraAsked();
  #inset: Inset = { top: 0, right: 0, bottom: 0, left: 0 };
  #patience: ReturnType<typeof setTimeout> | undefined;
  #firstSceneMs: number | null = null;

  constructor(host: HTMLElement, tell: (picture: Picture) => void) {
    this.#host = named(host, "page.scene");
    this.#tell = tell;
    this.#calm.addEventListener("change", () => {
      this.#scene?.setReducedMotion(this.#calm.matches);
    });
    inWords(() => {
      this.#scene?.setLabel(t("camera.hands"));
    });
    void this.#load();
  }

  /** What is drawn now; null as long as nothing is, or only the plan. */
  get state(): SceneState | null {
    return this.#scene?.state ?? null;
  }

  /** When the scene was first drawn, in milliseconds since the page was asked for. */
  get firstSceneMs(): number | null {
    return this.#firstSceneMs;
  }

  render(view: View): void {
    this.#view = view;
    this.#drawing?.render(view);
  }

  setCamera(camera: Camera): void {
    this.#camera = camera;
    this.#scene?.setCamera(camera);
    this.#write();
  }

  setInset(inset: Inset): void {
    this.#inset = inset;
    this.#scene?.setInset(inset);
    // For the plan, which is placed by the style sheet.
    for (const [side, px] of Object.entries(inset)) {
      this.#host.style.setProperty(`--covered-${side}`, `${px}px`);
    }
  }

  get #scene(): Scene | null {
    return this.#drawing !== null && "setCamera" in this.#drawing ? this.#drawing : null;
  }

  /** The scene is by far the largest part of the program: numbers and connection don't wait for it. */
  async #load(): Promise<void> {
    try {
      const { createScene } = await import("./scene/scene");
      this.#drawing = createScene(this.#host, {
        reducedMotion: this.#calm.matches,
        onDrawn: () => {
          this.#firstSceneMs = performance.now();
        },
        onLost: () => {
          this.#tell("lost");
          this.#patience = setTimeout(() => {
            this.#fallBack();
          }, PATIENCE_MS);
        },
        onRestored: () => {
          clearTimeout(this.#patience);
          this.#tell("drawn");
        },
      });
    } catch {
      // Offline or an old page of a new server: the plan is better than nothing.
    }
    this.#drawing ??= new Plan(this.#host, { detail: "full" });
    this.#scene?.setLabel(t("camera.hands"));
    this.#scene?.setCamera(this.#camera);
    this.#scene?.setInset(this.#inset);
    this.#begin();
  }

  #fallBack(): void {
    this.#scene?.dispose();
    this.#drawing = new Plan(this.#host, { detail: "full" });
    this.#begin();
    this.#tell("plan");
  }

  #begin(): void {
    this.#write();
    if (this.#view !== null) this.#drawing?.render({ ...this.#view, previous: null });
  }

  #write(): void {
    this.#host.dataset["drawing"] = this.#scene === null ? "plan" : "scene";
    // A picture has nothing in it that can be focused; the free camera's canvas can be.
    const steered = this.#scene !== null && this.#camera === "free";
    this.#host.setAttribute("role", steered ? "group" : "img");
  }
}
