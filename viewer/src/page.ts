/**
 * The page's regions, found in index.html once and named in the language; its address; and the forms
 * that it has beside the usual one: embedded in another page, and for a projector.
 */
import { forgetMoment, type Wishes } from "./connection/address";
import { find, h, inWords, named, worded } from "./hud/dom";
import { t } from "./i18n";

export interface Regions {
  readonly body: HTMLElement;
  readonly page: HTMLElement;
  readonly top: HTMLElement;
  readonly status: HTMLElement;
  readonly link: HTMLElement;
  readonly tools: HTMLElement;
  readonly scene: HTMLElement;
  readonly over: HTMLElement;
  readonly notice: HTMLElement;
  readonly sceneNote: HTMLElement;
  readonly fault: HTMLElement;
  readonly summary: HTMLElement;
  readonly instruments: HTMLElement;
  readonly dock: HTMLElement;
  readonly left: HTMLElement;
  readonly right: HTMLElement;
  readonly sayStatus: HTMLElement;
  readonly sayDrive: HTMLElement;
}

export function findRegions(body: HTMLElement): Regions {
  const region = (selector: string): HTMLElement => find(body, selector);
  const skip = worded(region(".skip"), "page.skip");
  skip.addEventListener("click", (event) => {
    event.preventDefault();
    region(".left .card:not([hidden]) button").focus();
  });
  named(region(".stage"), "page.drive");
  inWords(() => {
    document.title = t("page.title");
  });
  return {
    body,
    page: region(".page"),
    top: region(".top"),
    status: region(".status"),
    link: region(".link"),
    tools: region(".tools"),
    scene: region(".scene"),
    over: region(".over"),
    notice: region(".notice"),
    sceneNote: region(".scene-note"),
    fault: region(".fault"),
    summary: region(".summary"),
    instruments: region(".instruments"),
    dock: named(region(".dock"), "page.dashboard"),
    left: named(region(".left"), "page.controls"),
    right: named(region(".right"), "page.readings"),
    sayStatus: region(".say-status"),
    sayDrive: region(".say-drive"),
  };
}

/** The address follows what is shown, so that a reload or a copy of it shows the same. */
export function keepWishes({ room, name }: Wishes): void {
  const url = forgetMoment(new URL(location.href));
  url.searchParams.set("room", room);
  if (name !== null) url.searchParams.set("name", name);
  history.replaceState(history.state, "", url);
}

/** A picture with its story, and a way to the whole page. */
export function embed({ body, top }: Regions): void {
  body.classList.add("embed");
  const whole = new URL(location.href);
  whole.searchParams.delete("embed");
  const link = h("a", { class: "whole", target: "_blank", rel: "noopener", href: whole.href });
  top.append(worded(link, "page.whole"));
}

export function isPresenting(page: string): boolean {
  return new URL(page).searchParams.has("present");
}

export function keepPresenting(on: boolean): void {
  const url = new URL(location.href);
  if (on) url.searchParams.set("present", "");
  else url.searchParams.delete("present");
  history.replaceState(history.state, "", url);
}
