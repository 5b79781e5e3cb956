/** What the page explains: what is seen here, to whoever has never heard of it, and the keys. */
import type { Translation } from "./dictionary";

export const en = {
  "intro.title": "What is this?",
  "intro.agent":
    "A computer program, called the agent, drives this daladala, a Dar es Salaam minibus, all by itself.",
  "intro.step":
    "At each step it looks at what is around the bus and chooses one action, such as Move or Pick up.",
  "intro.reward":
    "For each action it gets a reward, in points or in money: more for serving passengers, less for fines, crashes and lost time.",
  "intro.episode":
    "One trip from the first stop to the last is an episode, and all its rewards together are its return.",
  "intro.learning":
    "Some agents are rules that people wrote. The others nobody told how to drive: they tried thousands of episodes and kept to what brought a higher return, which is called reinforcement learning.",
  "intro.done": "Got it",
  "intro.keys": "Help and keys",

  "legend.title": "Signs on the map",
  "legend.bus": "The bus",
  "legend.waiting": "Stop where people wait",
  "legend.stop": "Stop, nobody waits",
  "legend.red": "Red light",
  "legend.green": "Green light",
  "legend.police": "Police",
  "legend.unmanned": "Checkpoint without police",
  "legend.end": "End of the route",

  "help.title": "Help",
  "help.keys": "Keys",
  "help.keys.on": "Single keys work on this page (the keys at the wheel always do)",
  "help.cameras": "Cameras: chase, driver, top, cinema, free",
  "help.pause": "Pause and resume the room, or what is played back",
  "help.sound": "Sound on and off",
  "help.panels": "Hide and show the panels",
  "help.present": "For a projector: larger text, fewer cards",
  "help.gallery": "All rooms",
  "help.help": "This help",
  "help.wheel": "At the wheel",
  "help.free": "With the free camera, when the picture has the focus",
  "help.free.turn": "Turn and tilt",
  "help.free.shift": "Move over the ground",
  "help.free.zoom": "Nearer and farther",
  "help.free.home": "Back to the bus",
  "help.escape": "Close what is open, give the wheel back",
} as const;

export const sw: Translation<typeof en> = {
  "intro.title": "Hii ni nini?",
  "intro.agent":
    "Programu ya kompyuta, iitwayo wakala, inaendesha daladala hii ya Dar es Salaam yenyewe.",
  "intro.step":
    "Kila hatua inaangalia kilicho karibu na basi, kisha inachagua kitendo kimoja, kama Endesha au Pakia.",
  "intro.reward":
    "Kwa kila kitendo inapata tuzo, kwa pointi au kwa pesa: zaidi kwa kuhudumia abiria, pungufu kwa faini, ajali na muda uliopotea.",
  "intro.episode":
    "Safari moja kutoka kituo cha kwanza hadi cha mwisho ina tuzo nyingi, na zikijumlishwa zinaonyesha imefanya vizuri kiasi gani.",
  "intro.learning":
    "Baadhi ya programu ni kanuni zilizoandikwa na watu. Nyingine hakuna aliyezifundisha kuendesha: zimejaribu safari maelfu na kushika yaliyoleta tuzo kubwa zaidi; huku ndiko kujifunza kwa tuzo.",
  "intro.done": "Nimeelewa",
  "intro.keys": "Msaada na vitufe",

  "legend.title": "Alama za ramani",
  "legend.bus": "Basi",
  "legend.waiting": "Kituo chenye abiria",
  "legend.stop": "Kituo bila abiria",
  "legend.red": "Taa nyekundu",
  "legend.green": "Taa ya kijani",
  "legend.police": "Trafiki",
  "legend.unmanned": "Kizuizi bila polisi",
  "legend.end": "Mwisho wa njia",

  "help.title": "Msaada",
  "help.keys": "Vitufe",
  "help.keys.on": "Vitufe hivi vinafanya kazi kwenye ukurasa huu (vya usukani daima)",
  "help.cameras": "Kamera: nyuma, dereva, juu, sinema, huru",
  "help.pause": "Sitisha au endeleza chumba, au marudio yanayoonyeshwa",
  "help.sound": "Washa au zima sauti",
  "help.panels": "Ficha au onyesha paneli",
  "help.present": "Kwa projekta: maandishi makubwa, kadi chache",
  "help.gallery": "Vyumba vyote",
  "help.help": "Msaada huu",
  "help.wheel": "Ukishika usukani",
  "help.free": "Kwa kamera huru, ukiwa umechagua picha",
  "help.free.turn": "Zungusha na inamisha",
  "help.free.shift": "Sogea juu ya ardhi",
  "help.free.zoom": "Karibu na mbali",
  "help.free.home": "Rudi kwenye basi",
  "help.escape": "Funga kilichofunguliwa, rudisha usukani",
};
