/** The page of one room: who talks to whom. */
import { isEmbedded, readWishes } from "./connection/address";
import { DrivePanel } from "./controls/drive-panel";
import { DropZone } from "./controls/drop-zone";
import { Film } from "./controls/film";
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
import { Tools } from "./hud/tools";
import { Tracker } from "./hud/tracker";
import { language } from "./i18n";
import { followMoments } from "./moments";
import { embed, findRegions, isPresenting, keepPresenting, keepWishes } from "./page";
import { exposeProbe } from "./probe";
import { RoomView } from "./room-view";
import { Sound } from "./sound/sound";

export function openRoomPage(body: HTMLElement): void {
  const regions = findRegions(body);
  const embedded = isEmbedded(location.href);
  if (embedded) embed(regions);
  body.classList.toggle("present", isPresenting(location.href));
  const shown = new RoomView(
    { ...regions, whole: regions.body },
    {
      wishes: readWishes(location.href),
      onWishes: keepWishes,
      draw: (drawn, known) => {
        tracker.render(drawn);
        hud.render(known);
        drive.render(known);
        room.render(known);
        timeBar.render(known);
        sound.render(known);
        announcer.drive(known, Date.now());
      },
      onChange: (change) => {
        if (change !== "frame") announcer.status(session.status, session.view);
      },
    },
  );
  const { session, city } = shown;

  const drive = new DrivePanel(regions.left, session);
  const gallery = new Gallery(regions.body, session, document.baseURI);
  const files = new DropZone(regions.body, regions.over, session);
  const room = new RoomPanel(regions.left, session, {
    files,
    film: new Film(() => regions.scene.querySelector("canvas")),
    openGallery: gallery.toggle,
    addToLink: (url) => {
      url.searchParams.set("camera", cameras.camera);
      url.searchParams.set("lang", language());
    },
  });
  const help = new Help(regions.body, () => session.view.room?.actions ?? []);
  if (!embedded) addIntro(regions.left, help.toggle);
  const tracker = new Tracker(regions.right);
  const hud = new Hud({ ...regions, readings: regions.right });
  const cameras = new Cameras(regions.dock, (camera) => {
    city.setCamera(camera);
  });
  const timeBar = new TimeBar(regions.dock, session);
  const sound = new Sound();
  const announcer = new Announcer(regions.sayStatus, regions.sayDrive);

  const actions = {
    sound: () => {
      tools.showSound(sound.toggle());
    },
    gallery: gallery.toggle,
    help: help.toggle,
    present: () => {
      keepPresenting(regions.body.classList.toggle("present"));
      measure();
    },
    panels: () => {
      tools.showPanels(regions.body.classList.toggle("clean"));
      measure();
    },
  };
  const tools = new Tools(regions.tools, actions);
  // The keys of the page that a picture stands in are that page's.
  const keys = {
    ...cameraKeys(cameras),
    m: actions.sound,
    h: actions.panels,
    g: actions.gallery,
    b: actions.present,
    "?": actions.help,
    // What is shown is paused: the room only where it is the room.
    " ": () => {
      if (session.view.watching.kind === "live") drive.togglePause();
      else void session.play(!session.view.watching.playing);
    },
  };
  if (!embedded) onKeys(keys);
  const covering = { ...regions, bottom: [regions.instruments, regions.dock] };
  const measure = watchInset(covering, (inset) => {
    city.setInset(inset);
    // What sticks below the bar at the top has to know how high its words made it.
    document.documentElement.style.setProperty("--top-height", `${regions.top.offsetHeight}px`);
  });

  exposeProbe(shown);
  followMoments(session, timeBar);
  session.start();
}
