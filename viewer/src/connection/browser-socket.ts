/** The browser's WebSocket behind the two events that `Connection` wants, and where it leads to. */
import type { Socket, SocketEvents } from "./connection";

export function openSocket(page: string, events: SocketEvents): Socket {
  const socket = new WebSocket(socketUrl(page));
  socket.onmessage = (event) => {
    events.onMessage(event.data);
  };
  socket.onclose = (event) => {
    events.onClose(event.reason);
  };
  return {
    close: () => {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    },
  };
}

/** Where the server listens: `ws` beside the page, so that the page works behind any prefix. */
export function socketUrl(page: string): string {
  const url = new URL("ws", page);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.search = "";
  url.hash = "";
  return url.href;
}
