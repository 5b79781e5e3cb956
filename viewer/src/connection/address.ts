/** What the page's own address asks for, and the address of the socket that follows from it. */
import { PROTOCOL_VERSION } from "../protocol/messages";
import { TRANSPORTS, type Transport } from "./transport";

export type Encoding = "binary" | "json";

export interface Wishes {
  readonly room: string;
  /** `?transport=` forces one way to the server; null leaves the choice to the page. */
  readonly transport: Transport | null;
  readonly name: string | null;
  readonly token: string | null;
  /** `?frames=json` asks for frames that can be read in the browser's tools. */
  readonly encoding: Encoding;
}

/** Where to go on after a break. */
export interface Return {
  readonly epoch: number | null;
  readonly seq: number | null;
  readonly key: string | null;
}

/** A token stands after the `#`, which no proxy sees; in the query it is understood too. */
export function readWishes(page: string): Wishes {
  const { searchParams: query, hash } = new URL(page);
  const fragment = new URLSearchParams(hash.slice(1));
  const given = (name: string): string | null => {
    const value = query.get(name);
    return value === "" ? null : value;
  };
  return {
    room: given("room") ?? "main",
    name: given("name"),
    transport: TRANSPORTS.find((known) => known === given("transport")) ?? null,
    token: fragment.get("token") ?? given("token"),
    encoding: query.get("frames") === "json" ? "json" : "binary",
  };
}

/** Two rooms that are to be watched side by side: `?rooms=one,other`. */
export type Codes = readonly [a: string, b: string];

/** Null where the address asks for anything but two rooms. */
export function readPair(page: string): Codes | null {
  const asked = new URL(page).searchParams.get("rooms")?.split(",") ?? [];
  const [a = "", b = ""] = asked;
  return asked.length === 2 && a !== "" && b !== "" && a !== b ? [a, b] : null;
}

/** The same page with two rooms side by side, or with one of them again. */
export function pageOf(page: string, rooms: Codes | string): URL {
  const url = new URL(page);
  for (const other of ["room", "rooms"]) url.searchParams.delete(other);
  if (typeof rooms === "string") url.searchParams.set("room", rooms);
  else url.searchParams.set("rooms", rooms.join(","));
  return url;
}

/** Where the server listens: `ws` beside the page, so that the page works behind any prefix. */
export function socketUrl(page: string, wishes: Wishes, back: Return): string {
  const url = new URL("ws", page);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  const { room, name, token } = wishes;
  const query = Object.entries({ room, name, token, ...back })
    .filter(([, value]) => value !== null)
    .map(([key, value]) => [key, String(value)]);
  url.search = new URLSearchParams(query).toString();
  return url.href;
}

/** The page's address for somebody else: the room and the way to it, never a token or a name. */
export function shareUrl(page: string, wishes: Pick<Wishes, "room" | "transport">): URL {
  const url = new URL(page);
  url.hash = "";
  for (const mine of ["token", "name", "key"]) url.searchParams.delete(mine);
  url.searchParams.set("room", wishes.room);
  if (wishes.transport === null) url.searchParams.delete("transport");
  else url.searchParams.set("transport", wishes.transport);
  return url;
}

export function subprotocol(encoding: Encoding): string {
  return `daladala.v${PROTOCOL_VERSION}.${encoding}`;
}
