/**
 * A room as server-sent events. Read with `fetch` rather than `EventSource`, which would hide why it
 * was refused and connect again by rules of its own.
 */
import type { Api } from "./api";
import { refusalOf } from "./api";
import { EventLines } from "./event-lines";
import { HttpRequests, type Place } from "./http-requests";
import { ENDED, type End, type Open } from "./transport";

export function openEventStream(api: Api): Open {
  return ({ wishes, back }, { onMessage, onEnd }) => {
    const stop = new AbortController();
    let place: Place | null = null;
    const deliver = (message: unknown): void => {
      if (!stop.signal.aborted) onMessage(message);
    };
    const requests = new HttpRequests({
      ...{ api, code: wishes.room, deliver, tellPresence: false },
      place: () => place,
      onAnotherRun: () => {
        end(ENDED);
      },
    });
    const end = (how: End): void => {
      if (stop.signal.aborted) return;
      stop.abort();
      onEnd(how);
    };

    const url = api.url(`api/rooms/${encodeURIComponent(wishes.room)}/events`);
    for (const [key, value] of Object.entries({ epoch: back.epoch, seq: back.seq })) {
      if (value !== null) url.searchParams.set(key, String(value));
    }

    const follow = async (): Promise<End> => {
      const response = await api.fetch(url, {
        signal: stop.signal,
        headers: { accept: "text/event-stream" },
      });
      if (!response.ok) return refused(response);
      const type = response.headers.get("content-type") ?? "";
      // A page of some proxy, say, is no server of ours.
      if (response.body === null || !type.startsWith("text/event-stream")) return NOBODY;
      const lines = new EventLines();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        const events = done ? null : lines.push(value);
        if (events === null) return ENDED;
        for (const { id, data } of events) {
          place = readPlace(id) ?? place;
          deliver(data);
        }
      }
    };

    follow().then(end, () => {
      end(place === null ? NOBODY : ENDED);
    });
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

/** Nobody answered, or nobody of ours. */
export const NOBODY: End = { reason: "", retryAfterMs: 0, elsewhereToo: true };

export async function refused(response: Response): Promise<End> {
  const { message, retryAfterMs } = await refusalOf(response);
  return { reason: message, retryAfterMs: retryAfterMs ?? 0, elsewhereToo: true };
}

/** The id of a frame: its epoch and number. */
function readPlace(id: string): Place | null {
  const [, epoch, seq] = /^(\d{1,16})-(\d{1,16})$/.exec(id) ?? [];
  return epoch === undefined ? null : { epoch: Number(epoch), seq: Number(seq) };
}
