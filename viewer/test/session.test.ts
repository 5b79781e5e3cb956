import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { binaryKeyframe } from "../dev/encode.mjs";
import { readWishes, type Wishes } from "../src/connection/address";
import { HOLD_MS } from "../src/connection/frame-stream";
import { LiveSession } from "../src/connection/live-session";
import type { Change } from "../src/connection/session";
import { LOOK_EVERY_MS } from "../src/connection/time-travel";
import type { Open, SocketEvents, Target } from "../src/connection/transport";
import { crc32 } from "../src/recording/crc32";
import {
  EPOCH,
  keyframe,
  text,
  WIRE_HELLO,
  WIRE_JOINED,
  WIRE_ROOM,
  WIRE_WORLD,
  type Wire,
} from "./wire";

/** A page with a session, and the server at the other end. */
class Page {
  readonly changes: Change[] = [];
  readonly wishes: Wishes[] = [];
  readonly heard: Wire[] = [];
  readonly targets: Target[] = [];
  readonly session: LiveSession;
  #events: SocketEvents | null = null;

  constructor(query = "", role = "drive", first: readonly number[] = [698, 699, 700]) {
    const open: Open = (target, events) => {
      this.targets.push(target);
      this.#events = events;
      return { send: (message) => this.heard.push(JSON.parse(message) as Wire), close: vi.fn() };
    };
    const page = `http://host/${query}`;
    this.session = new LiveSession({
      page,
      wishes: readWishes(page),
      onWishes: (wishes) => this.wishes.push(wishes),
      open: { ws: open, sse: open, poll: open },
    });
    this.session.subscribe((change) => this.changes.push(change));
    this.session.start();
    this.send(text(WIRE_HELLO, { role }));
    this.enter(first);
  }

  send(data: unknown): void {
    this.#events?.onMessage(data);
  }

  enter(first: readonly number[] = [698, 699, 700]): void {
    if (this.targets.length > 1) this.send(text(WIRE_HELLO));
    this.send(text(WIRE_JOINED));
    this.send(text(WIRE_ROOM));
    this.frames(...first);
  }

  frames(...seqs: readonly number[]): void {
    for (const seq of seqs) this.send(keyframe({ seq, step: seq, terminated: seq % 10 === 9 }));
    vi.advanceTimersByTime(HOLD_MS);
  }

  asked(type: string): Wire[] {
    return this.heard.filter((message) => message["type"] === type);
  }

  reply(type: string, result: Wire = {}): void {
    this.send(text({ type: "reply", id: this.asked(type).at(-1)?.["id"], result }));
  }

  refuse(type: string, code: string): void {
    const id = this.asked(type).at(-1)?.["id"];
    this.send(text({ type: "error", id, code, message: "no", retry_after_ms: null }));
  }

  get seq(): number | undefined {
    return this.session.view.frame?.seq;
  }

  get watching() {
    return this.session.view.watching;
  }
}

let page: Page;
let roomSeq: number;

/** Let promises that are settled run on. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  roomSeq = 700;
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ epoch: EPOCH, seq: roomSeq })));
  page = new Page();
});

afterEach(() => {
  page.session.dispose();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a session back in time", () => {
  it("shows the frame that was asked for, and no frame that was under way", () => {
    void page.session.seek(650);
    page.frames(701);
    expect(page.watching).toEqual({ kind: "live" });
    page.reply("seek", { seq: 650 });
    page.frames(650);
    expect(page.watching).toMatchObject({ kind: "back", seq: 650, oldest: 102, latest: 701 });
    expect(page.seq).toBe(650);
  });

  it("asks one thing at a time, and of many wishes the last", async () => {
    const sought = [600, 601, 602, 603].map((seq) => page.session.seek(seq));
    expect(page.asked("seek").map(({ seq }) => seq)).toEqual([600]);
    page.reply("seek");
    await settle();
    expect(page.asked("seek").map(({ seq }) => seq)).toEqual([600, 603]);
    page.reply("seek");
    const kinds = (await Promise.all(sought)).map(({ kind }) => kind);
    expect(kinds).toEqual(["there", "superseded", "superseded", "there"]);
  });

  it("looks how the room goes on meanwhile, and stops looking when it is live again", async () => {
    void page.session.seek(650);
    page.reply("seek");
    page.frames(650);
    roomSeq = 720;
    await vi.advanceTimersByTimeAsync(LOOK_EVERY_MS);
    expect(page.watching).toMatchObject({ kind: "back", latest: 720 });
    void page.session.live();
    await settle();
    page.reply("live", { seq: 721 });
    expect(page.watching.kind).toBe("back");
    page.frames(721);
    expect(page.watching).toEqual({ kind: "live" });
    roomSeq = 9_999;
    await vi.advanceTimersByTimeAsync(5 * LOOK_EVERY_MS);
    expect(page.session.view.latestSeq).toBe(721);
    expect(page.session.view.skipped).toBe(0);
  });

  it("counts no episode again that it plays again", () => {
    const before = page.session.view.seen.episodes;
    void page.session.seek(688, true);
    page.reply("seek");
    page.frames(688, 689, 690);
    expect(page.watching).toMatchObject({ playing: true, seq: 690 });
    expect(page.session.view.seen.episodes).toBe(before);
  });

  it("is live again when what it plays has come to the latest frame", async () => {
    void page.session.seek(699, true);
    page.reply("seek");
    await settle();
    page.frames(699, 700);
    await settle();
    expect(page.asked("live")).toHaveLength(1);
    page.reply("live", { seq: 700 });
    expect(page.watching).toEqual({ kind: "live" });
  });

  it("goes to the oldest frame where the one wished for is kept no more, and says so", async () => {
    roomSeq = 1_500;
    const sought = page.session.seek(300);
    page.refuse("seek", "NOT_FOUND");
    await settle();
    const instead = Number(page.asked("seek").at(-1)?.["seq"]);
    expect(instead).toBeGreaterThan(300);
    page.reply("seek");
    expect(await sought).toEqual({ kind: "oldest" });
  });

  it("tells any other refusal", async () => {
    const sought = page.session.seek(300);
    page.refuse("seek", "RATE_LIMITED");
    expect(await sought).toMatchObject({ kind: "error", code: "RATE_LIMITED" });
  });
});

describe("the past of an episode", () => {
  const past = (...seqs: readonly number[]): Wire => ({
    epoch: EPOCH,
    resume: "missed",
    frames: seqs.map((seq, nth) =>
      nth === 0
        ? { ...WIRE_WORLD, type: "keyframe", epoch: EPOCH, seq, step: 0 }
        : { type: "delta", seq, base: seqs[0], step: nth },
    ),
  });
  const enter = (answer: Wire): string[] => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", (url: URL) => {
      asked.push(url.href);
      return Promise.resolve(Response.json(answer));
    });
    page = new Page("", "watch", []);
    page.send(keyframe({ seq: 703, step: 3 }));
    vi.advanceTimersByTime(HOLD_MS);
    return asked;
  };

  it("is asked for once by who comes into the middle, and told as if it had been seen", async () => {
    const asked = enter(past(700, 701, 702));
    await vi.waitFor(() => {
      expect(page.session.view.before?.seq).toBe(702);
    });
    expect(page.session.view.trail.map(({ seq }) => seq)).toEqual([700, 701, 702, 703]);
    expect(page.session.view.offences.whole).toBe(true);
    expect(page.seq).toBe(703);
    page.send(keyframe({ seq: 707, step: 7 }));
    vi.advanceTimersByTime(HOLD_MS);
    expect(asked).toEqual([
      `http://host/api/rooms/main/frames?epoch=${EPOCH}&after=699&limit=3&wait=0`,
    ]);
  });

  it("stays unknown where the server keeps it no more, or answers nonsense", async () => {
    for (const answer of [{ ...past(702), resume: "keyframe" }, { frames: 7 }]) {
      enter(answer);
      await settle();
      expect(page.session.view).toMatchObject({ before: null, offences: { whole: false } });
    }
  });
});

describe("what a session may ask", () => {
  it("follows from the role and the transport", () => {
    expect([page.session.can("act"), page.session.can("seek")]).toEqual([true, true]);
    const watcher = new Page("", "watch").session;
    expect([watcher.can("pause"), watcher.can("create"), watcher.can("seek")]).toEqual([
      false,
      false,
      true,
    ]);
    const poller = new Page("?transport=poll").session;
    expect([poller.can("pause"), poller.can("act"), poller.can("seek")]).toEqual([
      true,
      false,
      false,
    ]);
    expect([poller.mayElsewhere("act"), watcher.mayElsewhere("act")]).toEqual([true, false]);
  });
});

describe("another room", () => {
  it("begins with nothing of this one, and the address follows", () => {
    page.session.openRoom("night");
    expect(page.session.view).toMatchObject({ frame: null, room: null, kept: [] });
    expect(page.targets.at(-1)).toMatchObject({ wishes: { room: "night" }, back: { seq: null } });
    expect(page.wishes.at(-1)?.room).toBe("night");
    page.enter();
    expect(page.session.status.kind).toBe("live");
  });

  it("is none where it is this one", () => {
    page.session.openRoom("main");
    expect(page.targets).toHaveLength(1);
    expect(page.seq).toBe(700);
  });

  it("is not needed for a name", () => {
    page.session.rename("Asha");
    expect(page.targets.at(-1)).toMatchObject({ wishes: { name: "Asha" }, back: { seq: 700 } });
    expect(page.seq).toBe(700);
  });
});

describe("a session with a recording", () => {
  const recording = (): Blob => {
    const record = (payload: Uint8Array): Uint8Array<ArrayBuffer> => {
      const bytes = new Uint8Array(8 + payload.length);
      const head = new DataView(bytes.buffer);
      head.setUint32(0, payload.length, true);
      head.setUint32(4, crc32(payload), true);
      bytes.set(payload, 8);
      return bytes;
    };
    const header = new TextEncoder().encode(text(WIRE_ROOM, { room: "old", created: 5, fps: 10 }));
    const frames = Array.from({ length: 30 }, (_, step) =>
      record(binaryKeyframe(EPOCH, 1 + step, { ...WIRE_WORLD, step, terminated: step === 29 })),
    );
    return new Blob(["DALAREC2", record(header), ...frames]);
  };

  beforeEach(async () => {
    vi.useRealTimers();
    const notice = await page.session.openRecording(recording(), "old");
    expect(notice).toEqual({ kind: "opened", frames: 30, damaged: false });
    vi.useFakeTimers();
    await page.session.seek(0, true);
  });

  it("plays it, apart from the room, which goes on unseen", () => {
    vi.advanceTimersByTime(1_000);
    page.frames(701, 702);
    expect(page.watching).toMatchObject({ kind: "recording", name: "old", index: 10, count: 30 });
    expect(page.session.view.room).toMatchObject({ code: "old", kind: "playback" });
    expect(page.session.view.trail).toHaveLength(11);
    page.session.closeRecording();
    expect(page.seq).toBe(702);
    expect(page.watching).toEqual({ kind: "live" });
  });

  it("moves in it, and ends where it ends", async () => {
    await page.session.seek(12);
    expect(page.watching).toMatchObject({ index: 12, playing: false });
    page.session.setPlaybackFps(100);
    await page.session.play(true);
    vi.advanceTimersByTime(5_000);
    expect(page.watching).toMatchObject({ index: 29, playing: false });
    expect(page.session.view.seen.episodes).toBe(1);
    await page.session.seek(5, true);
    vi.advanceTimersByTime(5_000);
    expect(page.session.view.seen.episodes).toBe(1);
    await page.session.live();
    expect(page.watching).toEqual({ kind: "live" });
  });

  it("asks nothing of a room that is not seen", () => {
    expect([page.session.can("act"), page.session.can("step")]).toEqual([false, false]);
    expect(page.session.can("seek")).toBe(true);
  });
});
