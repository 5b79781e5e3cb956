/** The browser's WebSocket behind what `Connection` wants of one. */
import type { Socket, SocketEvents } from "./connection";

export function openSocket(url: string, protocol: string, events: SocketEvents): Socket {
  const socket = new WebSocket(url, protocol);
  socket.binaryType = "arraybuffer";
  socket.onmessage = (event) => {
    events.onMessage(event.data);
  };
  socket.onclose = (event) => {
    events.onClose(event.reason);
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
}
