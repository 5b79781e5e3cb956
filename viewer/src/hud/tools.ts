/** The buttons at the top: language, sound, all rooms, help, a clean picture. */
import { language, LANGUAGES, onLanguage, setLanguage, type PlainKey } from "../i18n";
import { h, icon, inWords, named } from "./dom";
import { t } from "../i18n";

/** The languages' own names, for their buttons: a language is looked for in itself. */
const NAMES = { en: "English", sw: "Kiswahili" } as const;

const PICTURES = {
  soundOff: ["M4 9h4l5-4v14l-5-4H4z", "M17 9l5 6m0-6l-5 6"],
  soundOn: ["M4 9h4l5-4v14l-5-4H4z", "M16 8.5a5 5 0 0 1 0 7M18.5 5.5a9 9 0 0 1 0 13"],
  gallery: ["M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z"],
  help: [
    "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18z",
    "M9.5 9.5a2.6 2.6 0 1 1 3.6 2.4c-.8.4-1.1.9-1.1 1.8M12 16.8v.4",
  ],
  present: ["M3 4h18M4 4v11h16V4M12 15v3M8 21l4-3l4 3"],
  panels: ["M3 5h18v14H3zM9 5v14M15 5v14"],
} as const;

export interface ToolActions {
  readonly sound: () => void;
  readonly gallery: () => void;
  readonly help: () => void;
  readonly present: () => void;
  readonly panels: () => void;
}

export class Tools {
  readonly #sound: HTMLButtonElement;
  readonly #panels: HTMLButtonElement;
  #soundOn = false;
  #hidden = false;

  constructor(host: HTMLElement, actions: ToolActions) {
    this.#sound = h("button", { type: "button", class: "icon-button sound" });
    this.#sound.addEventListener("click", actions.sound);
    this.#panels = h(
      "button",
      { type: "button", class: "icon-button panels" },
      icon(...PICTURES.panels),
    );
    this.#panels.addEventListener("click", actions.panels);
    host.append(
      languages(),
      this.#sound,
      button("gallery", "tool.gallery", actions.gallery),
      button("present", "tool.present", actions.present),
      button("help", "tool.help", actions.help),
      this.#panels,
    );
    inWords(() => {
      this.#write();
    });
  }

  showSound(on: boolean): void {
    this.#soundOn = on;
    this.#write();
  }

  showPanels(hidden: boolean): void {
    this.#hidden = hidden;
    this.#write();
  }

  #write(): void {
    const { soundOn, soundOff } = PICTURES;
    this.#sound.replaceChildren(icon(...(this.#soundOn ? soundOn : soundOff)));
    call(this.#sound, t(this.#soundOn ? "tool.sound.off" : "tool.sound.on"));
    call(this.#panels, t(this.#hidden ? "tool.panels.show" : "tool.panels.hide"));
  }
}

function call(element: HTMLElement, name: string): void {
  element.setAttribute("aria-label", name);
  element.title = name;
}

function button(
  name: "gallery" | "help" | "present",
  words: PlainKey,
  action: () => void,
): HTMLElement {
  const element = h(
    "button",
    { type: "button", class: `icon-button ${name}` },
    icon(...PICTURES[name]),
  );
  element.addEventListener("click", action);
  return named(element, words, true);
}

/** A button for each language. */
export function languages(): HTMLElement {
  const buttons = LANGUAGES.map((each) => {
    const name = { lang: each, "aria-label": NAMES[each], title: NAMES[each] };
    const element = h("button", { type: "button", ...name }, each.toUpperCase());
    element.addEventListener("click", () => {
      setLanguage(each);
    });
    return [each, element] as const;
  });
  const mark = (): void => {
    for (const [each, element] of buttons) {
      element.setAttribute("aria-pressed", String(each === language()));
    }
  };
  mark();
  onLanguage(mark);
  const group = h(
    "div",
    { class: "languages", role: "group" },
    ...buttons.map(([, element]) => element),
  );
  return named(group, "tool.language");
}
