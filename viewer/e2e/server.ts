/**
 * Starts and stops a server for tests: the built program, or the mock where MOCK=1 asks for it. The
 * program has the page inside as it was when the program was built; with PAGE=dist the page comes
 * from `dist/` instead, through Vite, which passes on to the server all that is not the page.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { preview } from "vite";

/** How long a server may take to print where it listens, in milliseconds. */
const START_MS = 15_000;

/** How long it may take to stop when asked to, in milliseconds. */
const STOP_MS = 5_000;

const viewer = fileURLToPath(new URL("..", import.meta.url));

export interface Server {
  /** Where the page is. */
  readonly url: string;
  /** Ask it to stop, as Ctrl-C does, and wait until it has. The page then has no server. */
  stop(): Promise<void>;
  /** Start it again at the same address. */
  restart(): Promise<void>;
  /** Stop it for good. */
  close(): Promise<void>;
}

interface Wish {
  readonly fps?: number;
  /** More of what `daladala serve` takes; not for the mock. */
  readonly more?: readonly string[];
}

export async function startServer({ fps = 20, more = [] }: Wish = {}): Promise<Server> {
  const recordings = await mkdtemp(join(tmpdir(), "daladala-"));
  const options = ["--fps", String(fps), "--recordings", recordings, ...more];
  let running = await start(0, options);
  const { port } = new URL(running.url);
  const page = process.env["PAGE"] === "dist" ? await servePage(running.url) : null;
  const stop = (): Promise<void> => end(running.child);
  return {
    url: page?.url ?? running.url,
    stop,
    restart: async () => {
      running = await start(Number(port), options);
    },
    close: async () => {
      await stop();
      await page?.close();
      await rm(recordings, { recursive: true, force: true });
    },
  };
}

async function servePage(server: string): Promise<{ url: string; close: () => Promise<void> }> {
  const proxy = { "/ws": { target: server, ws: true }, "/api": { target: server } };
  const page = await preview({
    root: viewer,
    logLevel: "silent",
    preview: { port: 0, host: "127.0.0.1", proxy },
  });
  const url = page.resolvedUrls?.local[0]?.replace(/\/$/, "");
  if (url === undefined) throw new Error("Vite serves the page nowhere");
  return { url, close: () => page.close() };
}

async function start(
  port: number,
  more: readonly string[],
): Promise<{ child: ChildProcess; url: string }> {
  const binary = process.env["DALADALA_BIN"];
  const mock = binary === undefined && process.env["MOCK"] === "1";
  const options = ["--port", String(port), ...more];
  const child = mock
    ? spawn(process.execPath, ["dev/mock-server.mjs", ...options], { cwd: viewer })
    : spawn(binary ?? "../target/release/daladala", ["serve", ...options], {
        cwd: viewer,
        // The rules where a test names none.
        env: { ...process.env, DALADALA_RULES: "classic" },
      });
  return { child, url: await firstUrl(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGINT");
  const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await exit;
  clearTimeout(late);
}

async function firstUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (why: string): void => {
      clearTimeout(late);
      child.kill("SIGKILL");
      reject(new Error(`the server did not start: ${why}\n${said}`));
    };
    const late = setTimeout(() => {
      fail("it printed no address in time");
    }, START_MS);
    child.once("error", (error) => {
      fail(error.message);
    });
    const exited = (code: number | null): void => {
      fail(`it exited with ${String(code)}`);
    };
    child.once("exit", exited);
    // Read on after the address: a full pipe would stop the server.
    child.stderr?.on("data", (chunk) => {
      said += String(chunk);
    });
    child.stdout?.on("data", (chunk) => {
      said += String(chunk);
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found === null) return;
      clearTimeout(late);
      child.off("exit", exited);
      resolve(found[0]);
    });
  });
}
