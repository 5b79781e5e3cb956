/** Words of two rooms side by side: how they are opened, what differs, and what cannot be compared. */
import type { Translation } from "./dictionary";

export const en = {
  "compare.title": "Compare with another law",
  "compare.explain":
    "A second room drives the same trips with the same driver, under the law that you set here. Both are shown side by side, and begin together.",
  "compare.do": "Drive both side by side",
  "compare.same": "Move a lever first: the law of both would be the same.",
  "compare.uncopied":
    "This room’s scenario has been changed in ways that a second room cannot be asked for.",

  "pair.title": "Daladala, two rooms",
  "pair.heading": "Two rooms side by side",
  "pair.heading.driver": "Two rooms side by side, both driven by {model}",
  "pair.share": "Copy a link to both rooms",
  "pair.end": "Back to one room",
  "pair.controls": "Both rooms",
  "pair.difference": "Difference in profit, B − A",
  "pair.trip": "This trip",
  "pair.trip.so.far": { one: "after {count} step", other: "after {count} steps" },
  "pair.trip.over": "The trip is over.",
  "pair.mean": { one: "Mean of {count} trip", other: "Mean of {count} trips" },
  "pair.mean.none": "No trip yet that both have finished.",
  "pair.interval": "95 % interval: {least} to {most}",
  "pair.interval.later": {
    one: "With an interval from {count} trip on.",
    other: "With an interval from {count} trips on.",
  },
  "pair.equal": "The same on every trip.",
  "pair.trips": "Trips on which B earned more: {more}; less: {less}; the same: {same}.",

  "pair.step.together": "The same trip, in step.",
  "pair.step.apart": {
    one: "The same trip; {side} is {count} step ahead.",
    other: "The same trip; {side} is {count} steps ahead.",
  },
  "pair.step.arrived": "{side} has finished the trip; {other} is still on it.",
  "pair.step.paused": "{side} is paused.",
  "pair.step.both.paused": "Both are paused.",
  "pair.step.same.law": "The same trip, and the same law: nothing can differ.",

  "pair.no.away": "Not comparable: one of the rooms is not live.",
  "pair.no.rules": "Not comparable: they drive by different rules.",
  "pair.no.model": "Not comparable: they have different drivers.",
  "pair.no.scenario": "Not comparable: they drive in different scenarios.",
  "pair.no.money": "Not comparable: these rules tell no profit.",
  "pair.no.kind": "Not comparable: one of them does not drive by itself.",
  "pair.no.people": "Not comparable: people drive one of them.",
  "pair.no.unknown": "Not comparable yet: how this trip began is not known here.",
  "pair.no.trip":
    "Not comparable now: they drive different trips, with other lights, police and queues.",
} as const;

export const sw: Translation<typeof en> = {
  "compare.title": "Linganisha na sheria nyingine",
  "compare.explain":
    "Chumba cha pili kinaendesha safari zilezile kwa dereva yuleyule, chini ya sheria utakayoweka hapa. Vyote viwili vinaonyeshwa bega kwa bega, na vinaanza pamoja.",
  "compare.do": "Endesha vyote bega kwa bega",
  "compare.same": "Kwanza badilisha sheria: kwa sasa ingekuwa ileile kwa vyote.",
  "compare.uncopied":
    "Mazingira ya chumba hiki yamebadilishwa kwa namna ambayo chumba cha pili hakiwezi kuombwa.",

  "pair.title": "Daladala, vyumba viwili",
  "pair.heading": "Vyumba viwili bega kwa bega",
  "pair.heading.driver": "Vyumba viwili bega kwa bega, dereva wa vyote ni {model}",
  "pair.share": "Nakili kiungo cha vyumba vyote viwili",
  "pair.end": "Rudi kwenye chumba kimoja",
  "pair.controls": "Vyumba vyote viwili",
  "pair.difference": "Tofauti ya faida, B − A",
  "pair.trip": "Safari hii",
  "pair.trip.so.far": { one: "baada ya hatua {count}", other: "baada ya hatua {count}" },
  "pair.trip.over": "Safari imeisha.",
  "pair.mean": { one: "Wastani wa safari {count}", other: "Wastani wa safari {count}" },
  "pair.mean.none": "Bado hakuna safari ambayo vyote viwili vimeimaliza.",
  "pair.interval": "Kipindi cha 95 %: {least} hadi {most}",
  "pair.interval.later": {
    one: "Kipindi cha uhakika baada ya safari {count}.",
    other: "Kipindi cha uhakika baada ya safari {count}.",
  },
  "pair.equal": "Ni ileile kwa kila safari.",
  "pair.trips": "Safari ambazo B imepata zaidi: {more}; pungufu: {less}; sawa: {same}.",

  "pair.step.together": "Safari ileile, hatua kwa hatua.",
  "pair.step.apart": {
    one: "Safari ileile; {side} iko mbele kwa hatua {count}.",
    other: "Safari ileile; {side} iko mbele kwa hatua {count}.",
  },
  "pair.step.arrived": "{side} imemaliza safari; {other} bado iko njiani.",
  "pair.step.paused": "{side} imesitishwa.",
  "pair.step.both.paused": "Vyote viwili vimesitishwa.",
  "pair.step.same.law": "Safari ileile na sheria ileile: hakuna kinachoweza kutofautiana.",

  "pair.no.away": "Haziwezi kulinganishwa: chumba kimoja hakiko mubashara.",
  "pair.no.rules": "Haziwezi kulinganishwa: kanuni ni tofauti.",
  "pair.no.model": "Haziwezi kulinganishwa: madereva ni tofauti.",
  "pair.no.scenario": "Haziwezi kulinganishwa: mazingira ni tofauti.",
  "pair.no.money": "Haziwezi kulinganishwa: kanuni hizi hazionyeshi faida.",
  "pair.no.kind": "Haziwezi kulinganishwa: chumba kimoja hakijiendeshi.",
  "pair.no.people": "Haziwezi kulinganishwa: watu wanaendesha chumba kimoja.",
  "pair.no.unknown": "Haziwezi kulinganishwa bado: haijulikani hapa safari hii ilivyoanza.",
  "pair.no.trip":
    "Haziwezi kulinganishwa sasa: safari ni tofauti, kwa taa, polisi na foleni nyingine.",
};
