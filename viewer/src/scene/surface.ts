/**
 * The canvas and its graphics. Without a graphics card smooth edges cost more than they show (the
 * fine picture has them), and to open graphics twice costs half a second of the first picture: so
 * they are opened plainly, and anew with smooth edges only where a card does the work.
 */
export interface Surface {
  readonly canvas: HTMLCanvasElement;
  readonly context: WebGL2RenderingContext;
  /** Whether pictures are made by the processor. */
  readonly software: boolean;
}

/** Throws where the browser has no WebGL. */
export function openSurface(): Surface {
  const plain = open(false);
  const info = plain.context.getExtension("WEBGL_debug_renderer_info");
  const name =
    info === null ? "" : String(plain.context.getParameter(info.UNMASKED_RENDERER_WEBGL));
  const software = /swiftshader|llvmpipe|software|basic render/i.test(name);
  if (software) return { ...plain, software };
  plain.context.getExtension("WEBGL_lose_context")?.loseContext();
  return { ...open(true), software };
}

function open(antialias: boolean): Omit<Surface, "software"> {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("webgl2", {
    antialias,
    stencil: true,
    powerPreference: "high-performance",
  });
  if (context === null) throw new Error("the browser has no WebGL");
  return { canvas, context };
}
