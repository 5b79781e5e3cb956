import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  pageOf,
  readMoment,
  readWishes,
  shareUrl,
  socketUrl,
  subprotocol,
  tokenIn,
  withToken,
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

  it("is shared with the room and a forced way, but never with a name", () => {
    const page = "https://host/p/?token=secret&name=Asha&key=k&room=old&lang=sw#token=too&seq=3";
    const shared = { room: "night", transport: null, token: "too", role: "admin" } as const;
    expect(shareUrl(page, shared).href).toBe("https://host/p/?room=night&lang=sw");
    expect(shareUrl(page, { ...shared, transport: "sse" }).href).toContain("transport=sse");
  });

  it("keeps a token by which one watches or votes, and no other", () => {
    const page = "https://host/?room=main";
    const shared = { room: "main", transport: null, token: "a.b" } as const;
    for (const role of ["watch", "vote"] as const) {
      expect(shareUrl(page, { ...shared, role }).href).toBe("https://host/?room=main#token=a.b");
    }
    for (const role of ["drive", "admin", null] as const) {
      expect(shareUrl(page, { ...shared, role }).href).not.toContain("a.b");
    }
  });

  it("points at a moment, and is read as it was written", () => {
    const moment = { seq: 84, epoch: 1790000000123 };
    const shared = { room: "night", transport: null, token: null, role: null, moment } as const;
    const { href } = shareUrl("https://host/?room=main&lang=sw", shared);
    expect(href).toBe("https://host/?lang=sw#room=night&seq=84&epoch=1790000000123");
    expect(readWishes(href).room).toBe("night");
    expect(readMoment(href)).toEqual(moment);
    expect(readMoment("https://host/#room=night&seq=84")).toEqual({ seq: 84, epoch: null });
    for (const bad of ["", "#seq=", "#seq=x", "#seq=-4", "#seq=1e9"]) {
      expect(readMoment(`https://host/${bad}`)).toBeNull();
    }
    // Elsewhere from there the fragment must not say otherwise.
    expect(pageOf(href, "other").href).toBe("https://host/?lang=sw&room=other");
  });

  it("takes a token as it is pasted, alone or in an address, and nothing else", () => {
    expect(tokenIn(" a.b-c_d ")).toBe("a.b-c_d");
    expect(tokenIn("http://host/?room=main#token=a.b")).toBe("a.b");
    expect(tokenIn("http://host/?token=a.b&room=main")).toBe("a.b");
    for (const bad of ["", "two words", "<b>"]) expect(tokenIn(bad)).toBeNull();
    expect(withToken("http://host/?token=old&room=x#seq=4", "a.b").href).toBe(
      "http://host/?room=x#seq=4&token=a.b",
    );
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
