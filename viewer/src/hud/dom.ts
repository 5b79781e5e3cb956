/** Finding the page's own elements: a missing one is a mistake in index.html, said at once. */
export function find(root: ParentNode, selector: string): HTMLElement {
  const element = root.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new Error(`index.html has no ${selector}`);
  return element;
}

/** Set text only where it changes, so that nothing is laid out again for nothing. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Play an element's CSS animation of this class again from its beginning. */
export function replay(element: HTMLElement, name: string): void {
  element.classList.remove(name);
  for (const animation of element.getAnimations()) animation.cancel();
  element.classList.add(name);
}
