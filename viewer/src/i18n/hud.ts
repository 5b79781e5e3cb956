/** Words of the cards over the scene: status, dashboard, readings, summary, reports by voice. */
import type { Translation } from "./dictionary";

export const en = {
  "status.episode": "Episode",
  "status.step": "Step",
  "status.of": "of {most}",
  "status.of.most": "of at most {most}",
  "status.place": "Now",
  "status.cell": "cell {x}, {y}",

  "story.title": "The last step",
  "story.was": "Was",
  "story.clear": "Nothing in the way",
  "story.green": "Green light",
  "story.waiting": { one: "{count} waiting at the stop", other: "{count} waiting at the stop" },
  "story.ahead": "{what} in {distance} m",
  "story.unseen": "Not seen here",
  "story.begins": "A new trip begins",

  "dash.reward": "Reward",
  "dash.total": "Total",
  "dash.speed": "Speed",
  "dash.why": "What just happened",

  "alert.title": "Warnings",
  "alert.next": "Next: ",
  "alert.red": "Red light",
  "alert.police": "Police",
  "alert.overloaded": "Overload",
  "alert.fined": "Fined",
  "alert.crashed": "Crashed",
  "alert.on": "on",
  "alert.off": "off",

  "tracker.title": "Live tracker",

  "load.title": "Passengers",
  "load.of": "of {capacity}",
  "load.legal": "legal {legal}",
  "load.value": "{passengers} of {capacity}, the law allows {legal}",
  "load.over": { one: "{count} too many", other: "{count} too many" },

  "money.title": "Money",

  "mind.title": "The model’s mind",
  "mind.chances": "How likely it is to choose each action; ▶ is what was done.",
  "mind.values": "What it expects each action to bring in the end, in reward; ▶ is what was done.",
  "mind.person":
    "A person chose ▶. The bars show what the model would have gone by; its own favourite is ★.",
  "mind.outside":
    "Asked for from outside ▶. The bars show what the model would have gone by; its own favourite is ★.",
  "mind.chosen": "chosen",
  "mind.favourite": "would choose",
  "mind.closed": "closed",
  "mind.none": "Nothing to show yet: it appears with the next step.",

  "terms.title": "Why this reward",
  "terms.sum": "Sum",
  "terms.none": "No reward at the start of an episode.",

  "plot.title": "This episode",
  "plot.return": "Total reward",
  "plot.load": "Passengers",
  "plot.legal": "legal",
  "plot.steps": "steps",
  "plot.text":
    "Over steps {first} to {last}, the total reward is now {total}, at best {best}; {passengers} passengers are aboard, at most {most}, and the law allows {legal}.",
  "plot.none": "The line begins with the next steps.",

  "totals.title": "Episodes seen",
  "totals.count": "Seen",
  "totals.average": "Average return",
  "totals.best": "Best return",
  "totals.fined": "Fined",
  "totals.crashed": "Crashed",
  "totals.reds": "Red lights run",
  "totals.checkpoints": "Checkpoints passed",
  "totals.least": "{count} or more",
  "totals.load": "Passengers at the end",
  "totals.money": "Average money",
  "totals.first": "The first episode is still under way.",
  "totals.last": "Episode {episode}: {ending}, return {total}, TSh {money}.",

  "summary.which": {
    one: "Episode {episode}, {count} step",
    other: "Episode {episode}, {count} steps",
  },
  "offences.none": "No red light run, no checkpoint passed.",
  "offences.some": "{reds} and {checkpoints}.",
  "offences.reds": { one: "{count} red light run", other: "{count} red lights run" },
  "offences.checkpoints": {
    one: "{count} checkpoint passed without stopping",
    other: "{count} checkpoints passed without stopping",
  },
  "offences.unseen": "Part of the trip was not seen here.",

  "summary.return": "Return",
  "summary.money": "Earned",
  "summary.aboard": "Aboard",

  "say.drive": {
    one: "Step {step}: {action}. {count} passenger, total reward {total}.",
    other: "Step {step}: {action}. {count} passengers, total reward {total}.",
  },
  "say.ended": "Episode {episode}: {ending}. Return {total}, TSh {money}.",
  "say.fined": "The police have fined the bus.",
  "say.overloaded": "The bus is overloaded: {passengers} aboard, {legal} allowed.",
} as const;

export const sw: Translation<typeof en> = {
  "status.episode": "Safari",
  "status.step": "Hatua",
  "status.of": "kati ya {most}",
  "status.of.most": "kati ya {most} au pungufu",
  "status.place": "Sasa",
  "status.cell": "seli {x}, {y}",

  "story.title": "Hatua ya mwisho",
  "story.was": "Lilikuwa",
  "story.clear": "Njia ni nyeupe",
  "story.green": "Taa ya kijani",
  "story.waiting": { one: "Anasubiri {count} kituoni", other: "Wanasubiri {count} kituoni" },
  "story.ahead": "{what} baada ya m {distance}",
  "story.unseen": "Haikuonekana hapa",
  "story.begins": "Safari mpya inaanza",

  "dash.reward": "Tuzo",
  "dash.total": "Jumla",
  "dash.speed": "Mwendo",
  "dash.why": "Kilichotokea sasa hivi",

  "alert.title": "Tahadhari",
  "alert.next": "Kisha: ",
  "alert.red": "Taa nyekundu",
  "alert.police": "Trafiki",
  "alert.overloaded": "Wamezidi",
  "alert.fined": "Faini",
  "alert.crashed": "Ajali",
  "alert.on": "ndiyo",
  "alert.off": "hapana",

  "tracker.title": "Ramani ya safari",

  "load.title": "Abiria",
  "load.of": "kati ya {capacity}",
  "load.legal": "kisheria {legal}",
  "load.value": "{passengers} kati ya {capacity}, sheria inaruhusu {legal}",
  "load.over": { one: "amezidi {count}", other: "wamezidi {count}" },

  "money.title": "Mapato",

  "mind.title": "Akilini mwa modeli",
  "mind.chances": "Uwezekano wa kuchagua kila kitendo; ▶ ndicho kilichofanyika.",
  "mind.values": "Tuzo inayotarajiwa mwishoni kwa kila kitendo; ▶ ndicho kilichofanyika.",
  "mind.person":
    "Mtu ndiye aliyechagua ▶. Mistari inaonyesha ambacho modeli ingefuata; chaguo lake lina ★.",
  "mind.outside":
    "Imeagizwa kutoka nje ▶. Mistari inaonyesha ambacho modeli ingefuata; chaguo lake lina ★.",
  "mind.chosen": "limechaguliwa",
  "mind.favourite": "ingechagua",
  "mind.closed": "kimefungwa",
  "mind.none": "Bado hakuna cha kuonyesha: kitaonekana hatua ijayo.",

  "terms.title": "Kwa nini tuzo hii",
  "terms.sum": "Jumla",
  "terms.none": "Mwanzo wa safari hauna tuzo.",

  "plot.title": "Safari hii",
  "plot.return": "Jumla ya tuzo",
  "plot.load": "Abiria",
  "plot.legal": "kisheria",
  "plot.steps": "hatua",
  "plot.text":
    "Kuanzia hatua ya {first} hadi ya {last}, jumla ya tuzo sasa ni {total}, ya juu kabisa {best}; abiria ni {passengers}, walikuwa wengi zaidi {most}, na sheria inaruhusu {legal}.",
  "plot.none": "Mchoro utaanza na hatua zijazo.",

  "totals.title": "Safari zilizoonekana",
  "totals.count": "Idadi",
  "totals.average": "Wastani wa tuzo",
  "totals.best": "Tuzo ya juu",
  "totals.fined": "Zenye faini",
  "totals.crashed": "Zenye ajali",
  "totals.reds": "Taa nyekundu zilizopitwa",
  "totals.checkpoints": "Vizuizi vilivyopitwa",
  "totals.least": "{count} au zaidi",
  "totals.load": "Abiria mwishoni",
  "totals.money": "Wastani wa mapato",
  "totals.first": "Safari ya kwanza bado inaendelea.",
  "totals.last": "Safari ya {episode}: {ending}, tuzo {total}, TSh {money}.",

  "summary.which": {
    one: "Safari ya {episode}, hatua {count}",
    other: "Safari ya {episode}, hatua {count}",
  },
  "offences.none": "Halikupita taa nyekundu wala kizuizi bila kusimama.",
  "offences.some": "{reds}, {checkpoints}.",
  "offences.reds": {
    one: "Limepita taa nyekundu {count}",
    other: "Limepita taa nyekundu {count}",
  },
  "offences.checkpoints": {
    one: "na kizuizi {count} bila kusimama",
    other: "na vizuizi {count} bila kusimama",
  },
  "offences.unseen": "Sehemu ya safari haikuonekana hapa.",

  "summary.return": "Tuzo zote",
  "summary.money": "Mapato",
  "summary.aboard": "Waliomo",

  "say.drive": {
    one: "Hatua ya {step}: {action}. Abiria {count}, jumla ya tuzo {total}.",
    other: "Hatua ya {step}: {action}. Abiria {count}, jumla ya tuzo {total}.",
  },
  "say.ended": "Safari ya {episode}: {ending}. Jumla ya tuzo {total}, TSh {money}.",
  "say.fined": "Basi limepigwa faini na trafiki.",
  "say.overloaded": "Basi limezidisha abiria: wamo {passengers}, wanaoruhusiwa ni {legal}.",
};
