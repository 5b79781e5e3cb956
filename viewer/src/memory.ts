/** Small choices of a viewer that outlive the page. Storage may be forbidden; then they don't. */

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(`daladala.${name}`);
  } catch {
    return null;
  }
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`daladala.${name}`, value);
  } catch {
    // The page goes on without it.
  }
}
