/** Wires the page: socket → state → scene and HUD. Nothing is decided here but who talks to whom. */
import "./style/page.css";
import "./style/hud.css";
import "./style/plan.css";
import { readWishes, socketUrl, subprotocol } from "./connection/address";
import { openSocket } from "./connection/browser-socket";
import { Connection } from "./connection/connection";
import { Announcer } from "./hud/announcer";
import { Controls } from "./hud/controls";
import { find } from "./hud/dom";
import { Hud } from "./hud/hud";
import { Link } from "./hud/link";
import { Painter } from "./painter";
import { exposeProbe } from "./probe";
import { PlanScene } from "./scene/plan";
import type { Scene } from "./scene/scene";
import { EMPTY, reduce } from "./state/view";

const page = document.body;
const wishes = readWishes(location.href);
const scene: Scene = new PlanScene(find(page, ".scene"));
const hud = new Hud(page);
const announcer = new Announcer(page);
const link = new Link(page, {
  retry: () => {
    connection.retryNow();
  },
  reload: () => {
    location.reload();
  },
});
const controls = new Controls(find(page, ".controls"), (type) => connection.request(type));
const painter = new Painter(
  (drawn) => {
    scene.render(drawn);
    hud.render(drawn);
    controls.render(drawn);
    announcer.drive(drawn, Date.now());
  },
  (paint) => requestAnimationFrame(paint),
);

let view = EMPTY;

const connection = new Connection({
  open: (events, back) =>
    openSocket(socketUrl(document.baseURI, wishes, back), subprotocol(wishes.encoding), events),
  onNews: (news) => {
    view = reduce(view, news);
    if (news.kind === "frame") link.sawFrame(Date.now());
    if (news.kind === "room") showStanding();
    painter.show(view);
  },
  onStatus: showStanding,
});

/** How things stand with the connection and the room, said at once and not once a refresh. */
function showStanding(): void {
  link.show(connection.status, view.room);
  announcer.status(connection.status, view.room);
}

exposeProbe(() => ({ view, connection, encoding: wishes.encoding }));
addEventListener("online", () => {
  connection.retryNow();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") connection.retryNow();
});
connection.start();
