/** A server to test, and clients of the original system to test it with. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { io } from "socket.io-client";

/** When something that ought to happen counts as not happening, in milliseconds. */
export const PATIENCE = 10_000;

const root = fileURLToPath(new URL("../../..", import.meta.url));

const binary = () => process.env.DALADALA_BIN ?? "target/release/daladala";

/** A token as the program makes it. */
export function makeToken(secret, options) {
  const env = { ...process.env, DALADALA_TOKEN_SECRET: secret };
  return execFileSync(binary(), ["token", ...options], { cwd: root, env }).toString().trim();
}

/** Starts the program as a person would, on a free port if none is given. */
export async function startServer({ port = 0, options = [], variables = {} } = {}) {
  const env = { ...process.env, ...variables };
  const child = spawn(binary(), ["serve", "--port", String(port), ...options], { cwd: root, env });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  let said = "";
  const url = await new Promise((resolve, reject) => {
    const fail = (why) => {
      child.kill("SIGKILL");
      reject(new Error(`the server did not start: ${why}\n${said}`));
    };
    const late = setTimeout(() => fail("it printed no address in time"), PATIENCE);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`it exited with ${code}`));
    // Read on after the address: a full pipe would stop the server.
    const read = (chunk) => {
      said += String(chunk);
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found === null) return;
      clearTimeout(late);
      resolve(found[0]);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
  });
  return {
    url,
    port: Number(new URL(url).port),
    /** Asks it to stop, as Ctrl-C does; whatever the tests have sent, it ends well. */
    async stop() {
      assert.equal(child.exitCode ?? child.signalCode, null, `the server ended early:\n${said}`);
      const exit = once(child, "exit");
      child.kill("SIGINT");
      const late = setTimeout(kill, PATIENCE);
      const [code] = await exit;
      clearTimeout(late);
      process.off("exit", kill);
      assert.equal(code, 0, `the server did not stop well:\n${said}`);
      assert.doesNotMatch(said, /panicked/);
    },
  };
}

/** An event in a few words, for messages. */
function inBrief({ name, data }) {
  const frame = data?.data;
  if (frame?.step === undefined) return `${name} ${JSON.stringify(data)?.slice(0, 200)}`;
  return `${name} of step ${frame.step} of episode ${frame.episode}`;
}

/** A Socket.IO client that remembers all that it is sent. */
export class Client {
  /** What came, in order: `{name, data}`. */
  log = [];
  #socket;
  #read = new Map();
  #waiting = new Set();
  #ended = null;

  constructor(url, options = {}) {
    this.#socket = io(url, { forceNew: true, reconnection: false, ...options });
    this.#socket.onAny((name, data) => {
      this.log.push({ name, data });
      this.#wake();
    });
    this.#socket.on("disconnect", (reason) => {
      this.#ended = `disconnected: ${reason}`;
      this.#wake();
    });
    this.#socket.on("connect_error", (error) => {
      this.#ended = `not connected: ${error.message}`;
      this.#wake();
    });
  }

  /** Connects and waits for the greeting. */
  static async connect(url, options) {
    const client = new Client(url, options);
    try {
      await client.next("connection-status");
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  get id() {
    return this.#socket.id;
  }

  get connected() {
    return this.#socket.connected;
  }

  get transport() {
    return this.#socket.io.engine.transport.name;
  }

  emit(...event) {
    this.#socket.emit(...event);
  }

  /** Sends an event and waits for the server's acknowledgement. */
  acknowledged(...event) {
    return this.#socket.timeout(PATIENCE).emitWithAck(...event);
  }

  close() {
    this.#socket.disconnect();
  }

  /** The data of all events of this name so far. */
  all(name) {
    return this.log.filter((event) => event.name === name).map((event) => event.data);
  }

  /** From here on `next` looks only at what is still to come. */
  forget() {
    this.log = [];
    this.#read.clear();
  }

  /** The data of the next event of this name for which `fits`. The client reads on after it for this name. */
  async next(name, fits) {
    return (await this.either([name], fits)).data;
  }

  /** The next event of one of these names. An `error` ends the wait, unless it is one of them. */
  async either(names, fits = () => true) {
    const errors = this.all("error").length;
    const deadline = Date.now() + PATIENCE;
    for (let at = 0; ; at += 1) {
      while (at >= this.log.length) {
        this.#check(names, errors, deadline);
        await this.#more(deadline);
      }
      const event = this.log[at];
      if (!names.includes(event.name) || at < (this.#read.get(event.name) ?? 0)) continue;
      if (!fits(event.data)) continue;
      this.#read.set(event.name, at + 1);
      return event;
    }
  }

  /** Waits until it is connected and greeted again after its server went. */
  async back() {
    const late = Date.now() + PATIENCE;
    while (this.all("connection-status").length === 0 && Date.now() < late) await sleep(20);
    this.#ended = null;
    await this.next("connection-status");
  }

  /** Waits until nothing has come for a while, to see that something does not. */
  async quiet() {
    for (let before = -1; before !== this.log.length;) {
      before = this.log.length;
      await sleep(100);
    }
  }

  #check(names, errors, deadline) {
    const fail = (why) => {
      const last = this.log.slice(-12).map(inBrief).join(", ");
      throw new Error(`waiting for ${names.join(" or ")}: ${why}; the last events: ${last}`);
    };
    if (this.#ended !== null) fail(this.#ended);
    if (!names.includes("error") && this.all("error").length > errors) {
      fail(`an error came: ${JSON.stringify(this.all("error").at(-1))}`);
    }
    if (Date.now() >= deadline) fail("it did not come");
  }

  #wake() {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #more(deadline) {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(late);
        resolve();
      };
      const late = setTimeout(wake, deadline - Date.now());
      this.#waiting.add(wake);
    });
  }
}
