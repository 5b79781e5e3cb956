/** The cameras: a button each, and the choice kept in the address (`?camera=top`). */
import type { Camera } from "../scene/scene";
import { h, named, worded } from "./dom";
import type { KeyActions } from "./keys";

/** The cameras in their order, with the key of each. */
const CAMERA_KEYS: Readonly<Record<Camera, string>> = {
  chase: "1",
  driver: "2",
  top: "3",
  cinematic: "4",
  free: "5",
};

const CAMERAS = Object.keys(CAMERA_KEYS) as Camera[];

export class Cameras {
  readonly #buttons: ReadonlyMap<Camera, HTMLElement>;
  readonly #choose: (camera: Camera) => void;
  #camera: Camera;

  constructor(host: HTMLElement, choose: (camera: Camera) => void) {
    this.#choose = choose;
    this.#camera = cameraAsked();
    this.#buttons = new Map(
      CAMERAS.map((camera) => {
        const key = h("kbd", { "aria-hidden": "true" }, CAMERA_KEYS[camera]);
        const button = h("button", { type: "button", "data-camera": camera }, key);
        button.append(worded(h("span"), `camera.${camera}`));
        button.addEventListener("click", () => {
          this.choose(camera);
        });
        return [camera, button];
      }),
    );
    const group = h("div", { class: "cameras", role: "group" }, ...this.#buttons.values());
    host.append(named(group, "camera.title"));
    this.#mark();
  }

  get camera(): Camera {
    return this.#camera;
  }

  choose(camera: Camera): void {
    if (camera === this.#camera) return;
    this.#camera = camera;
    this.#mark();
    const url = new URL(location.href);
    url.searchParams.set("camera", camera);
    history.replaceState(history.state, "", url);
    this.#choose(camera);
  }

  #mark(): void {
    for (const [camera, button] of this.#buttons) {
      button.setAttribute("aria-pressed", String(camera === this.#camera));
    }
  }
}

/** The camera that the page's address asks for. */
export function cameraAsked(): Camera {
  const wish = new URL(location.href).searchParams.get("camera");
  return CAMERAS.find((camera) => camera === wish) ?? "chase";
}

/** The keys of the cameras, for `onKeys`. */
export function cameraKeys(cameras: Cameras): KeyActions {
  const chosenBy = (camera: Camera) => () => {
    cameras.choose(camera);
  };
  return Object.fromEntries(CAMERAS.map((camera) => [CAMERA_KEYS[camera], chosenBy(camera)]));
}
