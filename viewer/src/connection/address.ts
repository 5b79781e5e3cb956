/** What the page's own address asks for, and the address of the socket that follows from it. */
import { PROTOCOL_VERSION } from "../protocol/messages";

export type Encoding = "binary" | "json";

export interface Wishes {
  readonly room: string;
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

export function readWishes(page: string): Wishes {
  const query = new URL(page).searchParams;
  const given = (name: string): string | null => {
    const value = query.get(name);
    return value === "" ? null : value;
  };
  return {
    room: given("room") ?? "main",
    name: given("name"),
    token: given("token"),
    encoding: query.get("frames") === "json" ? "json" : "binary",
  };
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

export function subprotocol(encoding: Encoding): string {
  return `daladala.v${PROTOCOL_VERSION}.${encoding}`;
}
