/**
 * The page of two rooms side by side: the same trips under two laws, and what the law makes of them.
 * Who may drive keeps both together; who may not sees what there is, and what cannot be compared.
 */
import { pageOf, readWishes, type Codes } from "../connection/address";
import "../controls/controls.css";
import { Pace } from "../controls/pace";
import { Problem } from "../controls/problem";
import { Share } from "../controls/share";
import { Cameras, cameraKeys } from "../hud/cameras";
import { card } from "../hud/card";
import { find, h, inWords, setText, worded } from "../hud/dom";
import { onKeys } from "../hud/keys";
import { hears } from "../hud/standing";
import { languages } from "../hud/tools";
import { language, t } from "../i18n";
import { exposeProbes } from "../probe";
import type { View } from "../state/view";
import { BalanceCard } from "./balance";
import { Conductor } from "./conductor";
import { hindranceOf, lasting, type Seen } from "./hindrance";
import { differences, EMPTY_LEDGER, enter, type Ledger } from "./ledger";
import { hasMade } from "./made";
import { momentOf } from "./moment";
import "./pair.css";
import { Pane } from "./pane";
import { both, otherOf, type Both, type Side } from "./sides";
import { stepWords } from "./step";
import { Together } from "./together";

export function openPairPage(body: HTMLElement, [a, b]: Codes): void {
  const codes: Both<string> = { a, b };
  const wishes = { ...readWishes(location.href), name: null };
  let ledger: Ledger = EMPTY_LEDGER;
  let waiting = 0;

  const panes: Both<Pane> = both(
    (side) =>
      new Pane({
        side,
        wishes: { ...wishes, room: codes[side] },
        other: () => panes[otherOf(side)].view,
        onChange: () => {
          heard(side);
        },
      }),
  );
  const rooms = both((side) => panes[side].shown.session);
  const seen = both((side): (() => Seen) => () => ({
    view: rooms[side].view,
    live: hears(rooms[side].status),
  }));

  const problem = new Problem();
  const conductor: Conductor = new Conductor(rooms, {
    may: (): boolean => together.can("reset") && lasting(seen.a(), seen.b()) === null,
    reaches: (side) => seen[side]().live,
    tell: (outcome) => {
      if (outcome.kind === "error") problem.refused(outcome);
      else problem.clear();
    },
  });
  const together = new Together(rooms, conductor);
  const pace = new Pace(together);
  const balance = new BalanceCard();
  const controls = card(
    "both",
    "pair.controls",
    h("div", { class: "drive" }, pace.element, problem.element),
  );
  const middle = h(
    "div",
    { class: "middle", id: "controls", tabindex: "-1" },
    balance.element,
    controls,
  );
  const cameras = new Cameras(middle, (camera) => {
    for (const { shown } of [panes.a, panes.b]) shown.city.setCamera(camera);
  });
  const leave = worded(h("button", { type: "button", class: "leave" }), "pair.end");
  const share = new Share(rooms.a, {
    words: "pair.share",
    add: (url) => {
      url.searchParams.delete("room");
      url.searchParams.set("rooms", `${a},${b}`);
      url.searchParams.set("camera", cameras.camera);
      url.searchParams.set("lang", language());
    },
  });
  middle.append(h("div", { class: "ways" }, share.element, leave));

  const heading = h("p", { class: "pair-heading" });
  const top = find(body, ".top");
  worded(find(top, ".skip"), "page.skip");
  find(top, ".status").replaceWith(heading);
  find(top, ".link").remove();
  find(top, ".tools").append(languages());
  find(body, ".page").replaceWith(
    h("div", { class: "pair-page" }, top, h("main", {}, panes.a.element, middle, panes.b.element)),
  );
  inWords(() => {
    document.title = t("pair.title");
    setText(heading, headingOf(both((side) => rooms[side].view)));
  });

  /** Every frame counts for the ledger, drawn or not. */
  function heard(side: Side): void {
    ledger = enter(ledger, side, rooms[side].view);
    conductor.look();
    waiting ||= requestAnimationFrame(show);
  }

  function show(): void {
    waiting = 0;
    const views = both((side) => rooms[side].view);
    setText(heading, headingOf(views));
    balance.show({
      hindrance: hindranceOf(seen.a(), seen.b()),
      step: () => stepWords(both((side) => rooms[side].view)),
      moment: momentOf(views.a, views.b),
      differences: differences(ledger),
    });
    controls.hidden = !together.can("step");
    pace.render({ room: together.room, watching: views.a.watching });
  }

  onKeys({
    ...cameraKeys(cameras),
    " ": () => {
      pace.toggle();
    },
  });
  const letGo = (): void => {
    conductor.letGo((side) => void rooms[side].api.post(`api/rooms/${codes[side]}/resume`, {}));
  };
  addEventListener("pagehide", letGo);
  leave.addEventListener("click", () => {
    void (async () => {
      // Who may not close it leaves it to the server, which closes rooms that nobody watches.
      if (hasMade(b)) await rooms.b.api.close(b);
      location.assign(pageOf(location.href, a));
    })();
  });

  exposeProbes([panes.a.shown, panes.b.shown]);
  rooms.a.start();
  rooms.b.start();
}

function headingOf({ a, b }: Both<View>): string {
  const model = a.room?.model;
  if (model === undefined || model !== b.room?.model) return t("pair.heading");
  return t("pair.heading.driver", { model });
}
