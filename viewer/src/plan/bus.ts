/** The daladala: white body, coloured band, lights on, and the number aboard painted on its roof. */
import type { Frame } from "../protocol/messages";
import { round } from "./geometry";
import type { Pose } from "./motion";
import { svg } from "./svg";

export class Bus {
  readonly element: SVGGElement;
  readonly #body: SVGGElement;
  readonly #count: SVGTextElement;
  readonly #label: SVGGElement;

  constructor() {
    this.#count = svg("text", { class: "aboard", y: 0.115 }, "0");
    this.#label = svg("g", {}, svg("circle", { class: "plate", r: 0.24 }), this.#count);
    this.#body = svg(
      "g",
      { class: "body" },
      svg("path", { class: "beam", d: "M.62 -.12L1.9 -.5V.46L.62 .16z" }),
      svg("rect", { class: "shade", x: -0.6, y: -0.22, width: 1.3, height: 0.62, rx: 0.14 }),
      svg("rect", { class: "shell", x: -0.66, y: -0.31, width: 1.32, height: 0.62, rx: 0.13 }),
      svg("path", { class: "band", d: "M-.6 -.31h1.1v.1h-1.1zM-.6 .21h1.1v.1h-1.1z" }),
      svg("path", { class: "glass", d: "M.46 -.25q.13 .25 0 .5l-.1 -.04v-.42z" }),
      svg("path", { class: "glass", d: "M-.61 -.2h.08v.4h-.08z" }),
      svg("path", { class: "rack", d: "M-.45 -.16h.75M-.45 .16h.75" }),
      svg("path", { class: "headlight", d: "M.64 -.24v.1M.64 .14v.1" }),
      this.#label,
    );
    this.element = svg(
      "g",
      { class: "bus" },
      svg("circle", { class: "halo", r: 0.95 }),
      svg("path", { class: "burst", d: burst() }),
      this.#body,
    );
  }

  show(frame: Frame): void {
    this.#count.textContent = String(frame.passengers);
    const { classList } = this.element;
    classList.toggle("must-stop", frame.mustStop);
    classList.toggle("overloaded", frame.passengers > frame.legalCapacity);
    classList.toggle("crashed", frame.crashed);
  }

  place(pose: Pose, scale: number): void {
    this.element.setAttribute("transform", `translate(${round(pose.x)} ${round(pose.y)})`);
    // Keep left: the body stands a little to the left of the middle of the road.
    this.#body.setAttribute(
      "transform",
      `rotate(${round(pose.turn)}) translate(0 -.08) scale(${scale})`,
    );
    this.#label.setAttribute("transform", `translate(-.08 0) rotate(${round(-pose.turn)})`);
  }
}

/** A jagged star, behind a crashed bus. */
function burst(): string {
  const spikes = 11;
  return Array.from({ length: spikes * 2 }, (_, index) => {
    const radius = index % 2 === 0 ? 1.25 : 0.75;
    const angle = (index * Math.PI) / spikes;
    return `${index === 0 ? "M" : "L"}${round(Math.cos(angle) * radius)} ${round(Math.sin(angle) * radius)}`;
  })
    .join("")
    .concat("z");
}
