/**
 * The city from above, as two stacked SVG layers: one that stands still, and one for what the
 * frames change. Crisp at any size, and light enough for software rendering.
 */
import type { Frame, Room } from "../protocol/messages";
import type { View } from "../state/view";
import { Bus } from "./bus";
import { drawCity, MARGIN, routePoints, viewBox } from "./city";
import { degrees, headingAt, middle, pathThrough, type Point } from "./geometry";
import { drawMarkers, markerDefinitions } from "./markers";
import { Motion, type Pose } from "./motion";
import { Rewards } from "./rewards";
import type { Scene } from "./scene";
import { svg } from "./svg";

/** A cell smaller than this (CSS pixels) has its signs and its bus drawn larger than itself. */
const COMFORTABLE_CELL_PX = 34;

/** Larger than this factor, neighbouring signs would cover each other. */
const LARGEST_SCALE = 1.5;

export class PlanScene implements Scene {
  readonly #still = svg("svg", { class: "plan still", "aria-hidden": "true" });
  readonly #moving = svg("svg", { class: "plan moving", "aria-hidden": "true" });
  readonly #driven = svg("path", { class: "driven" });
  readonly #markers = svg("g");
  readonly #bus = new Bus();
  readonly #rewards = new Rewards();
  readonly #calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  readonly #resize = new ResizeObserver(() => {
    this.#fit();
  });
  #room: Room | null = null;
  #frame: Frame | null = null;
  #route: Point[] = [];
  #motion: Motion | null = null;
  #drawnMarkers = "";
  #scale = 1;
  #request = 0;

  constructor(host: HTMLElement) {
    this.#moving.append(
      svg("defs", {}, ...markerDefinitions()),
      this.#driven,
      this.#markers,
      this.#bus.element,
      this.#rewards.element,
    );
    host.append(this.#still, this.#moving);
    this.#resize.observe(host);
  }

  render(view: View): void {
    const { room, frame } = view;
    if (room === null || frame === null) return;
    if (room.route !== this.#room?.route) this.#settle(room);
    this.#room = room;
    if (frame === this.#frame) return;
    this.#frame = frame;
    this.#drawMarkers();
    this.#bus.show(frame);
    this.#drive(frame, view.previous !== null);
  }

  dispose(): void {
    cancelAnimationFrame(this.#request);
    this.#resize.disconnect();
    this.#still.remove();
    this.#moving.remove();
  }

  /** Draw what belongs to the room. */
  #settle(room: Room): void {
    this.#room = room;
    this.#route = routePoints(room);
    this.#motion = null;
    this.#drawnMarkers = "";
    for (const layer of [this.#still, this.#moving]) layer.setAttribute("viewBox", viewBox(room));
    this.#still.replaceChildren(...drawCity(room));
    this.#fit();
  }

  #fit(): void {
    if (this.#room === null) return;
    const { width, height } = this.#still.getBoundingClientRect();
    const [columns, rows] = this.#room.grid;
    const cell = Math.min(width / (columns + 2 * MARGIN), height / (rows + 2 * MARGIN));
    if (cell <= 0) return;
    this.#scale = Math.min(LARGEST_SCALE, Math.max(1, COMFORTABLE_CELL_PX / cell));
    this.#drawMarkers();
    this.#paint();
  }

  #drawMarkers(): void {
    if (this.#frame === null || this.#room === null) return;
    const { stops, lights, police } = this.#frame;
    const key = JSON.stringify([this.#scale, stops, lights, police]);
    if (key === this.#drawnMarkers) return;
    this.#drawnMarkers = key;
    this.#markers.replaceChildren(
      ...drawMarkers(this.#frame, this.#room, this.#route, this.#scale),
    );
  }

  #drive(frame: Frame, continues: boolean): void {
    if (this.#room === null) return;
    const now = performance.now();
    const at = middle(frame.drawnAt, this.#room.grid[1]);
    const index = frame.routeIndex;
    const pose: Pose = { ...at, turn: degrees(headingAt(this.#route, index)) };
    const calm = this.#calm.matches;
    this.#motion ??= new Motion(pose);
    this.#motion.aim(pose, now, calm || !continues);
    this.#driven.setAttribute("d", pathThrough(this.#route.slice(0, index + 1)));
    if (!continues) this.#rewards.clear();
    else if (!calm) this.#rewards.flash(frame.reward, at, this.#scale);
    this.#paint();
  }

  /** Place the bus for this instant, and ask for the next one while it moves. */
  readonly #paint = (): void => {
    if (this.#motion === null) return;
    const now = performance.now();
    this.#bus.place(this.#motion.at(now), this.#scale);
    cancelAnimationFrame(this.#request);
    if (this.#motion.moving(now)) this.#request = requestAnimationFrame(this.#paint);
  };
}
