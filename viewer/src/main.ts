/** Which page is asked for: one room, or two side by side. */
import "./style/page.css";
import "./style/cards.css";
import "./style/hud.css";
import "./style/layout.css";
import { readPair } from "./connection/address";
import { startLanguage } from "./i18n/browser";
import { openRoomPage } from "./room-page";

startLanguage();
const codes = readPair(location.href);
if (codes === null) openRoomPage(document.body);
else {
  // Few want it, and those who do not are not to wait for it.
  void import("./pair/page").then(({ openPairPage }) => {
    openPairPage(document.body, codes);
  });
}
