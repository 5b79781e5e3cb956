/**
 * A room by asking again and again: for networks that let nothing else through. What comes is made
 * into the messages that a socket would have sent.
 */
import { Fields, Malformed } from "../protocol/check";
import { PROTOCOL_VERSION, ROLES } from "../protocol/messages";
import type { Api } from "./api";
import { NOBODY, refused } from "./event-stream";
import { HttpRequests, type Place } from "./http-requests";
import type { End, Open } from "./transport";

export interface Pace {
  /** How long (seconds) the server may wait for a frame before it answers without one. */
  readonly waitS: number;
  /** Least time between two requests, in milliseconds. */
  readonly periodMs: number;
}

/** As live as polling can be; quick rooms come in small groups of frames. */
export const BRISK: Pace = { waitS: 10, periodMs: 150 };

/** An answer that comes later than this after the wait (milliseconds) is given up. */
const LATE_MS = 8_000;

export function openPolling(api: Api, { waitS, periodMs }: Pace = BRISK): Open {
  return ({ wishes, back }, { onMessage, onEnd }) => {
    const stop = new AbortController();
    const path = `api/rooms/${encodeURIComponent(wishes.room)}`;
    // By it the server counts one viewer, however often it asks.
    const viewer = randomName();
    let place: Place | null =
      back.epoch === null || back.seq === null ? null : { epoch: back.epoch, seq: back.seq };
    let told = "";
    const deliver = (message: unknown): void => {
      if (!stop.signal.aborted) onMessage(message);
    };
    const requests = new HttpRequests({
      ...{ api, code: wishes.room, deliver, tellPresence: true },
      place: () => place,
      // The next page will tell.
      onAnotherRun: () => undefined,
    });

    /** The page's frames; the first time it does not wait for any. */
    const ask = async (first: boolean): Promise<End | Fields> => {
      const url = api.url(`${path}/frames`);
      if (place !== null) {
        url.searchParams.set("epoch", String(place.epoch));
        url.searchParams.set("after", String(place.seq));
      }
      const wait = first ? 0 : waitS;
      url.searchParams.set("wait", String(wait));
      url.searchParams.set("viewer", viewer);
      const late = AbortSignal.timeout(wait * 1000 + LATE_MS);
      const response = await api.fetch(url, { signal: AbortSignal.any([stop.signal, late]) });
      return response.ok ? new Fields(await response.json(), "page") : refused(response);
    };

    const greet = (page: Fields): void => {
      const role = page.oneOf("role", ROLES);
      const frames = page.list("frames", (value) => value).length;
      deliver({ type: "hello", protocol: PROTOCOL_VERSION, server: "", role, limits: {} });
      const resume = page.raw("resume");
      const missed = resume === "missed" ? frames : 0;
      deliver({ type: "joined", room: wishes.room, member: 0, key: null, resume, missed });
    };

    const follow = async (): Promise<End> => {
      for (let first = true; !stop.signal.aborted; first = false) {
        const began = Date.now();
        const page = await ask(first);
        if (!(page instanceof Fields)) return page;
        if (first) greet(page);
        const room = JSON.stringify(page.raw("room"));
        if (room !== told) deliver(page.raw("room"));
        told = room;
        place = { epoch: page.count("epoch"), seq: page.count("next") };
        for (const message of page.list("frames", (value) => value)) deliver(message);
        await sleep(began + periodMs - Date.now());
      }
      return NOBODY;
    };

    follow()
      .catch((error: unknown): End => ({ ...NOBODY, elsewhereToo: !(error instanceof Malformed) }))
      .then((end) => {
        if (!stop.signal.aborted) onEnd(end);
      })
      .catch(() => undefined);
    return {
      send: (text) => {
        requests.send(text);
      },
      close: () => {
        stop.abort();
        requests.close();
      },
    };
  };
}

/** 128 random bits. `crypto.randomUUID` would need HTTPS. */
function randomName(): string {
  const words = crypto.getRandomValues(new Uint32Array(4));
  return Array.from(words, (word) => word.toString(16).padStart(8, "0")).join("");
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
