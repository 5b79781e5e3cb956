/**
 * Votes: starting them, choosing, and what is known of the turn. Those with a name may choose. A vote
 * that runs has a card of its own, the first on a phone, which also shows those who only watch how many
 * have chosen and how the last turn went.
 */
import type { Session } from "../connection/session";
import { whole } from "../format";
import { card } from "../hud/card";
import { h, inWords, named, setText, worded } from "../hud/dom";
import { actionWords } from "../hud/words";
import { t } from "../i18n";
import { EMPTY, type View, type Vote } from "../state/view";
import { ActionPad } from "./action-pad";
import { Problem } from "./problem";

/** What the server takes, and what it takes without being told, in seconds. */
const TURN_SECONDS = { least: 1, most: 300, usual: 10 } as const;

/** How many are named who are still to choose: a whole class would fill a phone. */
const MOST_NAMES = 6;

export class Voting {
  /** To start one. */
  readonly element: HTMLDetailsElement;
  /** The one that runs. */
  readonly ballot: HTMLElement;
  readonly #session: Session;
  readonly #problem = new Problem();
  readonly #problemAtStart = new Problem();
  readonly #seconds = h("input", {
    ...{ type: "number", name: "turn", required: "", value: String(TURN_SECONDS.usual) },
    ...{ min: String(TURN_SECONDS.least), max: String(TURN_SECONDS.most), step: "1" },
  });
  readonly #stop = worded(h("button", { type: "button" }), "vote.stop");
  readonly #share = h("progress", { max: "1", value: "0" });
  readonly #tally = h("ul", { class: "bars tally" });
  readonly #turn = h("p", { class: "turn" });
  readonly #cast = h("p", { class: "note", role: "status" });
  readonly #result = h("p", { class: "note result", role: "status" });
  readonly #pad = new ActionPad((action) => void this.#vote(action), false);
  readonly #join: HTMLFormElement;
  readonly #name = h("input", {
    type: "text",
    name: "name",
    required: "",
    autocomplete: "nickname",
  });
  #view: View = EMPTY;
  /** This page's own choice, and the turn it was for. */
  #choice: { readonly turn: number | null; readonly action: number } | null = null;
  #tick: ReturnType<typeof setInterval> | undefined;

  constructor(session: Session) {
    this.#session = session;
    const seconds = h(
      "label",
      { class: "field" },
      worded(h("span"), "vote.seconds"),
      this.#seconds,
    );
    const begin = worded(h("button", { type: "submit" }), "vote.start");
    const start = h("form", { class: "vote-start" }, seconds, begin);
    const name = h("label", { class: "field" }, worded(h("span"), "vote.name"), this.#name);
    const join = worded(h("button", { type: "submit", class: "strong" }), "vote.join");
    const nameless = worded(h("p", { class: "note" }), "vote.nameless");
    this.#join = h("form", { class: "vote-name" }, nameless, name, join);
    this.ballot = card(
      "votes",
      "vote.title",
      this.#turn,
      named(this.#pad.element, "vote.choose"),
      this.#join,
      named(this.#share, "vote.share"),
      this.#cast,
      this.#result,
      this.#tally,
      this.#stop,
      this.#problem.element,
    );
    this.element = h(
      "details",
      { class: "vote" },
      worded(h("summary"), "vote.title"),
      worded(h("p", { class: "note" }), "vote.explain"),
      start,
      this.#problemAtStart.element,
    );
    start.addEventListener("submit", (event) => {
      event.preventDefault();
      const turn_seconds = this.#seconds.valueAsNumber;
      void this.#problemAtStart.ask(() => this.#session.request("vote_start", { turn_seconds }));
    });
    this.#stop.addEventListener("click", () => {
      void this.#problem.ask(() => this.#session.request("vote_stop"));
    });
    this.#join.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = this.#name.value.trim();
      if (name !== "") this.#session.rename(name);
    });
    inWords(() => {
      this.#write();
    });
  }

  render(view: View): void {
    this.#view = view;
    if (view.vote === null) this.#choice = null;
    this.#write();
    clearInterval(this.#tick);
    if (view.vote?.endsAt == null) return;
    this.#tick = setInterval(() => {
      this.#writeTurn(this.#view.vote);
    }, 250);
  }

  async #vote(action: number): Promise<void> {
    const turn = this.#view.vote?.turn ?? null;
    const reply = await this.#problem.ask(() => this.#session.request("vote", { action }));
    if (reply !== null) this.#choice = { turn, action };
    this.#write();
  }

  #write(): void {
    const { vote, room, wheel, hello } = this.#view;
    const may = this.#session.can("vote_start");
    const free = vote === null && wheel === null;
    this.element.hidden = room === null || !may || !free || room.kind === "playback";
    this.ballot.hidden = vote === null || room === null;
    document.body.classList.toggle("voting-now", !this.ballot.hidden);
    if (vote === null || room === null) return;
    this.#stop.hidden = !this.#session.can("vote_stop");
    const takesPart = this.#session.can("vote");
    const named = this.#session.wishes.name !== null;
    this.#name.maxLength = hello?.nameChars ?? 32;
    this.#join.hidden = named || !takesPart;
    this.#pad.element.hidden = !named || !takesPart;
    const chosen = this.#choice?.turn === vote.turn ? this.#choice.action : null;
    this.#pad.render(room.actions, chosen);
    this.#writeTurn(vote);
    setText(this.#cast, this.#castWords(vote));
    setText(this.#result, this.#resultWords(vote));
    this.#share.hidden = vote.turn === null || vote.voters === 0;
    this.#share.value = vote.voters === 0 ? 0 : vote.cast / vote.voters;
    this.#tally.replaceChildren(...tallyRows(vote.last, room.actions));
  }

  #writeTurn(vote: Vote | null): void {
    if (vote === null) return;
    const { turn, endsAt } = vote;
    const waits = turn === null || endsAt === null;
    // A turn that is late is about to end.
    const seconds = waits ? 0 : Math.max(0, Math.ceil((endsAt - Date.now()) / 1000));
    // Who comes into a turn is not told of it before the next one begins.
    const unknown = waits && vote.last === null;
    setText(
      this.#turn,
      unknown ? t("vote.unknown") : waits ? t("vote.next") : t("vote.turn", { turn, seconds }),
    );
  }

  #castWords({ turn, voters, cast, choosing }: Vote): string {
    if (turn === null || voters === 0) return "";
    const count = t("vote.cast", { count: cast, of: voters });
    if (choosing.length === 0) return count;
    const some = choosing.slice(0, MOST_NAMES).map((each) => this.#who(each));
    const more = choosing.length - some.length;
    const names = more > 0 ? [...some, t("vote.more", { count: more })] : some;
    return `${count}. ${t("vote.waiting", { names: names.join(", ") })}`;
  }

  #who(member: number): string {
    const { me, presence } = this.#view;
    if (member === me) return t("vote.you");
    const player = presence?.players.find((each) => each.member === member);
    return player?.name ?? t("vote.member", { member });
  }

  #resultWords({ last }: Vote): string {
    if (last === null) return "";
    const action = actionWords(this.#view.room?.actions[last.action] ?? null);
    if (last.by !== "votes") return t("vote.policy", { action });
    return t("vote.result", { action, count: last.votes[last.action] ?? 0 });
  }
}

/** How the last turn went: a bar an action, none where nobody chose. */
function tallyRows(last: Vote["last"], actions: readonly string[]): HTMLElement[] {
  if (last?.by !== "votes") return [];
  const most = Math.max(1, ...last.votes);
  return actions.map((action, nth) => {
    const count = last.votes[nth] ?? 0;
    const bar = h("span", { class: "bar" });
    bar.style.width = `${(count / most) * 100}%`;
    return h(
      "li",
      { class: nth === last.action ? "chosen" : "" },
      h("span", { class: "who" }, actionWords(action)),
      h("span", { class: "track", "aria-hidden": "true" }, bar),
      h("span", { class: "amount" }, whole(count)),
    );
  });
}
