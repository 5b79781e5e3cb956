/** Starts and stops a server for a test: the built program, or the mock where MOCK=1 asks for it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** How long a server may take to print where it listens, in milliseconds. */
const START_MS = 15_000;

const viewer = fileURLToPath(new URL("..", import.meta.url));

export interface Server {
  readonly url: string;
  readonly port: number;
  /** Ask it to stop, as Ctrl-C does, and wait until it has. */
  stop(): Promise<void>;
}

export async function startServer({ port = 0, fps = 20 } = {}): Promise<Server> {
  const binary = process.env["DALADALA_BIN"];
  const mock = binary === undefined && process.env["MOCK"] === "1";
  const options = ["--port", String(port), "--fps", String(fps)];
  const child = mock
    ? spawn(process.execPath, ["dev/mock-server.mjs", ...options], { cwd: viewer })
    : spawn(binary ?? "../target/release/daladala", ["serve", ...options], { cwd: viewer });
  const url = await firstUrl(child);
  return {
    url,
    port: Number(new URL(url).port),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, "exit");
      child.kill("SIGINT");
      const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await exit;
      clearTimeout(late);
    },
  };
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
