/** A text as a QR code: one path of squares, dark on light as readers expect it. */
import { generate } from "lean-qr";
import { draw } from "../hud/dom";

/** The light border that readers need, in squares. */
const QUIET = 4;

export function drawCode(text: string): SVGSVGElement {
  const code = generate(text);
  const squares: string[] = [];
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) {
      if (code.get(x, y)) squares.push(`M${x} ${y}h1v1h-1z`);
    }
  }
  const size = code.size + 2 * QUIET;
  return draw(
    "svg",
    { viewBox: `${-QUIET} ${-QUIET} ${size} ${size}`, "shape-rendering": "crispEdges" },
    draw("rect", { x: -QUIET, y: -QUIET, width: size, height: size, fill: "#fff" }),
    draw("path", { d: squares.join(""), fill: "#000" }),
  );
}
