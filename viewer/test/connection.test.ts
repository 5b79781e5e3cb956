import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BASE_MS, CAP_MS } from "../src/connection/backoff";
import { GREETING_MS, PATIENCE_MS } from "../src/connection/connection";
import { HOLD_MS } from "../src/connection/frame-stream";
import { ANSWER_MS, MEASURE_EVERY_MS, QUIET_MS, SILENT_MS } from "../src/connection/liveness";
import { LATE_MS } from "../src/connection/lag";
import { REQUEST_MS } from "../src/connection/requests";
import { keyframe, text, WIRE_HELLO, WIRE_JOINED, WIRE_ROOM } from "./wire";
import { FakeServer } from "./fake-server";

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
    server.send(text(WIRE_HELLO, { protocol: 4 }));
    expect(server.connection.status).toEqual({ kind: "incompatible", theirs: 4 });
    vi.advanceTimersByTime(10 * CAP_MS);
    expect(server.sockets).toHaveLength(1);
    expect(server.sockets[0]?.closed).toBe(true);
  });

  describe("silence", () => {
    it("is asked about, and an answer ends it: a paused room is live", () => {
      server.goLive();
      server.send(text({ ...WIRE_ROOM, paused: true }));
      for (let round = 0; round < 20; round += 1) {
        vi.advanceTimersByTime(QUIET_MS);
        server.pong();
      }
      expect(server.kind).toBe("live");
      expect(server.statuses.map(({ kind }) => kind)).toEqual(["connecting", "live"]);
    });

    it("is called by its name without an answer, and whatever comes ends it", () => {
      server.goLive();
      server.send(text({ ...WIRE_ROOM, paused: true }));
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
      server.send(keyframe({ seq: 19 }));
      server.pong();
      expect(server.kind).toBe("live");
    });

    it("is said when no frame comes of a room that drives, and of no other", () => {
      server.goLive();
      vi.advanceTimersByTime(QUIET_MS);
      server.pong();
      expect(server.connection.status).toEqual({ kind: "behind", lateMs: QUIET_MS });
      server.send(keyframe({ seq: 18 }));
      expect(server.kind).toBe("live");
      for (const still of [{ paused: true }, { kind: "driven" }, { mode: "vote" }]) {
        server.send(text({ ...WIRE_ROOM, ...still }));
        vi.advanceTimersByTime(QUIET_MS);
        server.pong();
        expect(server.kind).toBe("live");
      }
      // What was waited for while it stood still was nothing.
      server.send(text(WIRE_ROOM));
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
