/**
 * Which second room this tab made for a comparison, so that it closes it and no other's. A page that
 * is loaded again goes on with it; a tab that is closed leaves it to the server, which closes rooms
 * that nobody watches.
 */
const NAME = "daladala.made";

export function rememberMade(code: string): void {
  try {
    sessionStorage.setItem(NAME, code);
  } catch {
    // Then nobody watches it, and the server closes it after a while.
  }
}

export function hasMade(code: string): boolean {
  try {
    return sessionStorage.getItem(NAME) === code;
  } catch {
    return false;
  }
}
