/** Wires the page: session → painter → scene, HUD and panels. It decides only who talks to whom. */
import "./style/page.css";
import "./style/cards.css";
import "./style/hud.css";
import "./style/layout.css";
import { CityView } from "./city-view";
import { readWishes } from "./connection/address";
import { LiveSession } from "./connection/live-session";
import { DrivePanel } from "./controls/drive-panel";
import { DropZone } from "./controls/drop-zone";
import { RoomPanel } from "./controls/room-panel";
import { TimeBar } from "./controls/time-bar";
import { Gallery } from "./gallery/gallery";
import { Announcer } from "./hud/announcer";
import { Cameras, cameraKeys } from "./hud/cameras";
import { Help } from "./hud/help";
import { Hud } from "./hud/hud";
import { watchInset } from "./hud/inset";
import { addIntro } from "./hud/intro";
import { onKeys } from "./hud/keys";
import { Link } from "./hud/link";
import { PictureNote } from "./hud/picture-note";
import { Tools } from "./hud/tools";
import { Tracker } from "./hud/tracker";
import { language } from "./i18n";
import { startLanguage } from "./i18n/browser";
import { findRegions, keepWishes } from "./page";
import { Painter } from "./painter";
import { exposeProbe } from "./probe";
import { Sound } from "./sound/sound";

startLanguage();
const regions = findRegions(document.body);
const session = new LiveSession({
  page: document.baseURI,
  wishes: readWishes(location.href),
  onWishes: keepWishes,
});

const drive = new DrivePanel(regions.left, session);
const gallery = new Gallery(regions.body, session, document.baseURI);
const files = new DropZone(regions.body, session);
const room = new RoomPanel(regions.left, session, {
  files,
  openGallery: gallery.toggle,
  addToLink: (url) => {
    url.searchParams.set("camera", cameras.camera);
    url.searchParams.set("lang", language());
  },
});
const help = new Help(regions.body, () => session.view.room?.actions ?? []);
addIntro(regions.left, help.toggle);
const tracker = new Tracker(regions.right);
const hud = new Hud({ ...regions, readings: regions.right });
const cameras = new Cameras(regions.dock, (camera) => {
  city.setCamera(camera);
});
const timeBar = new TimeBar(regions.dock, session);
const city = new CityView(regions.scene, cameras.camera, (picture) => {
  pictureNote.show(picture);
});
const pictureNote = new PictureNote(regions.sceneNote);
const sound = new Sound();
const announcer = new Announcer(regions.sayStatus, regions.sayDrive);
const link = new Link(regions.body, regions.link, regions.notice, {
  retry: () => {
    session.retryNow();
  },
  reload: () => {
    location.reload();
  },
});

const actions = {
  sound: () => {
    tools.showSound(sound.toggle());
  },
  gallery: gallery.toggle,
  help: help.toggle,
  panels: () => {
    tools.showPanels(regions.body.classList.toggle("clean"));
    measure();
  },
};
const tools = new Tools(regions.tools, actions);
onKeys({
  ...cameraKeys(cameras),
  m: actions.sound,
  h: actions.panels,
  g: actions.gallery,
  "?": actions.help,
  " ": () => {
    drive.togglePause();
  },
});
const covering = { ...regions, bottom: [regions.instruments, regions.dock] };
const measure = watchInset(covering, (inset) => {
  city.setInset(inset);
});

const painter = new Painter(
  (drawn, known) => {
    city.render(drawn);
    tracker.render(drawn);
    hud.render(known);
    drive.render(known);
    room.render(known);
    timeBar.render(known);
    sound.render(known);
    announcer.drive(known, Date.now());
  },
  (paint) => requestAnimationFrame(paint),
);

session.subscribe((change) => {
  const { view, status } = session;
  if (change === "frame") link.sawFrame(Date.now());
  else {
    // How things stand is said at once and not once a refresh: a hidden page is never refreshed.
    link.show(status, view);
    announcer.status(status, view);
  }
  painter.show(view);
});

exposeProbe({ session, painter, city });
addEventListener("online", () => {
  session.retryNow();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") session.retryNow();
});
session.start();
