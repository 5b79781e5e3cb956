/** Wires the page: socket → state → scene and HUD. Nothing is decided here but who talks to whom. */
import "./style/page.css";
import "./style/hud.css";
import "./style/plan.css";
import { openSocket } from "./connection/browser-socket";
import { Connection } from "./connection/connection";
import { Announcer } from "./hud/announcer";
import { find } from "./hud/dom";
import { Hud } from "./hud/hud";
import { Link } from "./hud/link";
import { exposeProbe } from "./probe";
import { PlanScene } from "./scene/plan";
import type { Scene } from "./scene/scene";
import { EMPTY, reduce } from "./state/view";

const page = document.body;
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

let view = EMPTY;

const connection = new Connection({
  open: (events) => openSocket(document.baseURI, events),
  onMessage: ({ frame, room }) => {
    view = reduce(view, frame, room);
    link.sawFrame(Date.now());
    scene.render(view);
    hud.render(view);
    announcer.drive(view, Date.now());
  },
  onStatus: (status) => {
    link.show(status);
    announcer.status(status);
  },
});

exposeProbe(() => ({ view, status: connection.status, malformed: connection.malformed }));
addEventListener("online", () => {
  connection.retryNow();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") connection.retryNow();
});
connection.start();
