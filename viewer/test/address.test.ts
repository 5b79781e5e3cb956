import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  readWishes,
  shareUrl,
  socketUrl,
  subprotocol,
  type Return,
} from "../src/connection/address";
import { backoffMs, BASE_MS, CAP_MS } from "../src/connection/backoff";

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
    ["http://host/?room=night-1#token=a.b", "ws://host/ws?room=night-1&token=a.b"],
  ])("follows from the page's: %s", (page, socket) => {
    expect(address(page)).toBe(socket);
  });

  it("says where to go on", () => {
    expect(address("http://host/", { epoch: 5, seq: 17, key: "k" })).toBe(
      "ws://host/ws?room=main&epoch=5&seq=17&key=k",
    );
  });

  it("is shared with the room and a forced way, but never with a token or a name", () => {
    const page = "https://host/p/?token=secret&name=Asha&key=k&room=old&lang=sw#token=too";
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
    expect(subprotocol(readWishes("http://host/").encoding)).toBe("daladala.v3.binary");
    expect(subprotocol(readWishes("http://host/?frames=json").encoding)).toBe("daladala.v3.json");
    expect(readWishes("http://host/?frames=tea").encoding).toBe("binary");
  });
});
