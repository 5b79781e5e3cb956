import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  readWishes,
  shareUrl,
  socketUrl,
  subprotocol,
  type Return,
} from "../src/connection/address";
import { backoffMs, BASE_MS, CAP_MS } from "../src/connection/backoff";
import { TRIES } from "../src/connection/chooser";
import { FIRST_LOOK_MS, LOOK_MS } from "../src/connection/climb";
import { Connection, GREETING_MS, PATIENCE_MS } from "../src/connection/connection";
import type { Status } from "../src/connection/status";
import { HOLD_MS } from "../src/connection/frame-stream";
import { ANSWER_MS, MEASURE_EVERY_MS, QUIET_MS, SILENT_MS } from "../src/connection/liveness";
import type { Keys } from "../src/connection/keys";
import { LATE_MS } from "../src/connection/lag";
import { REQUEST_MS } from "../src/connection/requests";
import { ENDED, type End, type Open, type Transport } from "../src/connection/transport";
import type { News } from "../src/protocol/messages";
import { EPOCH, keyframe, text, WIRE_HELLO, WIRE_JOINED, WIRE_ROOM, type Wire } from "./wire";

class FakeServer {
  /** One entry for each socket ever opened. */
  readonly sockets: {
    onMessage: (data: unknown) => void;
    onEnd: (end: End) => void;
    transport: Transport;
    closed: boolean;
    back: Return;
  }[] = [];
  readonly statuses: Status[] = [];
  readonly news: News[] = [];
  readonly heard: Wire[] = [];
  readonly connection: Connection;

  constructor(page = "http://host/", keys?: Keys) {
    const open =
      (transport: Transport): Open =>
      ({ back }, events) => {
        const socket = { ...events, transport, back, closed: false };
        this.sockets.push(socket);
        return {
          send: (message) => this.heard.push(JSON.parse(message) as Wire),
          close: () => {
            socket.closed = true;
          },
        };
      };
    this.connection = new Connection({
      open: { ws: open("ws"), sse: open("sse"), poll: open("poll") },
      wishes: readWishes(page),
      ...(keys === undefined ? {} : { keys }),
      onNews: (news) => {
        this.news.push(news);
      },
      onStatus: (status) => {
        this.statuses.push(status);
      },
      random: () => 1,
      now: () => Date.now(),
    });
  }

  send(data: unknown): void {
    this.sockets.at(-1)?.onMessage(data);
  }

  /** What comes first on a connection, without a frame. */
  welcome(joined: Wire = {}, room: Wire = {}): void {
    this.send(text(WIRE_HELLO));
    this.send(text(WIRE_JOINED, joined));
    this.send(text(WIRE_ROOM, room));
  }

  /** A connection that shows a frame. */
  goLive(): void {
    this.welcome();
    this.send(keyframe());
    vi.advanceTimersByTime(HOLD_MS);
  }

  drop(reason = ""): void {
    this.sockets.at(-1)?.onEnd({ ...ENDED, reason });
  }

  /** The try that is under way fails, and the next begins. */
  fail(end: Partial<End> = {}): void {
    this.sockets.at(-1)?.onEnd({ ...ENDED, ...end });
    const { status } = this.connection;
    if (status.kind === "waiting") vi.advanceTimersByTime(status.retryAt - Date.now());
  }

  get tried(): Transport[] {
    return this.sockets.map(({ transport }) => transport);
  }

  /** What was asked for with requests of this type. */
  asked(type: string): Wire[] {
    return this.heard.filter((message) => message["type"] === type);
  }

  pong(time = Date.now()): void {
    const id = this.asked("ping").at(-1)?.["id"];
    this.send(text({ type: "pong", id, sent: 0, time }));
  }

  get clock(): { rttMs: number | null; offsetMs: number | null } {
    const { rttMs, offsetMs } = this.connection.clock;
    return { rttMs, offsetMs };
  }

  get kind(): string {
    return this.connection.status.kind;
  }

  get frames(): number {
    return this.news.filter((news) => news.kind === "frame").length;
  }
}

describe("Connection", () => {
  let server: FakeServer;

  beforeEach(() => {
    vi.useFakeTimers();
    server = new FakeServer();
    server.connection.start();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("is live from the first frame, not before", () => {
    expect(server.kind).toBe("connecting");
    server.welcome();
    expect(server.kind).toBe("connecting");
    server.send(keyframe());
    vi.advanceTimersByTime(HOLD_MS);
    expect(server.kind).toBe("live");
    expect(server.frames).toBe(1);
  });

  it("counts what it cannot read, and goes on", () => {
    server.welcome();
    server.send("{");
    server.send(keyframe({ seq: null }));
    server.send(keyframe());
    vi.advanceTimersByTime(HOLD_MS);
    expect(server.connection.malformed).toBe(2);
    expect(server.kind).toBe("live");
  });

  it("understands nothing before it knows which protocol it is", () => {
    server.send(text(WIRE_ROOM));
    server.send(keyframe());
    vi.advanceTimersByTime(HOLD_MS);
    expect(server.connection.malformed).toBe(2);
    expect(server.news).toEqual([]);
  });

  it("says when it will try again, and does", () => {
    server.goLive();
    server.drop("server shutting down");
    expect(server.connection.status).toEqual({
      kind: "waiting",
      retryAt: Date.now() + BASE_MS,
      reason: "server shutting down",
    });
    vi.advanceTimersByTime(BASE_MS);
    expect(server.kind).toBe("connecting");
    expect(server.sockets).toHaveLength(2);
  });

  it("waits longer with each failure, and briefly again after a success", () => {
    const waits = [0, 1, 2].map(() => {
      server.drop();
      const { status } = server.connection;
      const wait = status.kind === "waiting" ? status.retryAt - Date.now() : NaN;
      vi.advanceTimersByTime(wait);
      return wait;
    });
    expect(waits).toEqual([BASE_MS, 2 * BASE_MS, 4 * BASE_MS]);
    server.goLive();
    server.drop();
    expect(server.connection.status).toMatchObject({ retryAt: Date.now() + BASE_MS });
  });

  it("tries at once when asked, and only when it is waiting", () => {
    server.connection.retryNow();
    expect(server.sockets).toHaveLength(1);
    server.drop();
    server.connection.retryNow();
    expect(server.kind).toBe("connecting");
    vi.advanceTimersByTime(BASE_MS);
    expect(server.sockets).toHaveLength(2);
  });

  it("stops for good before a protocol it does not speak", () => {
    server.send(text(WIRE_HELLO, { protocol: 3 }));
    expect(server.connection.status).toEqual({ kind: "incompatible", theirs: 3 });
    vi.advanceTimersByTime(10 * CAP_MS);
    expect(server.sockets).toHaveLength(1);
    expect(server.sockets[0]?.closed).toBe(true);
  });

  describe("silence", () => {
    it("is asked about, and an answer ends it: a paused room is live", () => {
      server.goLive();
      for (let round = 0; round < 20; round += 1) {
        vi.advanceTimersByTime(QUIET_MS);
        server.pong();
      }
      expect(server.kind).toBe("live");
      expect(server.statuses.map(({ kind }) => kind)).toEqual(["connecting", "live"]);
    });

    it("is called by its name without an answer, and whatever comes ends it", () => {
      server.goLive();
      vi.advanceTimersByTime(QUIET_MS + ANSWER_MS);
      expect(server.kind).toBe("silent");
      server.pong();
      expect(server.kind).toBe("live");
      vi.advanceTimersByTime(QUIET_MS + ANSWER_MS);
      expect(server.kind).toBe("silent");
      server.send(text({ type: "presence", viewers: 1, players: [] }));
      expect(server.kind).toBe("live");
    });

    it("that lasts is a dead connection", () => {
      server.goLive();
      vi.advanceTimersByTime(QUIET_MS + ANSWER_MS + SILENT_MS);
      expect(server.kind).toBe("waiting");
      expect(server.sockets[0]?.closed).toBe(true);
    });

    it("of a handshake, or of a server without a frame, is not waited out", () => {
      vi.advanceTimersByTime(GREETING_MS);
      expect(server.kind).toBe("waiting");
      vi.advanceTimersByTime(BASE_MS);
      server.welcome();
      vi.advanceTimersByTime(PATIENCE_MS);
      expect(server.kind).toBe("waiting");
    });
  });

  it("measures the way and the server's clock, also where frames never stop", () => {
    server.goLive();
    expect(server.connection.clock.rttMs).toBeNull();
    vi.advanceTimersByTime(40);
    server.pong(Date.now() - 20 + 5_000);
    expect(server.clock).toEqual({ rttMs: 40, offsetMs: 5_000 });

    for (let ms = 0; ms < MEASURE_EVERY_MS; ms += 1_000) {
      server.send(keyframe());
      vi.advanceTimersByTime(1_000);
    }
    expect(server.asked("ping")).toHaveLength(2);
    vi.advanceTimersByTime(60);
    server.pong(Date.now() + 9_000);
    // The longer way tells the clock less well.
    expect(server.clock).toEqual({ rttMs: 100, offsetMs: 5_000 });
  });

  describe("being behind", () => {
    it("is said when answers come late by the server's clock, until they don't", () => {
      server.goLive();
      vi.advanceTimersByTime(20);
      server.pong();
      for (let ms = 0; ms < MEASURE_EVERY_MS; ms += 500) {
        server.send(keyframe());
        vi.advanceTimersByTime(500);
      }
      vi.advanceTimersByTime(LATE_MS + 500);
      server.pong(Date.now() - LATE_MS - 400);
      expect(server.kind).toBe("behind");
      server.send(keyframe({ seq: 18 }));
      expect(server.kind).toBe("behind");
      vi.advanceTimersByTime(QUIET_MS);
      server.pong();
      expect(server.kind).toBe("live");
    });

    it("is said when frames are left out all the time, but not for one gap", () => {
      server.goLive();
      const show = (seq: number): void => {
        server.send(text({ type: "delta", seq, base: 17 }));
        vi.advanceTimersByTime(200);
      };
      show(40);
      expect(server.kind).toBe("live");
      for (let seq = 50; seq < 80; seq += 10) show(seq);
      expect(server.connection.status).toEqual({ kind: "behind", lateMs: null });
      for (let seq = 81; seq < 111; seq += 1) show(seq);
      expect(server.kind).toBe("live");
    });

    it("is not said of gaps that were asked for", async () => {
      server.goLive();
      for (const seq of [40, 20, 90, 30, 150]) {
        const asked = server.connection.request("seek", { seq });
        const { id } = server.asked("seek").at(-1) ?? {};
        server.send(text({ type: "reply", id, result: { seq } }));
        server.send(text({ type: "delta", seq, base: 17 }));
        expect(await asked).toMatchObject({ kind: "reply" });
      }
      expect(server.kind).toBe("live");
    });
  });

  describe("a way that does not work", () => {
    const welcome = (): void => {
      server.goLive();
    };

    it("is left for the next after some tries, and each way gets its turn", () => {
      for (let tries = 0; tries < TRIES.ws + TRIES.sse + TRIES.poll; tries += 1) server.fail();
      expect(server.tried.join()).toBe("ws,ws,ws,sse,sse,poll,poll,ws");
    });

    it("is also one that opens but never greets", () => {
      for (let tries = 0; tries < TRIES.ws; tries += 1) {
        vi.advanceTimersByTime(GREETING_MS);
        const { status } = server.connection;
        if (status.kind === "waiting") vi.advanceTimersByTime(status.retryAt - Date.now());
      }
      expect(server.connection.transport).toBe("sse");
    });

    it("is not one that has greeted: a server that restarts is waited for", () => {
      for (let tries = 0; tries < 9; tries += 1) {
        server.welcome();
        server.fail();
      }
      expect(new Set(server.tried)).toEqual(new Set(["ws"]));
    });

    it("does not lead on where no server is met the other way either", () => {
      for (let tries = 0; tries < TRIES.ws; tries += 1) server.fail();
      server.fail({ elsewhereToo: true });
      expect(server.connection.transport).toBe("ws");
    });

    it("is stayed on where the address forces it", () => {
      server = new FakeServer("http://host/?transport=sse");
      server.connection.start();
      for (let tries = 0; tries < 9; tries += 1) server.fail();
      expect(new Set(server.tried)).toEqual(new Set(["sse"]));
      welcome();
      vi.advanceTimersByTime(FIRST_LOOK_MS);
      expect(new Set(server.tried)).toEqual(new Set(["sse"]));
    });

    it("is called polling when it is that", () => {
      server = new FakeServer("http://host/?transport=poll");
      server.connection.start();
      welcome();
      expect(server.connection.status).toEqual({ kind: "polling" });
    });

    describe("and the way back up", () => {
      beforeEach(() => {
        for (let tries = 0; tries < TRIES.ws; tries += 1) server.fail();
        welcome();
      });

      /** Time passes in which the server is heard. */
      const pass = (ms: number): void => {
        for (let passed = 0; passed < ms; passed += 1_000) {
          server.sockets.find(({ closed }) => !closed)?.onMessage(keyframe());
          vi.advanceTimersByTime(1_000);
        }
      };

      it("is looked for now and then, without a disturbance", () => {
        pass(FIRST_LOOK_MS);
        expect(server.tried.slice(-2)).toEqual(["sse", "ws"]);
        server.drop();
        expect(server.kind).toBe("live");
        expect(server.connection.transport).toBe("sse");
        pass(2 * FIRST_LOOK_MS);
        expect(server.tried.slice(-2)).toEqual(["ws", "ws"]);
        pass(LOOK_MS);
        expect(server.sockets.at(-1)?.closed).toBe(true);
        expect(server.kind).toBe("live");
      });

      it("is taken when the server greets there, from where the other way was", () => {
        pass(FIRST_LOOK_MS);
        const [below, top] = server.sockets.slice(-2);
        expect(top?.back).toMatchObject({ epoch: EPOCH, seq: 17 });
        server.statuses.length = 0;
        server.welcome({ resume: "missed", missed: 0 });
        expect([below?.closed, top?.closed]).toEqual([true, false]);
        expect(server.connection.transport).toBe("ws");
        server.send(text({ type: "presence", viewers: 1, players: [] }));
        expect(server.statuses).toEqual([]);
        expect(server.kind).toBe("live");
        vi.advanceTimersByTime(QUIET_MS + ANSWER_MS);
        expect(server.kind).toBe("silent");
        server.drop();
        expect(server.kind).toBe("waiting");
      });
    });
  });

  describe("to another room", () => {
    it("nothing is taken along", () => {
      server.welcome({ key: "k1" });
      server.send(keyframe());
      vi.advanceTimersByTime(HOLD_MS);
      server.connection.go({ ...server.connection.wishes, room: "night" });
      expect(server.sockets[0]?.closed).toBe(true);
      expect(server.sockets[1]?.back).toEqual({ epoch: null, seq: null, key: null });
      server.welcome();
      expect(server.kind).toBe("connecting");
      server.send(keyframe());
      vi.advanceTimersByTime(HOLD_MS);
      expect(server.kind).toBe("live");
    });

    it("or page one comes back as the player one was there", () => {
      const kept = new Map([["night Asha", "k9"]]);
      const keys = {
        load: ({ room, name }: { room: string; name: string | null }) =>
          kept.get(`${room} ${name ?? ""}`) ?? null,
        save: ({ room }: { room: string }, key: string) => kept.set(room, key),
      };
      server = new FakeServer("http://host/?room=night&name=Asha", keys);
      server.connection.start();
      expect(server.sockets[0]?.back.key).toBe("k9");
      server.welcome({ key: "k10" });
      expect(kept.get("night")).toBe("k10");
    });

    it("or under another name in this one the frames go on", () => {
      server.goLive();
      server.connection.go({ ...server.connection.wishes, name: "Asha" });
      expect(server.sockets[1]?.back).toEqual({ epoch: EPOCH, seq: 17, key: null });
    });
  });

  describe("after a break", () => {
    beforeEach(() => {
      server.welcome({ key: "k1" });
      server.send(keyframe({ seq: 17 }));
      server.send(text({ type: "delta", seq: 30, base: 17 }));
      server.drop();
      vi.advanceTimersByTime(BASE_MS);
    });

    it("asks for what it missed, as the same player", () => {
      expect(server.sockets.map(({ back }) => back)).toEqual([
        { epoch: null, seq: null, key: null },
        { epoch: EPOCH, seq: 30, key: "k1" },
      ]);
    });

    it("is live at once where it missed nothing: a paused room sends no frame", () => {
      server.welcome({ resume: "missed", missed: 0 }, { paused: true });
      expect(server.kind).toBe("live");
    });

    it("waits for a frame where something is missing", () => {
      server.welcome({ resume: "missed", missed: 2 });
      expect(server.kind).toBe("connecting");
      server.send(keyframe({ seq: 17 }));
      server.send(text({ type: "delta", seq: 31, base: 17 }));
      expect(server.kind).toBe("live");
    });

    it("waits for a frame of the new epoch, whatever the server says was missed", () => {
      server.welcome({ resume: "missed", missed: 0 }, { epoch: 5 });
      expect(server.kind).toBe("connecting");
    });
  });

  describe("a refused join", () => {
    const refusal = {
      type: "error",
      id: null,
      code: "ROOM_FULL",
      message: "The room is full.",
      retryable: true,
      retry_after_ms: 30_000,
    };

    it("is told in the server's words, and tried again not before it says", () => {
      server.send(text(WIRE_HELLO));
      server.send(text(refusal));
      expect(server.connection.status).toEqual({
        kind: "waiting",
        retryAt: Date.now() + 30_000,
        reason: "The room is full.",
      });
      expect(server.sockets[0]?.closed).toBe(true);
    });

    it("is not put off without an end", () => {
      server.send(text(WIRE_HELLO));
      server.send(text(refusal, { retry_after_ms: 1e15 }));
      vi.advanceTimersByTime(60_000);
      expect(server.sockets).toHaveLength(2);
    });

    it("comes also when the room is closed", () => {
      server.goLive();
      server.send(
        text({ type: "event", kind: "room_closed", seq: 1, data: { reason: "by an admin" } }),
      );
      expect(server.connection.status).toMatchObject({ kind: "waiting", reason: "by an admin" });
    });
  });

  describe("requests", () => {
    const refusal = (id: unknown) =>
      text({
        type: "error",
        id,
        code: "CONFLICT",
        message: "Another has the wheel.",
        retryable: false,
        retry_after_ms: null,
      });

    it("are answered by their id, in any order", async () => {
      server.goLive();
      const first = server.connection.request("pause");
      const second = server.connection.request("step");
      const [pause, step] = [server.asked("pause")[0], server.asked("step")[0]];
      expect(pause?.["id"]).not.toEqual(step?.["id"]);
      server.send(refusal(step?.["id"]));
      server.send(text({ type: "reply", id: pause?.["id"], result: { fps: 3 } }));
      expect(await first).toMatchObject({ kind: "reply", result: { fps: 3 } });
      expect(await second).toMatchObject({ code: "CONFLICT" });
    });

    it("end when the connection does, when no answer comes, and where there is no room", async () => {
      const early = server.connection.request("pause");
      expect(await early).toMatchObject({ code: "NO_ANSWER" });
      server.goLive();
      const late = server.connection.request("pause");
      for (let ms = 0; ms < REQUEST_MS; ms += 1_000) {
        vi.advanceTimersByTime(1_000);
        server.send(keyframe());
      }
      expect(await late).toMatchObject({ code: "NO_ANSWER" });
      const lost = server.connection.request("pause");
      server.drop();
      expect(await lost).toMatchObject({ code: "NO_ANSWER" });
    });

    it("that were never made are refused loudly, too", () => {
      server.goLive();
      server.send(refusal(null));
      expect(server.news.at(-1)).toMatchObject({ kind: "error", code: "CONFLICT" });
      expect(server.kind).toBe("live");
    });
  });

  it("survives any messages in any order", () => {
    const messages = [
      text(WIRE_HELLO),
      text(WIRE_JOINED, { resume: "missed" }),
      text(WIRE_ROOM),
      text(WIRE_ROOM, { epoch: 5 }),
      keyframe(),
      keyframe({ epoch: 5, seq: 1 }),
      text({ type: "delta", seq: 30, base: 17 }),
      text({ type: "delta", seq: 2, base: 1 }),
      text({ type: "pong", id: "ping-1", sent: 0, time: 0 }),
      text({ type: "reply", id: 1, result: {} }),
      text({ type: "event", kind: "room_closed", seq: 1, data: {} }),
      "{",
      new Uint8Array([1, 2, 3]).buffer,
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...messages), { maxLength: 40 }), (script) => {
        const any = new FakeServer();
        any.connection.start();
        for (const message of script) {
          any.send(message);
          vi.advanceTimersByTime(300);
        }
        expect(["connecting", "live", "waiting"]).toContain(any.kind);
      }),
    );
  });
});

describe("backoffMs", () => {
  it("stays between half of and all of a doubling wait, under the cap", () => {
    fc.assert(
      fc.property(
        fc.nat(2000),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, random) => {
          const wait = backoffMs(attempt, random);
          const full = Math.min(CAP_MS, BASE_MS * 2 ** attempt);
          expect(wait).toBeGreaterThanOrEqual(full / 2);
          expect(wait).toBeLessThanOrEqual(full);
        },
      ),
    );
  });
});

describe("the socket's address", () => {
  const nothing: Return = { epoch: null, seq: null, key: null };
  const address = (page: string, back = nothing) => socketUrl(page, readWishes(page), back);

  it.each([
    ["http://host:5000/", "ws://host:5000/ws?room=main"],
    ["https://host/some/prefix/index.html?a=1#b", "wss://host/some/prefix/ws?room=main"],
    ["http://host/?room=", "ws://host/ws?room=main"],
    [
      "http://host/?room=night-1&token=a.b&name=Asha%20%26%20co",
      "ws://host/ws?room=night-1&name=Asha+%26+co&token=a.b",
    ],
  ])("follows from the page's: %s", (page, socket) => {
    expect(address(page)).toBe(socket);
  });

  it("says where to go on", () => {
    expect(address("http://host/", { epoch: 5, seq: 17, key: "k" })).toBe(
      "ws://host/ws?room=main&epoch=5&seq=17&key=k",
    );
  });

  it("is shared with the room and a forced way, but never with a token or a name", () => {
    const page = "https://host/p/?token=secret&name=Asha&key=k&room=old&lang=sw#x";
    expect(shareUrl(page, { room: "night", transport: null }).href).toBe(
      "https://host/p/?room=night&lang=sw",
    );
    expect(shareUrl(page, { room: "night", transport: "sse" }).href).toContain("transport=sse");
  });

  it("reads the forced way only where it is one", () => {
    expect(readWishes("http://host/?transport=poll").transport).toBe("poll");
    expect(readWishes("http://host/?transport=pigeon").transport).toBeNull();
  });

  it("asks for frames to be read by people only when it is told to", () => {
    expect(subprotocol(readWishes("http://host/").encoding)).toBe("daladala.v2.binary");
    expect(subprotocol(readWishes("http://host/?frames=json").encoding)).toBe("daladala.v2.json");
    expect(readWishes("http://host/?frames=tea").encoding).toBe("binary");
  });
});
