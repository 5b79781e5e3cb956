import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BASE_MS } from "../src/connection/backoff";
import { TRIES } from "../src/connection/chooser";
import { FIRST_LOOK_MS, LOOK_MS } from "../src/connection/climb";
import { GREETING_MS } from "../src/connection/connection";
import { HOLD_MS } from "../src/connection/frame-stream";
import { ANSWER_MS, QUIET_MS } from "../src/connection/liveness";
import { EPOCH, keyframe, text, WIRE_HELLO } from "./wire";
import { FakeServer } from "./fake-server";

describe("a connection that breaks", () => {
  let server: FakeServer;

  beforeEach(() => {
    vi.useFakeTimers();
    server = new FakeServer();
    server.connection.start();
  });

  afterEach(() => {
    vi.useRealTimers();
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

    it("leads back where no server is met the other ways either, each tried once", () => {
      for (let tries = 0; tries < TRIES.ws; tries += 1) server.fail();
      server.fail({ elsewhereToo: true });
      server.fail({ elsewhereToo: true });
      expect(server.tried.join()).toBe("ws,ws,ws,sse,poll,ws");
    });

    // A proxy that answers event streams with 404 or 502 kept the page between them and sockets.
    it("reaches polling where event streams are refused and polling is not", () => {
      for (let tries = 0; tries < TRIES.ws; tries += 1) server.fail();
      server.fail({ elsewhereToo: true });
      welcome();
      expect(server.connection.status).toEqual({ kind: "polling" });
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
});
