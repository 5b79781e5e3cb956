/** How much of the scene the panels cover, told whenever it changes, so that the bus stays in sight. */
import type { Inset } from "../scene/scene";

export interface Panels {
  readonly scene: HTMLElement;
  readonly top: HTMLElement;
  readonly left: HTMLElement;
  readonly right: HTMLElement;
  readonly bottom: readonly HTMLElement[];
}

export function watchInset(panels: Panels, tell: (inset: Inset) => void): () => void {
  const measure = (): void => {
    tell(insetOf(panels));
  };
  const watcher = new ResizeObserver(measure);
  const { scene, top, left, right, bottom } = panels;
  for (const element of [scene, top, left, right, ...bottom]) watcher.observe(element);
  measure();
  return measure;
}

function insetOf({ scene, top, left, right, bottom }: Panels): Inset {
  const area = scene.getBoundingClientRect();
  const box = (element: HTMLElement): DOMRect | null => {
    const found = element.getBoundingClientRect();
    const { left: x, right: end, top: y, bottom: under } = found;
    const over = x < area.right && end > area.left && y < area.bottom && under > area.top;
    return over && found.width > 0 && found.height > 0 ? found : null;
  };
  const tops = bottom.map((element) => box(element)?.top ?? area.bottom);
  return {
    top: Math.max(0, (box(top)?.bottom ?? area.top) - area.top),
    left: Math.max(0, (box(left)?.right ?? area.left) - area.left),
    right: Math.max(0, area.right - (box(right)?.left ?? area.right)),
    bottom: Math.max(0, area.bottom - Math.min(...tops)),
  };
}
