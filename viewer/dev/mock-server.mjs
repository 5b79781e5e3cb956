/**
 * A stand-in for the server, for design work and for running the page's tests without it: serves
 * `dist/` and plays simulated episodes on `/ws`. It drives a rough copy of the `classic` rules with
 * a driver that is sometimes careless, so that every ending is seen. It proves nothing about the
 * real server.
 *
 *   node dev/mock-server.mjs [--port 5000] [--fps 5]
 */
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { Episode, ROOM } from "./mock-episode.mjs";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TYPES = new Map([
  [".html", "text/html; charset=utf-8"],
  [".js", "text/javascript"],
  [".css", "text/css"],
  [".svg", "image/svg+xml"],
]);

const args = process.argv.slice(2);
/** @param {string} name @param {number} fallback */
const option = (name, fallback) => {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(args[at + 1]);
};
const fps = option("fps", 5);

const http = createServer((request, response) => {
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  const file = join(DIST, normalize(path === "/" ? "/index.html" : path));
  readFile(file).then(
    (body) => response.setHeader("content-type", TYPES.get(extname(file)) ?? "").end(body),
    () => response.writeHead(404).end(),
  );
});
const sockets = new WebSocketServer({ server: http, path: "/ws" });

const epoch = Date.now();
let seq = 0;
let episode = new Episode(1);
/** @param {boolean} described */
const message = (described) =>
  JSON.stringify({
    type: "frame",
    epoch,
    seq,
    ...episode.frame(),
    ...(described ? { room: { ...ROOM, fps } } : {}),
  });

sockets.on("connection", (socket) => {
  socket.send(message(true));
});

setInterval(() => {
  episode = episode.over ? new Episode(episode.number + 1) : episode;
  episode.advance();
  seq += 1;
  const text = message(false);
  for (const socket of sockets.clients) socket.send(text);
}, 1000 / fps);

http.listen(option("port", 5000), "127.0.0.1", () => {
  const address = http.address();
  const port = typeof address === "object" ? address?.port : undefined;
  console.log(`mock server: http://127.0.0.1:${port ?? ""}`);
});

process.on("SIGINT", () => {
  for (const socket of sockets.clients) socket.close(1001, "the server is shutting down");
  setTimeout(() => process.exit(0), 50);
});
