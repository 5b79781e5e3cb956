/**
 * Which language the page begins in, and where a choice is kept: the address (`?lang=sw`) before the
 * browser's storage, that before the languages the browser asks for.
 */
import { LANGUAGES, language, onLanguage, setLanguage, type Language } from ".";
import { keep, recall } from "../memory";

export function startLanguage(): void {
  setLanguage(asked() ?? known(recall("language")) ?? preferred());
  apply();
  onLanguage(() => {
    apply();
    keep("language", language());
    keepInAddress();
  });
}

/** A voice reads the page by this, and the browser hyphenates and offers translations by it. */
function apply(): void {
  document.documentElement.lang = language();
}

function asked(): Language | undefined {
  return known(new URL(location.href).searchParams.get("lang"));
}

function preferred(): Language {
  for (const wish of navigator.languages) {
    const found = known(wish.split("-")[0]);
    if (found !== undefined) return found;
  }
  return "en";
}

function known(name: string | null | undefined): Language | undefined {
  return LANGUAGES.find((each) => each === name);
}

function keepInAddress(): void {
  const url = new URL(location.href);
  if (!url.searchParams.has("lang")) return;
  url.searchParams.set("lang", language());
  history.replaceState(history.state, "", url);
}
