import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { backoffMs, BASE_MS, CAP_MS } from "../src/connection/backoff";
import { socketUrl } from "../src/connection/browser-socket";
import {
  Connection,
  DEAD_MS,
  SILENT_MS,
  type SocketEvents,
  type Status,
} from "../src/connection/connection";
import { text, WIRE_ROOM } from "./wire";

class FakeServer {
  /** One entry for each socket ever opened. */
  readonly sockets: (SocketEvents & { closed: boolean })[] = [];
  readonly statuses: Status[] = [];
  frames = 0;
  readonly connection = new Connection({
    open: (events) => {
      const socket = { ...events, closed: false };
      this.sockets.push(socket);
      return {
        close: () => {
          socket.closed = true;
        },
      };
    },
    onMessage: () => {
      this.frames += 1;
    },
    onStatus: (status) => {
      this.statuses.push(status);
    },
    random: () => 1,
  });

  send(data: unknown): void {
    this.sockets.at(-1)?.onMessage(data);
  }

  drop(reason = ""): void {
    this.sockets.at(-1)?.onClose(reason);
  }

  get kind(): string {
    return this.connection.status.kind;
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
    server.send('{"type":"hello"}');
    expect(server.kind).toBe("connecting");
    server.send(text());
    expect(server.kind).toBe("live");
    expect(server.frames).toBe(1);
  });

  it("counts what it cannot read, and goes on", () => {
    server.send("{");
    server.send(text({ seq: null }));
    server.send(text());
    expect(server.connection.malformed).toBe(2);
    expect(server.kind).toBe("live");
  });

  it("says when it will try again, and does", () => {
    server.send(text());
    server.drop("the server is shutting down");
    expect(server.connection.status).toEqual({
      kind: "waiting",
      retryAt: Date.now() + BASE_MS,
      reason: "the server is shutting down",
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
    server.send(text());
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

  it("calls silence by its name, and comes back from it", () => {
    server.send(text());
    vi.advanceTimersByTime(SILENT_MS);
    expect(server.kind).toBe("silent");
    server.send(text());
    expect(server.kind).toBe("live");
  });

  it("does not take a slow room for a silent one", () => {
    server.send(text({ room: { ...WIRE_ROOM, fps: 0.1 } }));
    vi.advanceTimersByTime(2 * 10_000);
    expect(server.kind).toBe("live");
    vi.advanceTimersByTime(10_000);
    expect(server.kind).toBe("silent");
    vi.advanceTimersByTime(30_000);
    expect(server.kind).toBe("waiting");
  });

  it("gives up on a connection that stays silent", () => {
    server.send(text());
    vi.advanceTimersByTime(DEAD_MS);
    expect(server.kind).toBe("waiting");
    expect(server.sockets[0]?.closed).toBe(true);
  });

  it("gives up on a handshake that never ends", () => {
    vi.advanceTimersByTime(DEAD_MS);
    expect(server.kind).toBe("waiting");
  });

  it("stops for good before a protocol it does not speak", () => {
    server.send(text({ room: { protocol: 2 } }));
    expect(server.connection.status).toEqual({ kind: "incompatible", theirs: 2 });
    vi.advanceTimersByTime(10 * CAP_MS);
    expect(server.sockets).toHaveLength(1);
    expect(server.sockets[0]?.closed).toBe(true);
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

describe("socketUrl", () => {
  it.each([
    ["http://host:5000/", "ws://host:5000/ws"],
    ["https://host/some/prefix/index.html?a=1#b", "wss://host/some/prefix/ws"],
  ])("leads from %s to %s", (page, socket) => {
    expect(socketUrl(page)).toBe(socket);
  });
});
