/**
 * Small helpers to build the page's own elements and to keep them right. Words are given as keys: an
 * element made here follows the language by itself for as long as the page lives.
 */
import { onLanguage, t, type PlainKey } from "../i18n";

/** Finding the skeleton's elements: a missing one is a mistake in index.html, said at once. */
export function find(root: ParentNode, selector: string): HTMLElement {
  const element = root.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new Error(`index.html has no ${selector}`);
  return element;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Set text only where it changes, so that nothing is laid out again for nothing. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Do this now and whenever the language changes. */
export function inWords(write: () => void): void {
  write();
  onLanguage(write);
}

/** The words of `key` as the text of the element, in the language of the moment. */
export function worded<E extends Element>(element: E, key: PlainKey): E {
  inWords(() => {
    setText(element, t(key));
  });
  return element;
}

/** The words of `key` as what the element is called by a screen reader (and, for buttons, a tip). */
export function named<E extends HTMLElement>(element: E, key: PlainKey, tip = false): E {
  inWords(() => {
    element.setAttribute("aria-label", t(key));
    if (tip) element.title = t(key);
  });
  return element;
}

/** Play an element's CSS animation of this class again from its beginning. */
export function replay(element: HTMLElement, name: string): void {
  element.classList.remove(name);
  for (const animation of element.getAnimations()) animation.cancel();
  element.classList.add(name);
}

const SVG = "http://www.w3.org/2000/svg";

/** An element of a drawing; `title` and such are given as attributes of it. */
export function draw<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: readonly (Node | string)[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** A small picture of paths on a 24 by 24 field; it says nothing to a screen reader. */
export function icon(...paths: readonly string[]): SVGSVGElement {
  return draw(
    "svg",
    { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" },
    ...paths.map((d) => draw("path", { d })),
  );
}
