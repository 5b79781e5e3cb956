/**
 * The city from above, as two stacked SVG layers: one that stands still, and one for what the
 * frames change. Crisp at any size, and light enough for software rendering: the small map, the
 * tiles of the gallery, and the whole picture where there is no WebGL.
 */
import { measuresOf } from "../protocol/measures";
import type { Frame, Room } from "../protocol/messages";
import type { View } from "../state/view";
import { sightPath } from "./ahead";
import { Bus } from "./bus";
import { drawCity, fullBox, routePoints } from "./city";
import { degrees, headingAt, middle, pathThrough, round, type Point } from "./geometry";
import { drawMarkers, markerDefinitions } from "./markers";
import { drawMiniBus, drawMiniCity, drawMiniMarkers, miniBox, miniScale } from "./mini";
import { Motion, type Pose } from "./motion";
import { Rewards } from "./rewards";
import { svg } from "./svg";
import "./plan.css";

/** A cell smaller than this (CSS pixels) has its signs and its bus drawn larger than itself. */
const COMFORTABLE_CELL_PX = 34;

/** Larger than this factor, neighbouring signs would cover each other. */
const LARGEST_SCALE = 1.5;

/** The arrow that is the bus is larger than the signs of a small plan. */
const ARROW = 1.35;

/** How broad what the driver sees is drawn in a small plan, for the signs' size. */
const SIGHT = 1.5;

/** Several plans may be in one page, and what they define must not get mixed up. */
let plans = 0;

export interface PlanOptions {
  /** `mini` is for small places: no writing, no town, and signs as plain shapes. */
  readonly detail: "full" | "mini";
}

export class Plan {
  readonly #mini: boolean;
  readonly #id: (name: string) => string;
  readonly #still = svg("svg", { class: "plan still", "aria-hidden": "true" });
  readonly #moving = svg("svg", { class: "plan moving", "aria-hidden": "true" });
  readonly #driven = svg("path", { class: "driven" });
  readonly #sight = svg("path", { class: "sight" });
  readonly #markers = svg("g");
  readonly #bus = new Bus();
  readonly #arrow = drawMiniBus();
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
  #cell = 0;
  #scale = 1;
  #request = 0;

  constructor(host: HTMLElement, { detail }: PlanOptions) {
    this.#mini = detail === "mini";
    plans += 1;
    const nth = plans;
    this.#id = (name) => `plan-${nth}-${name}`;
    for (const layer of [this.#still, this.#moving]) layer.classList.add(detail);
    this.#moving.append(this.#sight, this.#driven, this.#markers);
    // Where it is, only a frame says.
    this.#arrow.setAttribute("visibility", "hidden");
    if (this.#mini) this.#moving.append(this.#arrow);
    else {
      this.#moving.prepend(svg("defs", {}, ...markerDefinitions(this.#id)));
      this.#moving.append(this.#bus.element, this.#rewards.element);
    }
    host.append(this.#still, this.#moving);
    this.#resize.observe(host);
  }

  render(view: View): void {
    const { room, frame } = view;
    if (room === null) return;
    if (room.route !== this.#room?.route) this.#settle(room);
    this.#room = room;
    if (frame === null || frame === this.#frame) return;
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
    this.#cell = 0;
    const { x, y, width, height } = this.#box(room);
    const box = [x, y, width, height].map(round).join(" ");
    for (const layer of [this.#still, this.#moving]) layer.setAttribute("viewBox", box);
    if (!this.#mini) this.#still.replaceChildren(...drawCity(room, this.#id));
    this.#fit();
  }

  #box(room: Room): ReturnType<typeof fullBox> {
    return this.#mini ? miniBox(this.#route) : fullBox(room);
  }

  #fit(): void {
    if (this.#room === null) return;
    const { width, height } = this.#still.getBoundingClientRect();
    const box = this.#box(this.#room);
    const cell = Math.min(width / box.width, height / box.height);
    if (cell <= 0 || cell === this.#cell) return;
    this.#cell = cell;
    if (this.#mini) {
      this.#scale = miniScale(cell);
      this.#sight.setAttribute("stroke-width", String(round(this.#scale * SIGHT)));
      this.#still.replaceChildren(...drawMiniCity(this.#route, box, cell));
    } else {
      this.#scale = Math.min(LARGEST_SCALE, Math.max(1, COMFORTABLE_CELL_PX / cell));
    }
    this.#drawMarkers();
    this.#paint();
  }

  #drawMarkers(): void {
    if (this.#frame === null || this.#room === null) return;
    const { stops, lights, police, own } = this.#frame;
    const { unmanned, lightTicks } = own;
    const key = JSON.stringify([this.#scale, stops, lights, police, unmanned, lightTicks]);
    if (key === this.#drawnMarkers) return;
    this.#drawnMarkers = key;
    this.#markers.replaceChildren(
      ...(this.#mini
        ? drawMiniMarkers(this.#frame, this.#room, this.#scale)
        : drawMarkers(this.#frame, this.#room, this.#route, this.#scale, this.#id)),
    );
  }

  #drive(frame: Frame, continues: boolean): void {
    if (this.#room === null) return;
    const now = performance.now();
    const at = middle(frame.position, this.#room.grid[1]);
    const index = frame.routeIndex;
    const pose: Pose = { ...at, turn: degrees(headingAt(this.#route, index)) };
    const calm = this.#calm.matches;
    this.#motion ??= new Motion(pose);
    this.#arrow.setAttribute("visibility", "visible");
    this.#motion.aim(pose, now, calm || !continues);
    this.#sight.setAttribute("d", sightPath(this.#route, frame));
    this.#driven.setAttribute("d", pathThrough(this.#route.slice(0, index + 1)));
    this.#arrow.classList.toggle("crashed", frame.crashed);
    this.#arrow.classList.toggle("overloaded", frame.passengers > frame.legalCapacity);
    if (!continues) this.#rewards.clear();
    else if (!calm && !this.#mini) this.#rewards.flash(this.#reward(frame), at, this.#scale);
    this.#paint();
  }

  /** In what the rules measure it. */
  #reward({ reward }: Frame): number {
    return reward * (measuresOf(this.#room)?.rewardTsh ?? 1);
  }

  /** Place the bus for this instant, and ask for the next one while it moves. */
  readonly #paint = (): void => {
    if (this.#motion === null) return;
    const now = performance.now();
    const pose = this.#motion.at(now);
    if (this.#mini) {
      const [x, y, turn] = [pose.x, pose.y, pose.turn].map(round);
      const place = `translate(${x ?? 0} ${y ?? 0}) rotate(${turn ?? 0}) scale(${round(this.#scale * ARROW)})`;
      this.#arrow.setAttribute("transform", place);
    } else {
      this.#bus.place(pose, this.#scale);
    }
    cancelAnimationFrame(this.#request);
    if (this.#motion.moving(now)) this.#request = requestAnimationFrame(this.#paint);
  };
}
