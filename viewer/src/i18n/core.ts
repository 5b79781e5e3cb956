/** Words that several parts of the page share: its frame, actions, reward terms, endings, cameras. */
import type { Translation } from "./dictionary";

export const en = {
  "page.title": "Daladala, live",
  "page.drive": "The drive",
  "page.scene":
    "The city: the bus on its route, with stops, traffic lights and police checkpoints. The text beside it tells the same.",
  "page.dashboard": "Dashboard",
  "page.controls": "Controls",
  "page.readings": "Readings",
  "page.skip": "Skip to the controls",

  "tool.language": "Language",
  "tool.sound.on": "Turn sound on",
  "tool.sound.off": "Turn sound off",
  "tool.gallery": "All rooms",
  "tool.help": "Help and keys",
  "tool.panels.hide": "Hide the panels",
  "tool.panels.show": "Show the panels",
  "tool.close": "Close",

  "action.Move": "Move",
  "action.Pick up": "Pick up",
  "action.Drop off": "Drop off",
  "action.Stop": "Stop",
  "action.Speed up": "Speed up",
  "action.none": "Setting off",

  "term.action": "The action itself",
  "term.must_stop": "Red light or police",
  "term.police": "Load at the checkpoint",
  "term.crash": "Crash",
  "term.step": "One step further",
  "term.end": "End of the episode",
  "term.legal": "In capacity, unfined",
  "term.fares": "Fares",
  "term.fines": "Fines",
  "term.time": "Time spent",
  "term.fuel": "Fuel",
  "term.harm": "Harm done",
  "term.lease": "Lease of the bus",

  "ending.arrived": "Arrived",
  "ending.crashed": "Crashed",
  "ending.impounded": "Impounded",
  "ending.truncated": "Out of time",
  "ending.ended": "Episode over",
  "ending.arrived.reason": "The bus reached the end of its route.",
  "ending.crashed.reason": "The bus crashed and cannot go on.",
  "ending.impounded.reason": "The police took the overloaded bus off the road.",
  "ending.truncated.reason": "The episode was cut off before the bus arrived.",
  "ending.ended.reason": "The episode ended before the bus arrived.",

  "camera.title": "Camera",
  "camera.chase": "Chase",
  "camera.driver": "Driver",
  "camera.top": "Top",
  "camera.cinematic": "Cinema",
  "camera.free": "Free",
  "camera.hands":
    "Free camera: drag or the arrow keys turn it, W, A, S and D shift it, plus and minus draw near and away.",

  "scene.lost": "The 3D picture has gone",
  "scene.lost.wait": "The graphics of this device stopped. It comes back by itself if they do.",
  "scene.plan": "Shown from above",
  "scene.plan.why":
    "The graphics of this device stopped and did not come back. Reload the page to try again.",

  "place.at": "at {place}",
  "place.near": "near {place}",
  "place.cell": "at cell {x}, {y}",
} as const;

export const sw: Translation<typeof en> = {
  "page.title": "Daladala, mubashara",
  "page.drive": "Safari",
  "page.scene":
    "Jiji: basi likiwa njiani, na vituo, taa za barabarani na vizuizi vya trafiki. Maandishi yaliyo pembeni yanaeleza yaleyale.",
  "page.dashboard": "Dashibodi",
  "page.controls": "Vidhibiti",
  "page.readings": "Vipimo",
  "page.skip": "Ruka hadi kwenye vidhibiti",

  "tool.language": "Lugha",
  "tool.sound.on": "Washa sauti",
  "tool.sound.off": "Zima sauti",
  "tool.gallery": "Vyumba vyote",
  "tool.help": "Msaada na vitufe",
  "tool.panels.hide": "Ficha paneli",
  "tool.panels.show": "Onyesha paneli",
  "tool.close": "Funga",

  "action.Move": "Endesha",
  "action.Pick up": "Pakia",
  "action.Drop off": "Shusha",
  "action.Stop": "Simama",
  "action.Speed up": "Ongeza mwendo",
  "action.none": "Twende!",

  "term.action": "Kitendo chenyewe",
  "term.must_stop": "Taa nyekundu au trafiki",
  "term.police": "Ukaguzi wa abiria",
  "term.crash": "Ajali",
  "term.step": "Hatua moja mbele",
  "term.end": "Mwisho wa safari",
  "term.legal": "Bila kuzidisha, bila faini",
  "term.fares": "Nauli",
  "term.fines": "Faini",
  "term.time": "Muda uliotumika",
  "term.fuel": "Mafuta",
  "term.harm": "Madhara",
  "term.lease": "Kodi ya basi",

  "ending.arrived": "Imefika",
  "ending.crashed": "Imepata ajali",
  "ending.impounded": "Imezuiliwa",
  "ending.truncated": "Muda umeisha",
  "ending.ended": "Safari imeisha",
  "ending.arrived.reason": "Basi limefika mwisho wa njia.",
  "ending.crashed.reason": "Basi limepata ajali na haliwezi kuendelea.",
  "ending.impounded.reason": "Polisi wamelizuia basi kwa kuzidisha abiria.",
  "ending.truncated.reason": "Safari imekatishwa kabla basi halijafika.",
  "ending.ended.reason": "Safari imeisha kabla basi halijafika.",

  "camera.title": "Kamera",
  "camera.chase": "Nyuma",
  "camera.driver": "Dereva",
  "camera.top": "Juu",
  "camera.cinematic": "Sinema",
  "camera.free": "Huru",
  "camera.hands":
    "Kamera huru: buruta au tumia vishale kuizungusha, W, A, S na D kuisogeza, alama za kujumlisha na kutoa kuikaribisha na kuirudisha nyuma.",

  "scene.lost": "Picha ya 3D imepotea",
  "scene.lost.wait": "Michoro ya kifaa hiki imesimama. Ikirudi, picha itarudi yenyewe.",
  "scene.plan": "Inaonyeshwa kutoka juu",
  "scene.plan.why":
    "Michoro ya kifaa hiki ilisimama na haikurudi. Fungua ukurasa upya ili kujaribu tena.",

  "place.at": "pale {place}",
  "place.near": "karibu na {place}",
  "place.cell": "kwenye seli {x}, {y}",
};
