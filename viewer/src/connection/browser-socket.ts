/** The browser's WebSocket as a transport. */
import { socketUrl, subprotocol } from "./address";
import { ENDED, type Open } from "./transport";

/** `page` is the page's address, beside which the server listens. */
export function openWebSocket(page: string): Open {
  return ({ wishes, back }, { onMessage, onEnd }) => {
    const socket = new WebSocket(socketUrl(page, wishes, back), subprotocol(wishes.encoding));
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => {
      onMessage(event.data);
    };
    socket.onclose = (event) => {
      onEnd({ ...ENDED, reason: event.reason });
    };
    return {
      send: (text) => {
        // The browser throws before the handshake is over, and drops silently after the close.
        if (socket.readyState === WebSocket.OPEN) socket.send(text);
      },
      close: () => {
        socket.onmessage = null;
        socket.onclose = null;
        socket.close();
      },
    };
  };
}
