/** What the page's own address asks for, and the address of the socket that follows from it. */
import { PROTOCOL_VERSION, type Role } from "../protocol/messages";
import { TRANSPORTS, type Transport } from "./transport";

export type Encoding = "binary" | "json";

/** A frame that somebody pointed at. */
export interface Moment {
  readonly seq: number;
  /** Of the room's run; null where the link does not say, and any will do. */
  readonly epoch: number | null;
}

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

/**
 * A token stands after the `#`, which no proxy sees; in the query it is understood too. A room may
 * stand in either, so that a moment is `#room=main&seq=84` on any address of the page.
 */
export function readWishes(page: string): Wishes {
  const { searchParams: query, hash } = new URL(page);
  const fragment = new URLSearchParams(hash.slice(1));
  const filled = (value: string | null): string | null => (value === "" ? null : value);
  const given = (name: string): string | null => filled(query.get(name));
  return {
    room: filled(fragment.get("room")) ?? given("room") ?? "main",
    name: given("name"),
    transport: TRANSPORTS.find((known) => known === given("transport")) ?? null,
    token: fragment.get("token") ?? given("token"),
    encoding: query.get("frames") === "json" ? "json" : "binary",
  };
}

/** The moment that the address points at: `#seq=84`, with `epoch` where it is of one run alone. */
export function readMoment(page: string): Moment | null {
  const fragment = new URLSearchParams(new URL(page).hash.slice(1));
  const number = (name: string): number | null => {
    const text = fragment.get(name) ?? "";
    return /^\d{1,16}$/.test(text) ? Number(text) : null;
  };
  const seq = number("seq");
  return seq === null ? null : { seq, epoch: number("epoch") };
}

/** The room is said by the query again; a token stays where it is. */
export function forgetMoment(url: URL): URL {
  const fragment = new URLSearchParams(url.hash.slice(1));
  for (const name of ["room", "seq", "epoch"]) fragment.delete(name);
  url.hash = fragment.toString();
  return url;
}

/** What is asked for is a picture for another page: no panels, no keys. */
export function isEmbedded(page: string): boolean {
  return new URL(page).searchParams.has("embed");
}

/** The token in what somebody pasted: itself, or an address that has it. */
export function tokenIn(pasted: string): string | null {
  const named = /[#?&]token=([^&#\s]+)/.exec(pasted);
  const token = named?.[1] ?? pasted.trim();
  return /^[\w.~+/=-]{1,4096}$/.test(token) ? token : null;
}

/** The same page with a token. */
export function withToken(page: string, token: string): URL {
  const url = new URL(page);
  url.searchParams.delete("token");
  const fragment = new URLSearchParams(url.hash.slice(1));
  fragment.set("token", token);
  url.hash = fragment.toString();
  return url;
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
  const url = forgetMoment(new URL(page));
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

/** What may be given to somebody else: the token only of who may hardly do anything by it. */
export interface Shared extends Pick<Wishes, "room" | "transport" | "token"> {
  readonly role: Role | null;
  readonly moment?: Moment;
}

/** Roles whose token may travel with a link: who gets it watches, or votes, and no more. */
const HARMLESS: readonly Role[] = ["watch", "vote"];

/** The page's address for somebody else: the room, the way to it and a moment, never a name. */
export function shareUrl(page: string, { room, transport, token, role, moment }: Shared): URL {
  const url = new URL(page);
  for (const mine of ["token", "name", "key"]) url.searchParams.delete(mine);
  url.searchParams.set("room", room);
  if (transport === null) url.searchParams.delete("transport");
  else url.searchParams.set("transport", transport);
  const fragment = new URLSearchParams();
  if (token !== null && role !== null && HARMLESS.includes(role)) fragment.set("token", token);
  if (moment !== undefined) {
    url.searchParams.delete("room");
    fragment.set("room", room);
    fragment.set("seq", String(moment.seq));
    if (moment.epoch !== null) fragment.set("epoch", String(moment.epoch));
  }
  url.hash = fragment.toString();
  return url;
}

export function subprotocol(encoding: Encoding): string {
  return `daladala.v${PROTOCOL_VERSION}.${encoding}`;
}
