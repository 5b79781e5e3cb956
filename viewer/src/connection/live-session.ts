/** The page's session: one connection, what is known through it, and a recording if one is open. */
import { EMPTY, reduce, type Heard, type View } from "../state/view";
import { Player } from "../recording/player";
import { readRecording } from "../recording/read";
import { episodeAround, type Recording } from "../recording/recording";
import { Api } from "./api";
import type { Wishes } from "./address";
import { openWebSocket } from "./browser-socket";
import { Connection } from "./connection";
import type { Status } from "./status";
import { openEventStream } from "./event-stream";
import { BY_HTTP } from "./http-requests";
import { TAB_KEYS } from "./keys";
import { Past } from "./past";
import { openPolling } from "./polling";
import type { Outcome } from "./requests";
import type { Change, Fields, RecordingNotice, Request, Session, Sought } from "./session";
import { TimeTravel } from "./time-travel";
import type { Open, Transport } from "./transport";

export interface SessionOptions {
  /** The page's address, beside which the server listens. */
  readonly page: string;
  readonly wishes: Wishes;
  /** The room or the name has changed: the address of the page is to say so. */
  readonly onWishes: (wishes: Wishes) => void;
  /** For tests. */
  readonly open?: Readonly<Record<Transport, Open>>;
}

/** What one may ask for who may only watch. */
const WATCHING: readonly Request[] = ["seek", "live"];

/** And for who may vote beside that. */
const VOTING: readonly Request[] = [...WATCHING, "vote"];

export class LiveSession implements Session {
  readonly api: Api;
  readonly #options: SessionOptions;
  readonly #connection: Connection;
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #travel: TimeTravel;
  readonly #past: Past;
  #live = EMPTY;
  #player: Player | null = null;
  #played = EMPTY;
  #openings = 0;

  constructor(options: SessionOptions) {
    const { page, wishes } = options;
    this.#options = options;
    this.api = new Api(page, wishes.token);
    this.#connection = new Connection({
      open: options.open ?? {
        ws: openWebSocket(page),
        sse: openEventStream(this.api),
        poll: openPolling(this.api),
      },
      wishes,
      keys: TAB_KEYS,
      diagnose: ({ room }) => this.api.refusal(room),
      onNews: (news) => {
        this.#hear(news);
      },
      onStatus: () => {
        this.#tell("status");
      },
    });
    this.#past = new Past(this.api, (frames) => {
      this.#hear({ kind: "recalled", frames });
    });
    this.#travel = new TimeTravel({
      view: () => this.#live,
      request: (type, fields, settled) => this.#connection.request(type, fields, settled),
      look: (code, signal) => this.api.room(code, signal),
      hear: (heard) => {
        this.#hear(heard);
      },
    });
  }

  get view(): View {
    return this.#player === null ? this.#live : this.#played;
  }

  get status(): Status {
    return this.#connection.status;
  }

  get wishes(): Wishes {
    return this.#connection.wishes;
  }

  get transport(): Transport {
    return this.#connection.transport;
  }

  get clock(): Session["clock"] {
    return this.#connection.clock;
  }

  get malformed(): number {
    return this.#connection.malformed;
  }

  get dropped(): number {
    return this.#connection.dropped;
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  start(): void {
    this.#connection.start();
  }

  retryNow(): void {
    this.#connection.retryNow();
  }

  tryAgain(): void {
    this.#connection.tryAgain();
  }

  can(request: Request): boolean {
    if (this.#player !== null) return WATCHING.includes(request);
    return this.mayElsewhere(request) && (this.transport === "ws" || BY_HTTP.includes(request));
  }

  mayElsewhere(request: Request): boolean {
    const role = this.#live.hello?.role;
    if (this.#player !== null || role === undefined) return false;
    if (role === "watch") return WATCHING.includes(request);
    return role !== "vote" || VOTING.includes(request);
  }

  request(type: Request, fields: Fields = {}): Promise<Outcome> {
    return this.#connection.request(type, fields);
  }

  openRoom(code: string): void {
    this.closeRecording();
    if (code !== this.wishes.room) {
      this.#travel.stop();
      this.#live = { ...EMPTY, hello: this.#live.hello };
      this.#go({ ...this.wishes, room: code });
    }
    this.#tell("view");
  }

  rename(name: string): void {
    this.#go({ ...this.wishes, name });
  }

  async openRecording(
    file: Blob,
    name: string,
    onProgress?: (share: number) => void,
  ): Promise<RecordingNotice> {
    this.#openings += 1;
    const nth = this.#openings;
    const recording = await readRecording(file, name, onProgress);
    if (typeof recording === "string") return { kind: "refused", why: recording };
    // A file that was chosen later may have been read sooner.
    if (nth === this.#openings) this.#show(recording);
    return { kind: "opened", frames: recording.count, damaged: recording.damaged };
  }

  closeRecording(): void {
    this.#player?.close();
    this.#player = null;
    this.#tell("view");
  }

  seek(at: number, play = false): Promise<Sought> {
    if (this.#player === null) return this.#travel.seek(at, play);
    this.#player.seek(at, play);
    return THERE;
  }

  play(on: boolean): Promise<Sought> {
    if (this.#player === null) return this.#travel.seek(this.#live.frame?.seq ?? 1, on);
    if (on) this.#player.play();
    else this.#player.pause();
    return THERE;
  }

  live(): Promise<Sought> {
    if (this.#player === null) return this.#travel.live();
    this.closeRecording();
    return THERE;
  }

  setPlaybackFps(fps: number): void {
    this.#player?.setFps(fps);
  }

  dispose(): void {
    this.#travel.stop();
    this.#player?.close();
    this.#connection.stop();
    this.#listeners.clear();
  }

  #go(wishes: Wishes): void {
    this.#connection.go(wishes);
    this.#options.onWishes(wishes);
  }

  #hear(heard: Heard): void {
    const before = this.#live;
    this.#live = reduce(before, heard, Date.now());
    this.#travel.heard(heard);
    if (heard.kind === "frame") void this.#past.look(this.#live);
    if (this.#player === null && this.#live !== before) {
      this.#tell(heard.kind === "frame" ? "frame" : "view");
    }
  }

  #show(recording: Recording): void {
    this.#player?.close();
    const { room, ends } = recording;
    this.#played = { ...EMPTY, hello: this.#live.hello, room, ends };
    const player = new Player(recording, {
      onFrame: (frame, index) => {
        const { name, count } = recording;
        const { playing } = player;
        const at = { kind: "recording", name, index, count, playing } as const;
        this.#played = reduce(reduce(this.#played, at, 0), { kind: "frame", frame }, 0);
        // Who jumps into an episode is told how it went, as in a room.
        if (this.#played.before === null && frame.step > 0) {
          const frames = episodeAround(recording, index);
          this.#played = reduce(this.#played, { kind: "recalled", frames }, 0);
        }
        this.#tell("frame");
      },
      onState: () => {
        const { watching, room: shown } = this.#played;
        if (watching.kind === "recording") {
          const { playing, fps } = player;
          const next = shown === null ? null : { ...shown, fps };
          this.#played = { ...this.#played, room: next, watching: { ...watching, playing } };
        }
        this.#tell("view");
      },
    });
    this.#player = player;
    player.seek(0, true);
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}

const THERE: Promise<Sought> = Promise.resolve({ kind: "there" });
