/** From shapes to things that three.js draws: the materials once, and meshes with their shadows. */
import {
  BufferAttribute,
  BufferGeometry,
  DynamicDrawUsage,
  Group,
  InstancedBufferAttribute,
  InstancedMesh,
  Mesh,
  ShaderMaterial,
  Texture,
  type Material,
  type Object3D,
} from "three";
import type { Light } from "./daytime";
import { Letters, letterPaint } from "./letters";
import { glowPaint, makeAir, paint, seaPaint, shadowPaint, skyPaint, type Air } from "./paint";
import type { Shape, Vec } from "./shape";

/** What is drawn first: the ground, then shadows on it, then what stands there, then the air. */
export const ORDER = { ground: 0, shadow: 1, thing: 2, sky: 3, glow: 4 } as const;

export class Kit {
  readonly air: Air = makeAir();
  readonly paint = paint(this.air);
  readonly twoColors = paint(this.air, { twoColors: true });
  readonly shadow = shadowPaint(this.air);
  readonly sky = skyPaint(this.air);
  readonly sea = seaPaint(this.air);
  readonly glow = glowPaint(this.air);
  /** Those that all things share, and that live as long as the kit. */
  readonly materials: ReadonlySet<ShaderMaterial> = new Set([
    this.paint,
    this.twoColors,
    this.shadow,
    this.sky,
    this.sea,
    this.glow,
  ]);

  /** The time of day, for everything. */
  light(light: Light): void {
    const { air } = this;
    air.sun.value.set(...light.sun);
    air.sunColor.value.setRGB(...light.sunColor);
    air.skyLight.value.setRGB(...light.skyLight);
    air.groundLight.value.setRGB(...light.groundLight);
    air.zenith.value.setRGB(...light.zenith);
    air.hazeToSun.value.setRGB(...light.hazeToSun);
    air.hazeAway.value.setRGB(...light.hazeAway);
    air.shade.value.setRGB(...light.shade);
    air.night.value = light.night;
  }

  /** Something that lies on the ground, and throws no shadow. */
  ground(shape: Shape): Mesh {
    const mesh = new Mesh(shape.geometry(), this.paint);
    mesh.renderOrder = ORDER.ground;
    return mesh;
  }

  thing(shape: Shape): Group {
    const mesh = new Mesh(shape.geometry(), this.paint);
    mesh.renderOrder = ORDER.thing;
    const group = new Group();
    group.add(mesh);
    const below = new Mesh(shape.shadow(), this.shadow);
    below.renderOrder = ORDER.shadow;
    if (below.geometry.getAttribute("position").count > 0) group.add(below);
    return group;
  }

  /** Up to `most` copies of one shape, each with a place and one or two colours. */
  copies(
    shape: Shape,
    most: number,
    options: { twoColors?: boolean; shadow?: boolean } = {},
  ): Copies {
    return new Copies(this, shape, most, options);
  }

  /** Writing; the sheet belongs to it. */
  letters(letters: Letters): Mesh {
    const mesh = new Mesh(letters.geometry(), letterPaint(this.air, letters.texture()));
    mesh.renderOrder = ORDER.thing;
    return mesh;
  }

  /** Lights on the ground or in the air: each a flat piece that fades from its middle. */
  glows(pieces: readonly Glow[]): Mesh {
    const mesh = new Mesh(glowGeometry(pieces), this.glow);
    mesh.renderOrder = ORDER.glow;
    return mesh;
  }

  dispose(): void {
    for (const material of this.materials) material.dispose();
  }
}

export interface Glow {
  readonly at: Vec;
  /** From its middle to the right and to the upper edge, for one that lies on something. */
  readonly right?: Vec;
  readonly up?: Vec;
  /** The radius (m) of one that hangs in the air. */
  readonly halo?: number;
  readonly color: Vec;
  /** How much of it is seen by day, 0 to 1. */
  readonly byDay?: number;
}

export class Copies {
  readonly object = new Group();
  readonly mesh: InstancedMesh;
  readonly #second: InstancedBufferAttribute | null;
  readonly #shadow: InstancedMesh | null = null;

  constructor(
    kit: Kit,
    shape: Shape,
    most: number,
    options: { twoColors?: boolean; shadow?: boolean },
  ) {
    const two = options.twoColors === true;
    const geometry = shape.geometry();
    this.#second = two ? new InstancedBufferAttribute(new Float32Array(most * 3), 3) : null;
    if (this.#second !== null) geometry.setAttribute("second", this.#second);
    this.mesh = new InstancedMesh(geometry, two ? kit.twoColors : kit.paint, most);
    this.mesh.instanceMatrix.setUsage(DynamicDrawUsage);
    this.mesh.instanceColor = new InstancedBufferAttribute(new Float32Array(most * 3), 3);
    this.mesh.count = 0;
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = ORDER.thing;
    this.object.add(this.mesh);
    if (options.shadow === false) return;
    this.#shadow = new InstancedMesh(shape.shadow(), kit.shadow, most);
    this.#shadow.instanceMatrix = this.mesh.instanceMatrix;
    this.#shadow.frustumCulled = false;
    this.#shadow.count = 0;
    this.#shadow.renderOrder = ORDER.shadow;
    this.object.add(this.#shadow);
  }

  /** One copy: place, turn, size (m, radians), and its colours. */
  set(
    index: number,
    at: Vec,
    yaw: number,
    size: number | Vec,
    color: number,
    second = color,
  ): void {
    if (index >= this.mesh.instanceMatrix.count) return;
    const [w, h, d] = typeof size === "number" ? [size, size, size] : size;
    const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
    const place = [c * w, 0, -s * w, 0, 0, h, 0, 0, s * d, 0, c * d, 0, at[0], at[1], at[2], 1];
    this.mesh.instanceMatrix.set(place, index * 16);
    this.mesh.instanceColor?.setXYZ(index, ...rgb(color));
    this.#second?.setXYZ(index, ...rgb(second));
  }

  /** Show the first `count` of them. */
  show(count: number): void {
    this.mesh.count = Math.min(count, this.mesh.instanceMatrix.count);
    this.mesh.visible = this.mesh.count > 0;
    this.mesh.instanceMatrix.needsUpdate = true;
    if (this.mesh.instanceColor !== null) this.mesh.instanceColor.needsUpdate = true;
    if (this.#second !== null) this.#second.needsUpdate = true;
    if (this.#shadow === null) return;
    this.#shadow.count = this.mesh.count;
    this.#shadow.visible = this.mesh.count > 0;
  }

  get room(): number {
    return this.mesh.instanceMatrix.count;
  }
}

export function rgb(color: number): Vec {
  return [(color >> 16) / 255, ((color >> 8) & 255) / 255, (color & 255) / 255];
}

/** Free the graphics memory of everything below an object. */
export function freeBelow(object: Object3D, shared: ReadonlySet<Material>): void {
  object.traverse((each) => {
    if (!(each instanceof Mesh)) return;
    const { geometry, material } = each as Mesh<BufferGeometry, Material>;
    geometry.dispose();
    if (each instanceof InstancedMesh) each.dispose();
    if (shared.has(material)) return;
    // Only writing has a material of its own, and with it a sheet.
    if (material instanceof ShaderMaterial) {
      const sheet: unknown = material.uniforms["sheet"]?.value;
      if (sheet instanceof Texture) sheet.dispose();
    }
    material.dispose();
  });
  object.clear();
}

const NOWHERE: Vec = [0, 0, 0];

function glowGeometry(pieces: readonly Glow[]): BufferGeometry {
  const positions: number[] = [];
  const uvs: number[] = [];
  const glowing: number[] = [];
  const halos: number[] = [];
  for (const { at, right = NOWHERE, up = NOWHERE, halo = 0, color, byDay = 0 } of pieces) {
    for (const [r, u] of [
      [-1, -1],
      [1, -1],
      [1, 1],
      [-1, -1],
      [1, 1],
      [-1, 1],
    ] as const) {
      positions.push(
        at[0] + right[0] * r + up[0] * u,
        at[1] + right[1] * r + up[1] * u,
        at[2] + right[2] * r + up[2] * u,
      );
      uvs.push(r, u);
      glowing.push(...color, byDay);
      halos.push(halo);
    }
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(new Float32Array(positions), 3));
  geometry.setAttribute("uv", new BufferAttribute(new Float32Array(uvs), 2));
  geometry.setAttribute("halo", new BufferAttribute(new Float32Array(halos), 1));
  geometry.setAttribute("glowing", new BufferAttribute(new Float32Array(glowing), 4));
  return geometry;
}
