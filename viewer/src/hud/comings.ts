/** Who came, left and came back, said over the scene for a while. */
import { t } from "../i18n";
import type { Coming } from "../state/comings";
import type { View } from "../state/view";
import { h, named } from "./dom";

/** How long (milliseconds) it is said. */
const SAID_MS = 6_000;

export class Comings {
  readonly #list = h("ul", { class: "comings", role: "status" });
  #said = 0;

  constructor(host: HTMLElement) {
    host.append(named(this.#list, "comings.title"));
  }

  render({ comings, me }: View): void {
    for (const coming of comings) {
      if (coming.nth <= this.#said) continue;
      this.#said = coming.nth;
      // A page that nobody looked at draws later, and then it is no news.
      if (coming.member !== me && Date.now() - coming.at < SAID_MS) this.#say(coming);
    }
  }

  #say({ how, name }: Coming): void {
    const item = h("li", {}, t(`comings.${how}`, { name }));
    this.#list.append(item);
    setTimeout(() => {
      item.remove();
    }, SAID_MS);
  }
}
