/**
 * All writing of the scene on one canvas: a sheet of boards, cut out by their corners. One texture
 * and one material, however many signs a city has.
 */
import {
  BufferAttribute,
  BufferGeometry,
  CanvasTexture,
  LinearMipmapLinearFilter,
  ShaderMaterial,
  type Texture,
} from "three";
import type { Air } from "./paint";
import type { Vec } from "./shape";

export interface Board {
  readonly text: string;
  /** A second, smaller line. */
  readonly below?: string;
  readonly ink: string;
  readonly ground: string;
}

/** Size of a board on the sheet (px), and how many lie side by side. */
const WIDTH = 512;
const HEIGHT = 128;
const COLUMNS = 2;

/** The height of a board to its width. */
export const BOARD_ASPECT = HEIGHT / WIDTH;

/** More boards than this would need a sheet that some graphics cards do not take. */
const MOST = 32;

export class Letters {
  readonly #boards: Board[] = [];
  readonly #positions: number[] = [];
  readonly #uvs: number[] = [];
  readonly #lit: number[] = [];

  /** A board from its lower left corner along `right` and `up`; `lit` as at night (0 to 1). */
  write(board: Board, corner: Vec, right: Vec, up: Vec, lit = 0.6): void {
    const nth = this.#index(board);
    if (nth < 0) return;
    const [column, row] = [nth % COLUMNS, Math.floor(nth / COLUMNS)];
    const at = (r: number, u: number): void => {
      this.#positions.push(
        corner[0] + right[0] * r + up[0] * u,
        corner[1] + right[1] * r + up[1] * u,
        corner[2] + right[2] * r + up[2] * u,
      );
      // Rows of the sheet run downwards; how many there are is known only in the end.
      this.#uvs.push((column + r) / COLUMNS, row + 1 - u);
      this.#lit.push(lit);
    };
    for (const [r, u] of [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 0],
      [1, 1],
      [0, 1],
    ] as const) {
      at(r, u);
    }
  }

  geometry(): BufferGeometry {
    const rows = this.#rows;
    const uvs = this.#uvs.map((value, index) => (index % 2 === 0 ? value : 1 - value / rows));
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(new Float32Array(this.#positions), 3));
    geometry.setAttribute("uv", new BufferAttribute(new Float32Array(uvs), 2));
    geometry.setAttribute("lit", new BufferAttribute(new Float32Array(this.#lit), 1));
    return geometry;
  }

  texture(): Texture {
    const canvas = document.createElement("canvas");
    canvas.width = WIDTH * COLUMNS;
    canvas.height = HEIGHT * this.#rows;
    const pen = canvas.getContext("2d");
    if (pen !== null) {
      this.#boards.forEach((board, nth) => {
        draw(pen, board, (nth % COLUMNS) * WIDTH, Math.floor(nth / COLUMNS) * HEIGHT);
      });
    }
    const texture = new CanvasTexture(canvas);
    texture.minFilter = LinearMipmapLinearFilter;
    texture.anisotropy = 4;
    return texture;
  }

  get #rows(): number {
    return Math.max(1, Math.ceil(this.#boards.length / COLUMNS));
  }

  #index(board: Board): number {
    const known = this.#boards.findIndex(
      ({ text, below, ink, ground }) =>
        text === board.text &&
        below === board.below &&
        ink === board.ink &&
        ground === board.ground,
    );
    if (known >= 0) return known;
    return this.#boards.length < MOST ? this.#boards.push(board) - 1 : -1;
  }
}

function draw(pen: CanvasRenderingContext2D, board: Board, x: number, y: number): void {
  pen.fillStyle = board.ground;
  pen.fillRect(x, y, WIDTH, HEIGHT);
  pen.fillStyle = board.ink;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const line = (text: string, size: number, middle: number): void => {
    pen.font = `800 ${size}px "Arial Narrow", "Liberation Sans Narrow", "Helvetica Neue", Arial, sans-serif`;
    const width = Math.max(1, pen.measureText(text).width);
    const squeeze = Math.min(1, (WIDTH - 36) / width);
    pen.setTransform(squeeze, 0, 0, Math.max(squeeze, 0.8), x + WIDTH / 2, y + middle);
    pen.fillText(text, 0, 0);
    pen.setTransform(1, 0, 0, 1, 0, 0);
  };
  line(
    board.text,
    board.below === undefined ? 92 : 70,
    board.below === undefined ? HEIGHT / 2 + 4 : 48,
  );
  if (board.below !== undefined) line(board.below, 34, 100);
}

export function letterPaint(air: Air, sheet: Texture): ShaderMaterial {
  return new ShaderMaterial({
    uniforms: { ...air, sheet: { value: sheet } },
    vertexShader: /* glsl */ `
attribute float lit;
uniform float sight;
uniform vec3 sun, hazeToSun, hazeAway;
varying vec2 at;
varying float glow, hazy;
varying vec3 haze;
void main() {
  vec4 place = modelMatrix * vec4(position, 1.0);
  at = uv;
  glow = lit;
  vec3 way = place.xyz - cameraPosition;
  float far = length(way) / sight;
  hazy = clamp(1.0 - exp(-2.2 * far * far), 0.0, 1.0);
  haze = mix(hazeAway, hazeToSun, smoothstep(-0.6, 1.0, dot(normalize(way.xz), normalize(sun.xz))));
  gl_Position = projectionMatrix * viewMatrix * place;
}`,
    fragmentShader: /* glsl */ `
uniform sampler2D sheet;
uniform vec3 skyLight, sunColor;
uniform float night;
varying vec2 at;
varying float glow, hazy;
varying vec3 haze;
void main() {
  vec3 board = texture2D(sheet, at).rgb;
  vec3 color = mix(board * min(vec3(1.0), skyLight + sunColor * 0.6 + 0.1), board, glow * night);
  gl_FragColor = vec4(mix(color, haze, hazy), 1.0);
}`,
  });
}
