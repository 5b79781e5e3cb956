/**
 * Clients of the original system against the server: the events of Socket.IO over each transport, and the HTTP
 * routes. What each event and route is to say stands in docs/ORIGINAL.md.
 */
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { Client, makeToken, PATIENCE, startServer } from "./harness.mjs";
import { ACTIONS, bestReturn, checkFrame, rewardOf, ROUTE, STEPS } from "./rules.mjs";

const TRANSPORTS = {
  polling: { transports: ["polling"] },
  WebSocket: { transports: ["websocket"] },
  "polling that is upgraded": {},
};
const PAGE = "http://localhost:3000";
const STRANGER = "http://evil.example";
/** An object with a lot in it, but not more than a message may have. */
const LARGE = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`field ${i}`, [i, { i }]]));
const nested = (depth) => (depth === 0 ? 0 : { action: nested(depth - 1) });
const BAD_STEPS = [
  ...[9, 5, -1, 1.5, 1e300, "x", "", [], [1], {}, LARGE, nested(100)].map((action) => ({
    action,
  })),
  ...[7, "x", true, ["x"], Buffer.from([1, 2]), { action: Buffer.from([1, 2]) }],
];
const UNCLEAR_STEPS = [null, { action: null }, [], "", { Action: 1 }, LARGE];
/** What Python takes for a whole number, and names in both spellings; the action that each is. */
const LOOSE_ACTIONS = [
  ...[
    ["1", 1],
    [" 3 ", 3],
    [2.0, 2],
    [true, 1],
    [false, 0],
  ],
  ...[
    ["Pickup", 1],
    ["Pick up", 1],
    ["dropoff", 2],
    ["drop_off", 2],
    ["SpeedUp", 4],
    ["Speed up", 4],
  ],
];
const MALFORMED = ["{", '{"action":', "action=1", "[1", '"', '{"action": 1} and more', "\u0000"];
/** Rewards are sent as 32-bit floats. */
const close = (a, b, what) => assert.ok(Math.abs(a - b) < 1e-3, `${what}: ${a}, not ${b}`);

let server;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

/** Runs a test with connected clients, and sees to it that they stay connected and are closed. */
async function clients(count, options, work) {
  const connected = [];
  try {
    for (let i = 0; i < count; i += 1) connected.push(await Client.connect(server.url, options));
    await work(...connected);
    for (const client of connected) assert.ok(client.connected, "a client has been disconnected");
  } finally {
    for (const client of connected) client.close();
  }
}

const client = (options, work) => clients(1, options, work);

/** An update is in its form, with a frame that is so many steps in. */
function checkUpdate(update, step) {
  assert.equal(update.type, "state-update");
  assert.ok(
    Math.abs(update.timestamp * 1000 - Date.now()) < 60_000,
    `timestamp: ${update.timestamp}`,
  );
  checkFrame(update.data);
  assert.equal(update.data.step, step);
}

/** Begins an episode; its first frame. */
async function begin(client, event = "reset") {
  client.forget();
  client.emit(event);
  const begun = await client.next(event === "reset" ? "episode-reset" : "episode-started");
  const [update] = client.all("rl-update").filter(({ data }) => data.step === 0);
  checkUpdate(update, 0);
  const { episode } = update.data;
  assert.deepEqual(
    begun,
    event === "reset" ? { status: "success" } : { status: "success", episode },
  );
  return state(client);
}

/** Asks how the room stands. */
async function state(client) {
  client.forget();
  client.emit("get-state");
  const { data } = await client.next("rl-update");
  checkFrame(data);
  return data;
}

/**
 * The steps that were seen, in order. The same one twice in a row is one: the answer to a get-state may come in between.
 */
const driven = (client) =>
  client
    .all("rl-update")
    .map(({ data }) => data)
    .filter((frame, i, frames) => frame.step > 0 && frame.step !== frames[i - 1]?.step);

/** One step; the frame after it. `payload` is what is sent along with the event. */
async function step(client, before, ...payload) {
  client.emit("step", ...payload);
  const update = await client.next("rl-update", ({ data }) => data.step === before.step + 1);
  checkUpdate(update, before.step + 1);
  const frame = update.data;
  const action = payload[0]?.action ?? frame.action;
  assert.equal(frame.action, action);
  assert.equal(frame.episode, before.episode);
  assert.deepEqual(frame.hazards, before.hazards, "hazards stay during an episode");
  close(frame.reward, rewardOf(before, action, frame), `reward of ${ACTIONS[action]}`);
  close(frame.total_reward, before.total_reward + frame.reward, "total_reward");
  return frame;
}

/** What environment-info says, and that it fits the frame. */
function checkInfo(info, frame) {
  const say = JSON.stringify(info);
  assert.equal(info.grid_size, 15, say);
  assert.deepEqual(info.route, ROUTE);
  assert.deepEqual(info.stops, ROUTE);
  assert.deepEqual(info.high_demand_stops, frame.high_demand_stops);
  assert.deepEqual(info.police_checkpoints, frame.police_checkpoints);
  assert.deepEqual(info.traffic_lights, frame.traffic_lights);
  assert.equal(info.max_steps, 350);
  assert.equal(info.physical_max_passengers, 50);
  assert.equal(info.legal_capacity, 33);
  assert.deepEqual(info.observation_space, [14]);
  assert.equal(info.action_space, ACTIONS.length);
  assert.deepEqual(info.actions, ACTIONS);
}

/** The outcome of a step: an error, or an update that is not the answer to a reset or to get-state before it. */
const refusedOrDriven = ({ message, data }) => message !== undefined || data?.step > 0;

/** An episode from its first frame to `episode-complete`; the last frame. */
async function drive(client, first, payload) {
  let frame = first;
  while (!frame.terminated) {
    assert.ok(frame.step < STEPS, "the episode is too long");
    frame = await step(client, frame, ...payload(frame));
  }
  const complete = await client.next("episode-complete");
  const { total_reward, ...rest } = complete;
  assert.deepEqual(rest, { status: "completed", steps: STEPS, reason: "terminated" });
  close(total_reward, frame.total_reward, "total_reward of episode-complete");
  return frame;
}

for (const [name, options] of Object.entries(TRANSPORTS)) {
  describe(`over ${name}`, () => {
    test("a client is greeted", () =>
      client(options, async (client) => {
        const [greeting] = client.all("connection-status");
        assert.equal(greeting.status, "connected");
        assert.equal(greeting.model_loaded, true);
        assert.equal(greeting.env_ready, true);
        assert.match(greeting.algorithm, /^[A-Z0-9]+$/);
        assert.equal(typeof client.id, "string");
      }));

    test("the transport is the one that was asked for", () =>
      client(options, async (client) => {
        const wanted = options.transports?.[0] ?? "websocket";
        const late = Date.now() + PATIENCE;
        while (client.transport !== wanted && Date.now() < late) await client.quiet();
        assert.equal(client.transport, wanted);
        await begin(client);
      }));

    test("an episode of Move takes 29 steps and pays by the rules", () =>
      client(options, async (client) => {
        const first = await begin(client, "start-episode");
        assert.deepEqual([first.step, first.reward, first.total_reward], [0, 0, 0]);
        assert.deepEqual([first.passengers, first.money, first.speed, first.fined], [0, 0, 0, 0]);
        const last = await drive(client, first, () => [{ action: 0 }]);
        assert.equal(last.step, STEPS);
        assert.equal(last.money, 0);
      }));

    test("every action pays by the rules", () =>
      client(options, async (client) => {
        for (let shift = 0; shift < 5; shift += 1) {
          const first = await begin(client);
          await drive(client, first, ({ step }) => [{ action: (step * 2 + shift) % 5 }]);
        }
      }));

    test("without an action the model drives, and well", () =>
      client(options, async (client) => {
        for (const payload of [[{}], []]) {
          const first = await begin(client);
          const last = await drive(client, first, () => payload);
          const best = bestReturn(first);
          assert.ok(last.total_reward <= best + 1e-3, `${last.total_reward} of ${best}`);
          assert.ok(last.total_reward >= best - 15, `${last.total_reward} of ${best}`);
        }
      }));

    test("reset begins another episode in the middle of one", () =>
      client(options, async (client) => {
        const first = await begin(client);
        await step(client, await step(client, first, { action: 4 }), { action: 4 });
        const again = await begin(client);
        assert.equal(again.step, 0);
        assert.equal(again.total_reward, 0);
        assert.ok(again.episode > first.episode);
        await step(client, again, { action: 4 });
      }));

    test("get-state shows the room and changes nothing", () =>
      client(options, async (client) => {
        const first = await begin(client);
        const frame = await step(client, first, { action: 1 });
        for (let i = 0; i < 3; i += 1) assert.deepEqual(await state(client), frame);
      }));

    test("all clients see every update, in order", () =>
      clients(3, options, async (one, two, three) => {
        await begin(one);
        for (const client of [one, two, three]) await state(client);
        for (let i = 0; i < STEPS; i += 1) one.emit("step", { action: i % 5 });
        for (const client of [one, two, three]) await client.next("episode-complete");
        const seen = driven(one);
        assert.deepEqual(
          seen.map(({ step }) => step),
          Array.from({ length: STEPS }, (_, i) => i + 1),
        );
        assert.deepEqual(driven(two), seen);
        assert.deepEqual(driven(three), seen);
      }));

    test("two clients drive the same episode", () =>
      clients(2, options, async (one, two) => {
        let frame = await begin(one, "start-episode");
        for (let i = 0; i < 6; i += 1) {
          frame = await step(i % 2 === 0 ? one : two, frame, { action: 3 });
        }
        assert.deepEqual(await state(one), await state(two));
      }));

    test("all comes under both names", () =>
      client(options, async (client) => {
        client.emit("start-episode");
        for (let i = 0; i < STEPS; i += 1) client.emit("step", { action: 0 });
        client.emit("reset");
        await client.next("episode_reset");
        await client.quiet();
        for (const [name, least] of Object.entries({
          "connection-status": 1,
          "episode-started": 1,
          "rl-update": STEPS,
          "episode-complete": 1,
          "episode-reset": 1,
        })) {
          assert.ok(client.all(name).length >= least, name);
          assert.deepEqual(client.all(name.replaceAll("-", "_")), client.all(name), name);
        }
      }));

    test("start_episode and get_state are understood as well", () =>
      client(options, async (client) => {
        client.emit("start_episode");
        await client.next("episode-started");
        client.forget();
        client.emit("get_state");
        const { data } = await client.next("rl-update");
        checkFrame(data);
        assert.equal(data.step, 0);
      }));

    test("a step after the end of an episode is refused with what to do, or begins the next", () =>
      client(options, async (client) => {
        const first = await begin(client);
        await drive(client, first, () => [{ action: 0 }]);
        for (let i = 0; i < 3; i += 1) {
          client.forget();
          client.emit("step", { action: 0 });
          const event = await client.either(["error", "rl-update"]);
          if (event.name === "error") {
            assert.match(event.data.message, /reset|start/i);
          } else {
            assert.ok(event.data.data.episode > first.episode);
            assert.ok(event.data.data.step <= 1);
          }
        }
        await step(client, await begin(client), { action: 0 });
      }));

    test("300 steps sent at once are all answered, in order", () =>
      client(options, async (client) => {
        await begin(client);
        const wanted = [];
        let resets = 0;
        while (wanted.length < 300) {
          for (let i = 1; i <= STEPS && wanted.length < 300; i += 1) {
            client.emit("step", { action: 4 });
            wanted.push(i);
          }
          client.emit("reset");
          resets += 1;
        }
        while (client.all("episode-reset").length < resets) await client.next("episode-reset");
        const frames = driven(client);
        assert.deepEqual(
          frames.map(({ step }) => step),
          wanted,
        );
        assert.equal(new Set(frames.map(({ episode }) => episode)).size, resets);
        assert.equal(client.all("episode-complete").length, resets - 1);
        assert.deepEqual(client.all("error"), []);
      }));

    test("events come in the order in which things happened", () =>
      client(options, async (client) => {
        const first = await begin(client);
        for (let round = 0; round < 3; round += 1) {
          client.forget();
          for (let i = 0; i < STEPS; i += 1) {
            client.emit("step", { action: 4 });
            if (i % 3 === 0) client.emit("get-state");
          }
          client.emit("reset");
          client.emit("get-state");
          const begun = ({ data }) => data.step === 0 && data.episode > first.episode + round;
          await client.next("episode-reset");
          await client.next("rl-update", begun);
          await client.quiet();
          const names = ["rl-update", "episode-complete", "episode-reset"];
          const told = client.log.filter(({ name }) => names.includes(name));
          // An update is as many steps in as the frame says, the completion after the last, the reset after that.
          const times = told.map(({ name, data }) => {
            if (name === "episode-complete") return STEPS + 0.5;
            if (name === "episode-reset") return STEPS + 1;
            return begun(data) ? STEPS + 1 : data.data.step;
          });
          assert.deepEqual(
            times,
            times.toSorted((a, b) => a - b),
            "something came late",
          );
        }
      }));

    test("a script that steps as soon as it is answered is not held up", () =>
      client(options, async (client) => {
        const from = performance.now();
        for (let episode = 0; episode < 10; episode += 1) {
          client.forget();
          client.emit("reset");
          await client.next("episode-reset");
          for (let i = 1; i <= STEPS; i += 1) {
            client.emit("step", { action: 4 });
            await client.next("rl-update", ({ data }) => data.step === i);
          }
        }
        const seconds = (performance.now() - from) / 1000;
        // The original managed about 120 steps a second.
        assert.ok(seconds < 5, `290 steps took ${seconds.toFixed(1)} s`);
      }));

    test("what several clients step at once is seen by all, in order", () =>
      clients(4, options, async (watcher, ...drivers) => {
        for (let round = 0; round < 5; round += 1) {
          await begin(drivers[0]);
          await state(watcher);
          for (const driver of drivers) driver.forget();
          for (let i = 0; i < STEPS; i += 1) drivers[i % 3].emit("step", { action: 0 });
          for (const client of [watcher, ...drivers]) {
            await client.next("episode-complete");
            assert.deepEqual(
              driven(client).map(({ step }) => step),
              Array.from({ length: STEPS }, (_, i) => i + 1),
            );
          }
        }
      }));

    test("what is stepped over HTTP at full speed is seen, in order", () =>
      client(options, async (client) => {
        await begin(client);
        client.forget();
        const wanted = [];
        for (let episode = 0; episode < 10; episode += 1) {
          if (episode > 0) await post("/api/reset", {});
          for (let i = 1; i <= STEPS; i += 1) {
            assert.equal((await post("/api/step", { action: 4 })).status, 200);
            wanted.push(i);
          }
        }
        while (client.all("episode-complete").length < 10) await client.next("episode-complete");
        assert.deepEqual(
          driven(client).map(({ step }) => step),
          wanted,
        );
      }));

    test("payloads that make no sense are refused, and nothing breaks", () =>
      clients(2, options, async (client, other) => {
        const before = await begin(client);
        await state(other);
        for (const payload of BAD_STEPS) {
          const what = `step ${JSON.stringify(payload)}`.slice(0, 80);
          client.forget();
          client.emit("step", payload);
          const event = await client.either(["error", "rl-update"], refusedOrDriven);
          assert.equal(event.name, "error", `${what} was taken`);
          assert.ok(typeof event.data.message === "string" && event.data.message.length > 0, what);
          assert.equal(event.data.code, "VALIDATION_ERROR", what);
        }
        assert.deepEqual(await state(client), before);
        for (const payload of UNCLEAR_STEPS) {
          client.emit("reset");
          await client.next("episode-reset");
          client.forget();
          client.emit("step", payload);
          // The model may be asked, as without an action; or it is refused.
          await client.either(["error", "rl-update"], refusedOrDriven);
        }
        for (const event of ["reset", "start-episode", "get-state"]) {
          for (const payload of [null, 7, "x", [], {}, { action: 9 }, LARGE]) {
            client.forget();
            client.emit(event, payload);
            await client.either(["error", "rl-update", "episode-reset", "episode-started"]);
          }
        }
        client.emit("no-such-event", { action: 1 });
        client.emit("step-now");
        client.emit("step", Buffer.from([1, 2, 3]));
        client.emit("step", { action: Buffer.from([1, 2, 3]) }, "more", ["and", "more"]);
        await client.quiet();
        await drive(client, await begin(client), () => [{ action: 0 }]);
        assert.deepEqual(other.all("error"), [], "an error goes to the client that made it");
      }));

    test("actions are taken as Python took them, and in both spellings", () =>
      client(options, async (client) => {
        for (const [action, index] of LOOSE_ACTIONS) {
          const first = await begin(client);
          client.emit("step", { action });
          const { data } = await client.next("rl-update", ({ data }) => data.step === 1);
          assert.equal(data.action, index, JSON.stringify(action));
          assert.equal(data.action_name, ACTIONS[index]);
          assert.equal(data.episode, first.episode);
        }
      }));

    test("one who says that a name is enough is told each event once", () =>
      clients(1, { ...options, auth: { names: "dashes" } }, (one) =>
        clients(1, { ...options, query: { names: "dashes" } }, (two) =>
          client(options, async (both) => {
            await begin(one, "start-episode");
            one.emit("step", { action: 0 });
            for (const each of [one, two, both]) {
              await each.next("rl-update", ({ data }) => data.step === 1);
              await each.quiet();
            }
            const named = (client) => client.log.filter(({ name }) => name.includes("_")).length;
            assert.deepEqual([named(one), named(two)], [0, 0]);
            assert.ok(named(both) > 0);
          }),
        ),
      ));

    test("rooms, presence and votes by the messages of the protocol", () =>
      clients(2, options, async (one, two) => {
        let asked = 0;
        const ask = async (client, request) => {
          asked += 1;
          const id = asked;
          const answer = client.acknowledged("request", { ...request, id });
          const told = await client.next("message", (message) => message.id === id);
          assert.deepEqual(await answer, told);
          return told;
        };
        const granted = async (client, request) => {
          const answer = await ask(client, request);
          assert.notEqual(answer.type, "error", JSON.stringify(answer));
          return answer.result ?? answer;
        };
        const said = (client, type, fits = () => true) =>
          client.next("message", (message) => message.type === type && fits(message));
        const code = `votes-${name
          .replaceAll(/[^a-z]/gi, "-")
          .toLowerCase()
          .slice(0, 20)}`;
        assert.equal((await ask(one, { type: "vote", action: 0 })).code, "NOT_JOINED");
        assert.equal((await ask(one, { type: "fly" })).code, "VALIDATION_ERROR");
        assert.equal(
          (await granted(one, { type: "create", code, rules: "classic", fps: 20 })).code,
          code,
        );
        const joined = await granted(one, { type: "join", room: code, name: "Asha" });
        assert.equal((await said(one, "room")).code, code);
        const frame = await said(one, "keyframe");
        await said(one, "keyframe", ({ seq }) => seq > frame.seq + 5);
        await granted(two, { type: "join", room: code, name: "Juma" });
        const { players } = await said(one, "presence", ({ players }) => players.length === 2);
        assert.deepEqual(players.map(({ name }) => name).sort(), ["Asha", "Juma"]);
        await granted(one, { type: "vote_start", turn_seconds: 60 });
        await said(two, "event", ({ kind }) => kind === "turn_started");
        await granted(one, { type: "vote", action: "Stop" });
        await granted(two, { type: "vote", action: 3 });
        const { data } = await said(two, "event", ({ kind }) => kind === "turn_resolved");
        assert.deepEqual([data.action, data.by, data.votes[3]], [3, "votes", 2]);
        // Who comes back is the same player, and the others are told.
        await granted(one, { type: "leave" });
        await said(
          two,
          "event",
          ({ kind, data }) => kind === "player_left" && data.name === "Asha",
        );
        const back = await granted(one, { type: "join", room: code, key: joined.key });
        assert.equal(back.member, joined.member);
        await said(
          two,
          "event",
          ({ kind, data }) => kind === "player_returned" && data.name === "Asha",
        );
        await granted(one, { type: "close", room: code });
        await said(two, "event", ({ kind }) => kind === "room_closed");
        assert.equal((await ask(two, { type: "vote", action: 0 })).code, "NOT_JOINED");
      }));

    test("an error comes once and leaves the rest as it was", () =>
      client(options, async (client) => {
        const before = await begin(client);
        client.emit("step", { action: 9 });
        await client.next("error");
        await client.quiet();
        assert.equal(client.all("error").length, 1);
        assert.deepEqual(await state(client), before);
      }));

    test("what is too large disconnects its sender at most", () =>
      client(options, async (other) => {
        const before = await begin(other);
        const sender = await Client.connect(server.url, options);
        sender.emit("step", { action: "x".repeat(3_000_000) });
        await sender.quiet();
        sender.close();
        await step(other, before, { action: 0 });
        await client(options, (client) => begin(client));
      }));

    test("an acknowledgement that is asked for comes", () =>
      client(options, async (client) => {
        await client.acknowledged("reset");
        await client.acknowledged("step", { action: 0 });
        await client.acknowledged("step", { action: 9 });
        await client.acknowledged("get-state");
      }));

    test("a client of a page on another port of this machine is served, a stranger's is not", async () => {
      await client({ ...options, extraHeaders: { Origin: PAGE } }, (client) => begin(client));
      await assert.rejects(
        Client.connect(server.url, { ...options, extraHeaders: { Origin: STRANGER } }),
        /not connected/,
      );
    });

    test("a namespace that does not exist is refused", () =>
      assert.rejects(Client.connect(`${server.url}/other`, options), /not connected/));
  });
}

describe("clients that come and go", () => {
  test("ws-status counts and names them", async () => {
    const status = async (fits) => {
      const late = Date.now() + PATIENCE;
      for (;;) {
        const { status, body } = await request("GET", "/api/ws-status");
        assert.equal(status, 200);
        assert.ok(Number.isInteger(body.connected_clients));
        assert.ok(Array.isArray(body.client_ids));
        assert.equal(body.client_ids.length, body.connected_clients);
        if (fits(body)) return body;
        assert.ok(Date.now() < late, `ws-status stays ${JSON.stringify(body)}`);
      }
    };
    await status(({ connected_clients }) => connected_clients === 0);
    await clients(2, {}, async (one, two) => {
      await status(({ connected_clients }) => connected_clients === 2);
      await client({ transports: ["polling"] }, async (three) => {
        const { client_ids } = await status(({ connected_clients }) => connected_clients === 3);
        // What is shown admits nobody: over polling, the id of a session is as good as its owner's word.
        assert.equal(new Set([...client_ids, one.id, two.id, three.id]).size, 6);
      });
      await status(({ connected_clients }) => connected_clients === 2);
    });
    await status(({ connected_clients }) => connected_clients === 0);
  });

  test("the episode stays when its driver goes", async () => {
    let frame;
    await client({}, async (one) => {
      frame = await step(one, await begin(one), { action: 3 });
    });
    await client({}, async (two) => {
      assert.deepEqual(await state(two), frame);
    });
  });

  test("a client that vanishes in the middle of a burst takes nothing along", async () => {
    await client({}, async (watcher) => {
      const before = await begin(watcher);
      const one = await Client.connect(server.url, { transports: ["websocket"] });
      for (let i = 0; i < 5; i += 1) one.emit("step", { action: 0 });
      one.close();
      const { step: reached } = await state(watcher);
      assert.ok(reached >= before.step);
      await drive(watcher, await begin(watcher), () => [{ action: 0 }]);
    });
  });

  test("a client comes back by itself when the server does", async () => {
    let own = await startServer();
    const one = await Client.connect(own.url, { reconnection: true, reconnectionDelay: 50 });
    try {
      await begin(one);
      const { port } = own;
      await own.stop();
      one.forget();
      own = await startServer({ port });
      await one.back();
      await drive(one, await begin(one), () => []);
    } finally {
      one.close();
      await own.stop();
    }
  });

  test("what they do is not seen in the room that drives itself", async () => {
    const room = async (code) => {
      const { status, body, text } = await get("/api/rooms");
      assert.equal(status, 200, text);
      return body.rooms.find((room) => room.code === code);
    };
    await post("/api/load-model", { algorithm: "DQN" });
    assert.equal((await room("original")).model, "dqn");
    assert.equal((await room("main")).model, "ppo");
    await post("/api/load-model", { algorithm: "PPO" });
  });
});

describe("without underscored names", () => {
  test("all comes under the name with a dash alone", async () => {
    const quiet = await startServer({ options: ["--no-underscored-events"] });
    const one = await Client.connect(quiet.url);
    try {
      one.emit("start_episode");
      for (let i = 0; i < STEPS; i += 1) one.emit("step");
      one.emit("reset");
      one.emit("get_state");
      await one.next("episode-reset");
      await one.quiet();
      const names = new Set(one.log.map(({ name }) => name));
      assert.deepEqual([...names].sort(), [
        "connection-status",
        "episode-complete",
        "episode-reset",
        "episode-started",
        "rl-update",
      ]);
    } finally {
      one.close();
      await quiet.stop();
    }
  });
});

/** One HTTP request on its own connection. `body` is sent as it is if it is a string, else as JSON. */
async function request(method, path, { body, headers = {}, url = server.url } = {}) {
  const sent =
    body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const type = sent === undefined ? {} : { "Content-Type": "application/json" };
  const answer = await new Promise((resolve, reject) => {
    const asked = http.request(url + path, {
      method,
      headers: { ...type, ...headers },
      agent: false,
    });
    asked.once("response", resolve).once("error", reject).end(sent);
  });
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) text += chunk;
  const json = (answer.headers["content-type"] ?? "").startsWith("application/json");
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text,
    body: json ? JSON.parse(text) : null,
  };
}

const get = (path) => request("GET", path);
const post = (path, body) => request("POST", path, { body });

/** The answer is a refusal in words. */
function refused(answer, status, what) {
  assert.equal(answer.status, status, `${what}: ${answer.text}`);
  assert.ok(
    typeof answer.body?.error === "string" && answer.body.error.length > 0,
    `${what}: ${answer.text}`,
  );
}

/** The observation is that of the frame, as far as the frame tells. */
function checkObservation(observation, frame) {
  assert.equal(observation.length, 14);
  for (const value of observation) assert.ok(Number.isFinite(value));
  const stop = frame.high_demand_stops.some((cell) => String(cell) === String(frame.position));
  const told = [
    ...[frame.x / 14, frame.y / 14, frame.passengers / 50, frame.money / 150_000, frame.speed / 3],
    ...[frame.light_red, frame.police_here, frame.must_stop, stop ? 1 : 0],
  ];
  told.forEach((value, i) => close(observation[i], 2 * value - 1, `observation ${i}`));
  close(observation[13], (2 * frame.step) / 350 - 1, "observation 13");
}

describe("over HTTP", () => {
  test("health", async () => {
    const { status, body } = await get("/api/health");
    assert.equal(status, 200);
    assert.equal(body.status, "ok");
    assert.equal(body.flask_running, true);
    assert.equal(body.model_loaded, true);
    assert.equal(body.env_ready, true);
    assert.equal(body.current_algo, "PPO");
  });

  test("the server answers to localhost as well", async () => {
    const url = server.url.replace("127.0.0.1", "localhost");
    assert.equal((await request("GET", "/api/health", { url })).status, 200);
    const one = await Client.connect(url);
    one.close();
  });

  test("models", async () => {
    const { status, body } = await get("/api/models");
    assert.equal(status, 200);
    for (const name of ["PPO", "DQN", "ORACLE", "RANDOM"]) {
      assert.equal(typeof body[name].path, "string");
      assert.equal(body[name].exists, true);
    }
    for (const name of Object.keys(body)) assert.equal(name, name.toUpperCase());
  });

  test("load-model takes the models that are listed, in either case", async () => {
    const { body: models } = await get("/api/models");
    for (const algorithm of [...Object.keys(models), "dqn", "ppo"]) {
      const { status, body, text } = await post("/api/load-model", { algorithm });
      assert.equal(status, 200, text);
      assert.equal(body.algorithm, algorithm.toUpperCase());
      assert.equal(body.status, "success");
      assert.equal(typeof body.message, "string");
      assert.equal((await get("/api/health")).body.current_algo, algorithm.toUpperCase());
      await client({}, async (client) => {
        assert.equal(client.all("connection-status")[0].algorithm, algorithm.toUpperCase());
        await step(client, await begin(client), {});
      });
    }
  });

  test("load-model refuses what is no model, and keeps the one it has", async () => {
    for (const body of [
      ...[{ algorithm: "nobody" }, { algorithm: "" }, { algorithm: 7 }, { algorithm: null }, {}],
      ...[{ algorithm: ["PPO"] }, { algorithm: "../../etc/passwd" }, { algorithm: "/etc/passwd" }],
      ...[[], '"PPO"', "null", undefined, ...MALFORMED],
    ]) {
      refused(await post("/api/load-model", body), 400, `load-model ${JSON.stringify(body)}`);
    }
    assert.equal((await get("/api/health")).body.current_algo, "PPO");
  });

  test("reset and step play an episode", async () => {
    for (const body of [undefined, {}]) {
      const { status, body: answer, text } = await post("/api/reset", body);
      assert.equal(status, 200, text);
      checkFrame(answer.state);
      assert.equal(answer.state.step, 0);
      checkObservation(answer.observation, answer.state);
      checkInfo(answer.environmentInfo, answer.state);
    }
    for (const choose of [
      () => ({ use_model: true }),
      ({ step }) => ({ action: step % 5, use_model: false }),
    ]) {
      const { state: first } = (await post("/api/reset", {})).body;
      let frame = first;
      let total = 0;
      while (!frame.terminated) {
        const sent = choose(frame);
        const { status, body, text } = await post("/api/step", sent);
        assert.equal(status, 200, text);
        const { state } = body;
        checkFrame(state);
        assert.equal(state.step, frame.step + 1);
        assert.equal(body.action, ACTIONS[sent.action ?? state.action]);
        assert.equal(Boolean(body.done), Boolean(state.terminated));
        close(body.reward, rewardOf(frame, ACTIONS.indexOf(body.action), state), "reward");
        checkObservation(body.observation, state);
        total += body.reward;
        const { steps, total_reward, done, episode, money } = body.episode_stats;
        assert.deepEqual(
          [steps, done, episode, money],
          [state.step, body.done, state.episode, state.money],
        );
        close(total_reward, state.total_reward, "total_reward of episode_stats");
        frame = state;
      }
      assert.equal(frame.step, STEPS);
      close(total, frame.total_reward, "total_reward");
      if (choose(first).use_model) assert.ok(total >= bestReturn(first) - 15);
      const answer = await post("/api/step", { use_model: true });
      if (answer.status === 200) assert.ok(answer.body.state.episode > frame.episode);
      else {
        refused(answer, 400, "step after the end");
        assert.match(answer.body.error, /reset/i);
      }
    }
  });

  test("an action alone is taken, and nothing at all asks the model", async () => {
    await post("/api/reset", {});
    const { body, text } = await post("/api/step", { action: 2 });
    assert.equal(body?.action, "Dropoff", text);
    for (const sent of [{}, undefined, null]) {
      assert.ok(ACTIONS.includes((await post("/api/step", sent)).body.action));
    }
  });

  test("step refuses what is no action, and nothing moves", async () => {
    const { state: before } = (await post("/api/reset", {})).body;
    for (const body of [
      ...[9, -1, 5, 1.5, "x", [1], {}, 1e300].map((action) => ({ action, use_model: false })),
      ...[9, "x", [1]].map((action) => ({ action })),
      ...[false, 0, "", null, [], {}].map((use_model) => ({ use_model })),
      ...[[], "7", '"x"', ...MALFORMED],
    ]) {
      refused(await post("/api/step", body), 400, `step ${JSON.stringify(body)}`);
    }
    const { body } = await post("/api/step", { action: 0, use_model: false });
    assert.equal(body.state.step, 1);
    assert.equal(body.state.episode, before.episode);
  });

  test("actions and switches are taken as Python took them", async () => {
    for (const [action, index] of LOOSE_ACTIONS) {
      await post("/api/reset", null);
      for (const sent of [{ action }, { action, use_model: 0 }]) {
        const { status, body, text } = await post("/api/step", sent);
        assert.equal(status, 200, text);
        assert.equal(body.action, ACTIONS[index], JSON.stringify(sent));
      }
    }
    await post("/api/reset", null);
    for (const use_model of [true, 1, "yes", [0], { a: 1 }]) {
      // The model's choice, whatever stands beside it.
      const { status, text } = await post("/api/step", { action: 0, use_model });
      assert.equal(status, 200, text);
    }
  });

  test("reset takes a seed, and the same one gives the same episode", async () => {
    const hazards = async (seed) => {
      const { hazards, traffic_light_states } = (await post("/api/reset", { seed })).body.state;
      return { hazards, traffic_light_states };
    };
    const seven = await hazards(7);
    assert.notDeepEqual(await hazards(8), seven);
    assert.deepEqual(await hazards(7), seven);
    for (const seed of [-1, 1.5, "x", [7]])
      refused(await post("/api/reset", { seed }), 400, `seed ${seed}`);
  });

  test("reset refuses what is no object", async () => {
    for (const body of MALFORMED) refused(await post("/api/reset", body), 400, `reset ${body}`);
  });

  test("a body of another type or that is too large is refused or read, and nothing breaks", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "application/json; charset=utf-8",
    ]) {
      for (const path of ["/api/reset", "/api/step", "/api/load-model"]) {
        const answer = await request("POST", path, {
          body: JSON.stringify({ algorithm: "PPO" }),
          headers: { "Content-Type": type },
        });
        if (answer.status !== 200) {
          assert.ok([400, 415].includes(answer.status), answer.text);
          assert.equal(typeof answer.body?.error, "string", answer.text);
        }
      }
    }
    const answer = await post("/api/step", { action: "x".repeat(100_000) });
    assert.ok([400, 413].includes(answer.status), answer.text);
    assert.equal(typeof answer.body?.error, "string", answer.text);
    assert.equal((await post("/api/reset", {})).status, 200);
  });

  test("Socket.IO and HTTP clients share the room", () =>
    client({}, async (client) => {
      let frame = (await post("/api/reset", {})).body.state;
      assert.deepEqual(await state(client), frame);
      client.forget();
      while (!frame.terminated) {
        const { body } = await post("/api/step", { action: 0, use_model: false });
        const { data } = await client.next("rl-update", ({ data }) => data.step === frame.step + 1);
        assert.deepEqual(data, body.state);
        frame = body.state;
      }
      assert.equal((await client.next("episode-complete")).steps, STEPS);
      await step(client, await begin(client), { action: 1 });
      assert.deepEqual((await get("/api/current-state")).body.state, await state(client));
    }));

  test("environment-info", async () => {
    const { state } = (await post("/api/reset", {})).body;
    const { status, body } = await get("/api/environment-info");
    assert.equal(status, 200);
    checkInfo(body, state);
  });

  test("current-state and episode-data", async () => {
    const { state } = (await post("/api/reset", {})).body;
    const current = await get("/api/current-state");
    assert.equal(current.status, 200);
    const begun = { step: 0, total_reward: 0, episode_history: [], terminated: false };
    const episode = { ...begun, last_action: 0, last_reward: 0 };
    assert.deepEqual(current.body, { state, episode });
    const steps = [];
    for (const action of [3, 4]) {
      const { reward, state } = (await post("/api/step", { action })).body;
      steps.push({ step: state.step, action, reward, position: state.position });
    }
    const { status, body } = await get("/api/episode-data");
    assert.equal(status, 200);
    const now = (await get("/api/current-state")).body;
    assert.deepEqual(body, now.episode);
    const { total_reward, ...rest } = body;
    close(total_reward, now.state.total_reward, "total_reward");
    assert.deepEqual(rest, {
      ...{ step: 2, episode_history: steps, terminated: false },
      ...{ last_action: 4, last_reward: steps[1].reward },
    });
  });

  test("routes that do not exist say so", async () => {
    for (const [method, path] of [
      ["GET", "/api/nothing"],
      ["GET", "/api/health/more"],
      ["POST", "/api/nothing"],
      ["GET", "/api/"],
    ]) {
      const { status, body, text } = await request(method, path);
      assert.equal(status, 404, `${path}: ${text}`);
      assert.equal(body?.success, false, text);
      assert.ok(typeof body.message === "string" && body.message.length > 0, text);
    }
    for (const [method, path] of [
      ["GET", "/api/step"],
      ["DELETE", "/api/reset"],
      ["POST", "/api/health"],
    ]) {
      const { status, text } = await request(method, path);
      assert.ok([404, 405].includes(status), `${method} ${path}: ${status} ${text}`);
    }
  });
});

describe("pages of other origins", () => {
  const allowed = (answer) => answer.headers["access-control-allow-origin"];

  for (const origin of [PAGE, "http://127.0.0.1:3000", "http://localhost:5173"]) {
    test(`${origin} may use all of it`, async () => {
      const headers = { Origin: origin };
      for (const path of ["/api/step", "/api/reset", "/api/load-model"]) {
        const answer = await request("OPTIONS", path, {
          headers: {
            ...headers,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
          },
        });
        assert.ok([200, 204].includes(answer.status), `${answer.status} ${answer.text}`);
        assert.ok([origin, "*"].includes(allowed(answer)), `${path}: ${allowed(answer)}`);
        assert.match(answer.headers["access-control-allow-methods"], /POST|\*/);
        assert.match(answer.headers["access-control-allow-headers"], /content-type|\*/i);
      }
      for (const path of ["/api/health", "/api/environment-info", "/api/no-such-route"]) {
        const answer = await request("GET", path, { headers });
        assert.ok([origin, "*"].includes(allowed(answer)), `${path}: ${allowed(answer)}`);
      }
      for (const body of [{ action: 9, use_model: false }, "{"]) {
        // A page can read why it was refused.
        const answer = await request("POST", "/api/step", { headers, body });
        refused(answer, 400, "step");
        assert.ok([origin, "*"].includes(allowed(answer)));
      }
      const answer = await request("GET", "/socket.io/?EIO=4&transport=polling", { headers });
      assert.equal(answer.status, 200);
      assert.ok([origin, "*"].includes(allowed(answer)));
    });
  }

  for (const origin of [STRANGER, "http://localhost.evil.example", "null"]) {
    test(`${origin} may not`, async () => {
      const { state: before } = (await post("/api/reset", {})).body;
      const headers = { Origin: origin };
      const preflight = await request("OPTIONS", "/api/step", {
        headers: { ...headers, "Access-Control-Request-Method": "POST" },
      });
      assert.equal(allowed(preflight), undefined);
      for (const path of ["/api/health", "/socket.io/?EIO=4&transport=polling"]) {
        assert.equal(allowed(await request("GET", path, { headers })), undefined, path);
      }
      const answer = await request("POST", "/api/step", { headers, body: { action: 0 } });
      assert.equal(answer.status, 403, answer.text);
      assert.equal(allowed(answer), undefined);
      assert.deepEqual(
        (await get("/api/current-state")).body.state,
        before,
        "it has moved nothing",
      );
    });
  }
});

describe("where tokens are needed", () => {
  const SECRET = "a secret of this test, long enough to sign";
  const tokenFor = (...options) => makeToken(SECRET, options);
  const behind = async (work) => {
    const closed = await startServer({
      options: ["--anonymous", "none"],
      variables: { DALADALA_TOKEN_SECRET: SECRET },
    });
    try {
      await work(closed.url);
    } finally {
      await closed.stop();
    }
  };

  for (const [name, options] of Object.entries(TRANSPORTS)) {
    test(`over ${name}`, () =>
      behind(async (url) => {
        for (const auth of [undefined, {}, { token: "" }, { token: "a.b.c" }, { token: 7 }]) {
          await assert.rejects(Client.connect(url, { ...options, auth }), /not connected: .*token/);
        }
        const elsewhere = { token: tokenFor("--role", "admin", "--room", "main") };
        await assert.rejects(Client.connect(url, { ...options, auth: elsewhere }), /not connected/);
        const watcher = await Client.connect(url, { ...options, auth: { token: tokenFor() } });
        const query = { token: tokenFor("--role", "drive") };
        const driver = await Client.connect(url, { ...options, query });
        try {
          watcher.emit("step", { action: 0 });
          assert.match((await watcher.either(["error"])).data.message, /role/);
          driver.emit("reset");
          await watcher.next("rl-update", (update) => update.data.step === 0);
        } finally {
          watcher.close();
          driver.close();
        }
      }));
  }
});

describe("what is no Socket.IO", () => {
  test("is refused, and nothing breaks", () =>
    client({}, async (client) => {
      const before = await begin(client);
      const open = async () => {
        const { text } = await get("/socket.io/?EIO=4&transport=polling");
        return `/socket.io/?EIO=4&transport=polling&sid=${JSON.parse(text.slice(1)).sid}`;
      };
      for (const sent of [
        "",
        "x",
        "4",
        "42",
        "40/",
        "42[",
        '42["step"',
        '42{"a":1}',
        "499999",
        "45-",
        "\x1e\x1e",
      ]) {
        const path = await open();
        await request("POST", path, { body: sent, headers: { "Content-Type": "text/plain" } });
      }
      for (const path of [
        "/socket.io/",
        "/socket.io/?EIO=3&transport=polling",
        "/socket.io/?EIO=4&transport=pigeon",
        "/socket.io/?EIO=4&transport=polling&sid=nobody",
      ]) {
        const { status, text } = await get(path);
        assert.ok(status >= 400 && status < 500, `${path}: ${status} ${text}`);
      }
      await step(client, before, { action: 0 });
    }));
});
