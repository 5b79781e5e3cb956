/**
 * The scene itself: a canvas, a camera, and pictures for as long as something moves. When nothing
 * does, one last picture is drawn as well as the screen can show it, and then none at all.
 */
import { Scene as ThreeScene, WebGLRenderer } from "three";
import type { Room } from "../protocol/messages";
import type { View } from "../state/view";
import { CELL } from "./city";
import { FreeLook } from "./free-look";
import { Kit } from "./kit";
import { Play } from "./play";
import { QualityControl } from "./quality";
import { Rig } from "./rig";
import type { Camera, Inset, Scene, SceneOptions, SceneState } from "./scene";
import { openSurface } from "./surface";

/** A picture after a pause comes with this much time passed at most (s). */
const LONGEST_PICTURE = 0.25;

/** Above this height (m) one looks down on the haze. */
const HAZE_TOP = 14;

/** How long after the last picture the fine one is drawn (ms): not between two of a slow room. */
const FINE_AFTER_MS = 450;

/** Drawing-buffer pixels to a CSS pixel of the fine picture: at least, and at most. */
const FINE_LEAST = 1.5;
const FINE_MOST = 2;

/** How much the newest picture counts in the average of their number a second. */
const SMOOTHING = 0.1;

export class Stage implements Scene {
  readonly #host: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #renderer: WebGLRenderer;
  readonly #three = new ThreeScene();
  readonly #kit = new Kit();
  readonly #rig = new Rig();
  readonly #quality: QualityControl;
  readonly #resize: ResizeObserver;
  readonly #options: SceneOptions;
  readonly #freeLook: FreeLook;
  #calm: boolean;
  #inset: Inset = { top: 0, right: 0, bottom: 0, left: 0 };
  #play: Play | null = null;
  #room: Room | null = null;
  #request = 0;
  #fineTimer = 0;
  #fine = false;
  #last: number | null = null;
  #seconds = 0;
  #lost = false;
  #label = "";
  #drawn = false;
  #fps = 0;

  constructor(host: HTMLElement, options: SceneOptions) {
    this.#host = host;
    this.#options = options;
    this.#calm = options.reducedMotion;
    this.#rig.calm = this.#calm;
    const { canvas, context, software } = openSurface();
    this.#canvas = canvas;
    this.#canvas.setAttribute("aria-hidden", "true");
    this.#canvas.style.cssText = "display:block;width:100%;height:100%";
    this.#renderer = new WebGLRenderer({ canvas, context });
    // To ask of each program whether it is sound is to wait for it, and for one after another.
    this.#renderer.debug.checkShaderErrors = false;
    this.#quality = new QualityControl(software);
    this.#freeLook = new FreeLook(this.#canvas, () => {
      this.#wake();
    });
    host.append(this.#canvas);
    this.#resize = new ResizeObserver(() => {
      this.#fit();
    });
    this.#resize.observe(host);
    this.#canvas.addEventListener("webglcontextlost", this.#whenLost);
    this.#canvas.addEventListener("webglcontextrestored", this.#whenRestored);
    document.addEventListener("visibilitychange", this.#wake);
    this.#fit();
  }

  render({ room, frame }: View): void {
    if (room === null || frame === null) return;
    if (this.#play === null || room.route !== this.#room?.route) {
      this.#play?.dispose();
      this.#three.clear();
      this.#play = new Play(this.#kit, room, frame);
      this.#three.add(this.#play.object);
    }
    this.#room = room;
    if (!this.#play.receive(frame, performance.now(), this.#calm)) this.#rig.cut();
    this.#wake();
  }

  setCamera(camera: Camera): void {
    if (camera === this.#rig.mode) return;
    const subject = this.#play?.subject ?? { x: 0, y: 0, z: 0, yaw: 0, s: 0 };
    this.#freeLook.enable(camera === "free", this.#rig.shot, subject);
    this.#rig.choose(camera);
    this.#focusable(camera === "free");
    this.#wake();
  }

  setReducedMotion(reduced: boolean): void {
    this.#calm = reduced;
    this.#rig.calm = reduced;
    this.#wake();
  }

  setInset(inset: Inset): void {
    this.#inset = inset;
    this.#rig.fit(this.#host.clientWidth, this.#host.clientHeight, inset);
    this.#wake();
  }

  setLabel(label: string): void {
    this.#label = label;
    this.#focusable(this.#rig.mode === "free");
  }

  get state(): SceneState {
    const { calls, triangles } = this.#renderer.info.render;
    const shown = this.#play?.shown ?? null;
    return {
      camera: this.#rig.mode,
      bus: this.#whereBus(),
      fps: Math.round(this.#fps),
      calls,
      triangles,
      peopleAboard: shown?.passengers ?? 0,
      peopleWaiting: shown?.stops.reduce((sum, stop) => sum + stop.waiting, 0) ?? 0,
      tilt: ((this.#play?.world.bus.lean ?? 0) * 180) / Math.PI,
      rendering: this.#request !== 0,
      webgl: !this.#lost,
    };
  }

  dispose(): void {
    cancelAnimationFrame(this.#request);
    clearTimeout(this.#fineTimer);
    this.#request = 0;
    this.#lost = true;
    this.#resize.disconnect();
    document.removeEventListener("visibilitychange", this.#wake);
    this.#canvas.removeEventListener("webglcontextlost", this.#whenLost);
    this.#canvas.removeEventListener("webglcontextrestored", this.#whenRestored);
    this.#freeLook.dispose();
    this.#play?.dispose();
    this.#kit.dispose();
    this.#renderer.dispose();
    this.#renderer.forceContextLoss();
    this.#canvas.remove();
  }

  #whereBus(): SceneState["bus"] {
    if (this.#play?.shown == null || this.#room === null) return null;
    const { x, z, yaw } = this.#play.subject;
    const heading = 90 - (yaw * 180) / Math.PI;
    return {
      x: x / CELL - 0.5,
      y: this.#room.grid[1] - 0.5 - z / CELL,
      heading: ((heading % 360) + 360) % 360,
    };
  }

  /** The picture tells nothing that the page does not say in words; steering it is another thing. */
  #focusable(can: boolean): void {
    if (can) {
      this.#canvas.tabIndex = 0;
      this.#canvas.removeAttribute("aria-hidden");
      this.#canvas.setAttribute("role", "application");
      this.#canvas.setAttribute("aria-label", this.#label);
      return;
    }
    if (document.activeElement === this.#canvas) this.#canvas.blur();
    for (const name of ["tabindex", "role", "aria-label"]) this.#canvas.removeAttribute(name);
    this.#canvas.setAttribute("aria-hidden", "true");
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.#host;
    if (width === 0 || height === 0 || this.#lost) return;
    const { pixels, shadows } = this.#quality.now;
    const fine = Math.min(FINE_MOST, Math.max(FINE_LEAST, devicePixelRatio));
    this.#kit.shadow.visible = this.#fine || shadows;
    this.#renderer.setPixelRatio(this.#fine ? fine : Math.min(devicePixelRatio, pixels));
    this.#renderer.setSize(width, height, false);
    this.#rig.fit(width, height, this.#inset);
    if (!this.#fine) this.#wake();
  }

  readonly #wake = (): void => {
    if (this.#request !== 0 || this.#lost || document.hidden || this.#play === null) return;
    this.#last = null;
    this.#request = requestAnimationFrame(this.#picture);
  };

  readonly #picture = (): void => {
    this.#request = 0;
    const play = this.#play;
    if (play === null || this.#lost || document.hidden) return;
    clearTimeout(this.#fineTimer);
    const now = performance.now();
    const gap = this.#last === null ? null : now - this.#last;
    this.#last = now;
    if (gap !== null) this.#fps += (1000 / Math.max(1, gap) - this.#fps) * SMOOTHING;
    const coarser = gap !== null && this.#quality.measure(gap);
    const wasFine = this.#fine;
    this.#fine = false;
    if (coarser || wasFine) this.#fit();
    const passed = Math.min(LONGEST_PICTURE, (gap ?? 16) / 1000);
    const moves = this.#draw(play, now, passed);
    cancelAnimationFrame(this.#request);
    this.#request = 0;
    if (moves || play.runs(now, this.#calm)) {
      this.#request = requestAnimationFrame(this.#picture);
    } else {
      this.#fineTimer = window.setTimeout(this.#fineDown, FINE_AFTER_MS);
    }
  };

  /** The last picture, as well as the screen can show it: it will be looked at for a while. */
  readonly #fineDown = (): void => {
    if (this.#play === null || this.#lost || document.hidden || this.#request !== 0) return;
    this.#fine = true;
    this.#fit();
    this.#draw(this.#play, performance.now(), 0);
  };

  /** One picture; says whether something is still on its way. */
  #draw(play: Play, now: number, passed: number): boolean {
    this.#seconds += passed;
    const moves = play.compose(now, passed, this.#calm);
    const swinging = this.#rig.aim({
      city: play.world.city,
      subject: play.subject,
      lean: play.world.bus.lean,
      orbit: this.#freeLook.orbit,
      passed,
      seconds: this.#seconds,
      shake: play.shake,
    });
    const { air } = this.#kit;
    air.time.value = this.#seconds;
    // From high above, the haze lies below and is thinner.
    const height = Math.max(0, this.#rig.camera.position.y - HAZE_TOP);
    air.sight.value = this.#quality.now.sight * (1 + height / HAZE_TOP);
    play.world.hideFar(this.#rig.camera.position, air.sight.value);
    this.#renderer.render(this.#three, this.#rig.camera);
    if (!this.#drawn) this.#options.onDrawn();
    this.#drawn = true;
    return moves || swinging;
  }

  readonly #whenLost = (event: Event): void => {
    event.preventDefault();
    this.#lost = true;
    cancelAnimationFrame(this.#request);
    this.#request = 0;
    this.#options.onLost();
  };

  readonly #whenRestored = (): void => {
    this.#lost = false;
    this.#fit();
    this.#options.onRestored();
  };
}
