/**
 * Words for rules with money, speed and police: what happened on the road, what the trip brings and
 * risks, and what is enforced.
 */
import type { Translation } from "./dictionary";

export const en = {
  "trip.set.off": "Set off {where}",
  "trip.drove": "Drove on at {speed} km/h {where}",
  "trip.sped": "Sped up to {speed} km/h {where}",
  "trip.slowed": "Slowed to {speed} km/h {where}",
  "trip.stopped": "Came to a stand {where}",
  "trip.stood": "Stood {where}",
  "trip.waited.red": "Waited at the red light {where}",
  "trip.held": "Held by the police {where}, for another {time}",
  "trip.released": "The police let the bus go {where}",
  "trip.ran.red": { one: "ran a red light", other: "ran {count} red lights" },
  "trip.fled": {
    one: "did not stop for the police",
    other: "did not stop for the police, {count} times",
  },
  "trip.passed.empty": {
    one: "passed a checkpoint without police",
    other: "passed {count} checkpoints without police",
  },
  "trip.counted": {
    one: "was fined TSh {money} for {count} too many, who was put off",
    other: "was fined TSh {money} for {count} too many, who were put off",
  },
  "trip.bribed": "paid them TSh {money} to look away",
  "trip.uncounted": {
    one: "was let go uncounted, with {count} too many",
    other: "was let go uncounted, with {count} too many",
  },
  "trip.legal": "was let go, with no more aboard than allowed",
  "trip.fined": "was fined TSh {money}",
  "trip.fined.radar": "was fined TSh {money} by radar",
  "trip.out.of.time": "ran out of time",
  "trip.arrived": {
    one: "reached the end of the route, where {count} got off for TSh {money}",
    other: "reached the end of the route, where {count} got off for TSh {money}",
  },

  "speed.kmh": "km/h",
  "speed.limit": "limit {limit}",

  "alert.held": "Held",
  "alert.speeding": "Too fast",

  "aboard.title": "Aboard, by where they want to go",
  "aboard.passed": "passed",

  "profit.title": "Profit and risk",
  "profit.sum": "Profit, TSh",
  "profit.fares": "Fares",
  "profit.fines": "Fines",
  "profit.costs": "Time, fuel, harm",
  "profit.risk": "Risk, micromorts",
  "profit.risk.why": "A micromort is one chance in a million that somebody dies.",

  "law.title": "What is enforced",
  "law.change.title": "Change the enforcement",
  "law.change": "A change begins a new trip, for everybody in the room.",
  "law.inspect": "Load counted, at a checkpoint",
  "law.load.fine": "Fine for the load",
  "law.radar": "Radar sees speeding",
  "law.sight": "Checkpoints seen from",
  "law.metres": "{count} m",
  "law.radar.once": "once in {km} km",
  "law.never": "never",

  "light.next": "Next light",
  "light.red": "red for {time}, in {distance} m",
  "light.green": "green for {time}, in {distance} m",

  "dash.profit": "Profit",
  "plot.profit": "Profit, thousand TSh",

  "say.fined.sum": "The police have fined the bus TSh {money}.",
} as const;

export const sw: Translation<typeof en> = {
  "trip.set.off": "Limeondoka {where}",
  "trip.drove": "Limeendelea kwa km {speed} kwa saa {where}",
  "trip.sped": "Limeongeza mwendo hadi km {speed} kwa saa {where}",
  "trip.slowed": "Limepunguza mwendo hadi km {speed} kwa saa {where}",
  "trip.stopped": "Limesimama {where}",
  "trip.stood": "Limebaki limesimama {where}",
  "trip.waited.red": "Limesubiri taa nyekundu {where}",
  "trip.held": "Linazuiliwa na polisi {where}, bado {time}",
  "trip.released": "Polisi wameliachia basi {where}",
  "trip.ran.red": { one: "limepita taa nyekundu", other: "limepita taa nyekundu {count}" },
  "trip.fled": {
    one: "halikusimama kwa trafiki",
    other: "halikusimama kwa trafiki, mara {count}",
  },
  "trip.passed.empty": {
    one: "limepita kizuizi kisicho na polisi",
    other: "limepita vizuizi {count} visivyo na polisi",
  },
  "trip.counted": {
    one: "limepigwa faini ya TSh {money} kwa abiria {count} aliyezidi, naye ameshushwa",
    other: "limepigwa faini ya TSh {money} kwa abiria {count} waliozidi, nao wameshushwa",
  },
  "trip.bribed": "limetoa hongo ya TSh {money}",
  "trip.uncounted": {
    one: "limeruhusiwa bila kuhesabiwa, akiwa amezidi abiria {count}",
    other: "limeruhusiwa bila kuhesabiwa, wakiwa wamezidi abiria {count}",
  },
  "trip.legal": "limeruhusiwa, abiria hawajazidi",
  "trip.fined": "limepigwa faini ya TSh {money}",
  "trip.fined.radar": "limepigwa faini ya TSh {money} na rada",
  "trip.out.of.time": "muda umekwisha",
  "trip.arrived": {
    one: "limefika mwisho wa njia, ambako ameshuka abiria {count} kwa TSh {money}",
    other: "limefika mwisho wa njia, ambako wameshuka abiria {count} kwa TSh {money}",
  },

  "speed.kmh": "km/saa",
  "speed.limit": "kikomo {limit}",

  "alert.held": "Limezuiliwa",
  "alert.speeding": "Mwendo kasi",

  "aboard.title": "Waliomo, kwa kituo wanakokwenda",
  "aboard.passed": "kimepitwa",

  "profit.title": "Faida na hatari",
  "profit.sum": "Faida, TSh",
  "profit.fares": "Nauli",
  "profit.fines": "Faini",
  "profit.costs": "Muda, mafuta, madhara",
  "profit.risk": "Hatari, maikromoti",
  "profit.risk.why": "Maikromoti moja ni uwezekano mmoja kati ya milioni wa mtu kufa.",

  "law.title": "Sheria inavyosimamiwa",
  "law.change.title": "Badilisha usimamizi wa sheria",
  "law.change": "Badiliko huanzisha safari mpya, kwa wote waliomo.",
  "law.inspect": "Abiria kuhesabiwa, kwenye kizuizi",
  "law.load.fine": "Faini ya kuzidisha abiria",
  "law.radar": "Rada huona mwendo kasi, mara",
  "law.sight": "Vizuizi huonekana kwa umbali wa",
  "law.metres": "m {count}",
  "law.radar.once": "1 kwa km {km}",
  "law.never": "0",

  "light.next": "Taa inayofuata",
  "light.red": "nyekundu kwa {time}, baada ya m {distance}",
  "light.green": "kijani kwa {time}, baada ya m {distance}",

  "dash.profit": "Faida",
  "plot.profit": "Faida, TSh elfu",

  "say.fined.sum": "Basi limepigwa faini ya TSh {money} na polisi.",
};
