/**
 * A stand-in for the server, for design work and for running the page's tests without it: serves
 * `dist/` and plays simulated episodes in one room on `/ws`. It drives a rough copy of the
 * `classic` rules with a driver that is sometimes careless, so that every ending is seen. It proves
 * nothing about the real server, and leaves out other rooms, votes, recordings and limits.
 *
 *   node dev/mock-server.mjs [--port 5000] [--fps 5] [--role watch|drive|admin]
 */
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { MockRoom } from "./mock-room.mjs";
import { answerHttp } from "./mock-http.mjs";
import { MESSAGE_BYTES, MockSession } from "./mock-session.mjs";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TYPES = new Map([
  [".html", "text/html; charset=utf-8"],
  [".js", "text/javascript"],
  [".css", "text/css"],
  [".svg", "image/svg+xml"],
]);

const SUBPROTOCOLS = ["daladala.v3.binary", "daladala.v3.json"];

const args = process.argv.slice(2);
/** @param {string} name @param {string} fallback */
const option = (name, fallback) => {
  const at = args.indexOf(`--${name}`);
  return args[at < 0 ? args.length : at + 1] ?? fallback;
};

const http = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (answerHttp(room, role, url, request, response)) return;
  const path = url.pathname;
  const file = join(DIST, normalize(path === "/" ? "/index.html" : path));
  readFile(file).then(
    (body) => response.setHeader("content-type", TYPES.get(extname(file)) ?? "").end(body),
    () => response.writeHead(404).end(),
  );
});
const sockets = new WebSocketServer({
  server: http,
  path: "/ws",
  maxPayload: MESSAGE_BYTES,
  handleProtocols: (offered) => SUBPROTOCOLS.find((known) => offered.has(known)) ?? false,
});
const role = option("role", "admin");
const room = new MockRoom(Number(option("fps", "5")));

sockets.on("connection", (socket, request) => {
  const query = new URL(request.url ?? "/", "http://localhost").searchParams;
  const session = new MockSession(socket, room, role, query);
  socket.on("message", (/** @type {Buffer} */ data) => {
    session.receive(data.toString());
  });
  socket.on("close", () => {
    session.close();
  });
});

http.listen(Number(option("port", "5000")), "127.0.0.1", () => {
  const address = http.address();
  const port = typeof address === "object" ? address?.port : undefined;
  console.log(`mock server: http://127.0.0.1:${port ?? ""}`);
});

process.on("SIGINT", () => {
  for (const socket of sockets.clients) socket.close(1001, "server shutting down");
  setTimeout(() => process.exit(0), 50);
});
