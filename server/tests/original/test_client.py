"""Scripts of the original system against the server: python-socketio over each transport, and requests.

What each event and route is to say stands in docs/ORIGINAL.md.
"""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

import engineio
import requests
import socketio

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 10.0  # seconds after which something that ought to happen counts as not happening
STEPS = 29
ACTIONS = ["Move", "Pickup", "Dropoff", "Stop", "SpeedUp"]

# python-engineio gives up a connection that is sent more than 16 packets in one poll. Scripts that step without
# waiting for the updates over polling alone have to raise this; those that wait never come near it.
burst = mock.patch.object(engineio.payload.Payload, "max_decode_packets", 1000)


class Server:
    """The program, started as a person would, on a free port."""

    def __init__(self, *options):
        binary = os.environ.get("DALADALA_BIN", "target/release/daladala")
        self.said = []
        self.address = threading.Event()
        self.process = subprocess.Popen(
            [binary, "serve", *([] if "--port" in options else ["--port", "0"]), *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        # Read on after the address: a full pipe would stop the server.
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if not self.address.wait(PATIENCE) or self.url is None:
            self.process.kill()
            raise AssertionError("the server did not start:\n" + "".join(self.said))

    def _read(self):
        self.url = None
        for line in self.process.stdout:
            self.said.append(line)
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found and self.url is None:
                self.url = found[0]
                self.address.set()
        self.address.set()

    def stop(self):
        """Ask it to stop, as Ctrl-C does; whatever the tests have sent, it ends well."""
        early = self.process.poll()
        self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.reader.join(PATIENCE)
        self.process.stdout.close()
        said = "".join(self.said)
        assert early is None and code == 0 and "panicked" not in said, f"ended with {code} ({early}):\n{said}"


def until(fits):
    """Wait until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not fits():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.01)


def close(sio):
    """Disconnect. Over polling python-socketio may wait for its last poll, so it is not waited for."""
    closing = threading.Thread(target=sio.disconnect, daemon=True)
    closing.start()
    closing.join(0.5)


class Client:
    """A python-socketio client that remembers all that it is sent.

    python-socketio hears each event in a thread of its own, so what comes at once is remembered in any order.
    """

    def __init__(self, url, transports=None, origin=None):
        self.log = []  # (name, data), in order
        self.seen = {}
        self.more = threading.Condition()
        session = requests.Session()
        extra = {}
        if origin is not None:
            session.headers["Origin"] = extra["origin"] = origin
        self.sio = socketio.Client(reconnection=False, http_session=session, websocket_extra_options=extra)
        self.sio.on("*", self._heard)
        self.sio.on("disconnect", lambda *reason: self._heard("disconnect"))
        self.sio.connect(url, wait_timeout=PATIENCE, transports=transports)
        try:
            self.next("connection-status")
        except AssertionError:
            close(self.sio)
            raise

    def _heard(self, name, data=None):
        with self.more:
            self.log.append((name, data))
            self.more.notify_all()

    def all(self, name):
        with self.more:
            return [data for event, data in self.log if event == name]

    def forget(self):
        with self.more:
            self.log.clear()
            self.seen.clear()

    def either(self, *names, fits=lambda data: True):
        """The next of these events. An error ends the wait, unless it is one of them."""
        deadline = time.monotonic() + PATIENCE
        with self.more:
            at = 0
            while True:
                while at < len(self.log):
                    name, data = self.log[at]
                    at += 1
                    if name in names and at > self.seen.get(name, 0) and fits(data):
                        self.seen[name] = at
                        return name, data
                    if name in ("error", "disconnect") and name not in names and at > self.seen.get(name, 0):
                        raise AssertionError(f"waiting for {names}: {name} came: {data}")
                if not self.more.wait(deadline - time.monotonic()) or time.monotonic() > deadline:
                    last = [(name, str(data)[:200]) for name, data in self.log[-8:]]
                    raise AssertionError(f"waiting for {names}: none came; the last events: {last}")

    def next(self, name, fits=lambda data: True):
        return self.either(name, fits=fits)[1]

    def send(self, name, *payload):
        self.sio.emit(name, *payload)

    def begin(self):
        """Begin an episode; its first frame."""
        self.forget()
        self.send("reset")
        self.next("episode-reset")
        return self.state()

    def state(self):
        self.forget()
        self.send("get-state")
        return self.next("rl-update")["data"]

    def step(self, before, *payload):
        """One step; the frame after it."""
        self.send("step", *payload)
        update = self.next("rl-update", lambda update: update["data"]["step"] == before["step"] + 1)
        assert update["type"] == "state-update", update
        return update["data"]

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        connected = self.sio.connected
        close(self.sio)
        assert connected or failure[0] is not None, "the client has been disconnected"


def best_return(frame):
    """The best return that the layout of this frame allows."""
    halts = 3 + sum(frame["traffic_light_states"].values())
    return 60 + 25 * halts + 3 * (25 - halts) + 29 + 150


class Served(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.url = cls.server.url

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()


class Events:
    """Tests of the events, whatever the transport."""

    transports = None

    def client(self, **options):
        return Client(self.url, transports=self.transports, **options)

    def test_greeting(self):
        with self.client() as client:
            greeting = client.all("connection-status")[0]
            self.assertEqual(greeting["status"], "connected")
            self.assertIs(greeting["model_loaded"], True)
            self.assertIs(greeting["env_ready"], True)
            self.assertEqual(greeting["algorithm"], "PPO")
            if self.transports is not None:
                self.assertEqual(client.sio.transport(), self.transports[0])

    def test_an_episode_of_moves(self):
        with self.client() as client:
            client.send("start-episode")
            client.next("episode-started")
            before = client.state()
            total = 0
            for step in range(1, STEPS + 1):
                frame = client.step(before, {"action": 0})
                reward = 3 - 40 * before["must_stop"] + (150 if step == STEPS else 0)
                self.assertAlmostEqual(frame["reward"], reward, 3)
                total += reward
                self.assertAlmostEqual(frame["total_reward"], total, 3)
                self.assertEqual(bool(frame["terminated"]), step == STEPS)
                before = frame
            complete = client.next("episode-complete")
            self.assertEqual(complete["steps"], STEPS)
            self.assertAlmostEqual(complete["total_reward"], total, 3)
            self.assertEqual((complete["status"], complete["reason"]), ("completed", "terminated"))
            client.forget()
            client.send("step", {"action": 0})
            name, data = client.either("error", "rl-update")
            if name == "error":
                self.assertRegex(data["message"], "(?i)reset|start")
            client.step(client.begin(), {"action": 0})

    def test_the_model_drives_well(self):
        with self.client() as client:
            for payload in [(), ({},), ({"action": None},)]:
                first = frame = client.begin()
                while not frame["terminated"]:
                    frame = client.step(frame, *payload)
                self.assertLessEqual(frame["total_reward"], best_return(first) + 1e-3)
                self.assertGreaterEqual(frame["total_reward"], best_return(first) - 15)

    def test_two_clients_see_the_same(self):
        with self.client() as one, self.client() as two:
            frame = one.begin()
            two.state()
            for action in range(5):
                frame = one.step(frame, {"action": action})
                seen = two.next("rl-update", lambda update: update["data"]["step"] == frame["step"])
                self.assertEqual(seen["data"], frame)
            two.step(frame, {"action": 0})

    @burst
    def test_a_namespace_class_hears_the_underscored_names(self):
        heard = {}
        complete = threading.Event()

        class Listener(socketio.ClientNamespace):
            def on_connection_status(self, data):
                heard["status"] = data

            def on_episode_started(self, data):
                heard["started"] = data

            def on_rl_update(self, data):
                heard.setdefault("steps", []).append(data["data"]["step"])

            def on_episode_complete(self, data):
                complete.set()

        sio = socketio.Client()
        sio.register_namespace(Listener("/"))
        sio.connect(self.url, transports=self.transports)
        try:
            sio.emit("start_episode")
            for _ in range(STEPS):
                sio.emit("step", {"action": 4})
            self.assertTrue(complete.wait(PATIENCE), f"no episode_complete after {heard}")
            until(lambda: sum(step > 0 for step in heard["steps"]) == STEPS)
            self.assertEqual(sorted(step for step in heard["steps"] if step > 0), list(range(1, STEPS + 1)))
            self.assertIn("status", heard)
            self.assertIn("started", heard)
        finally:
            close(sio)

    @burst
    def test_both_names_carry_the_same(self):
        with self.client() as client:
            client.send("start_episode")
            for _ in range(STEPS):
                client.send("step", {"action": 0})
            client.send("reset")
            client.next("episode_reset")
            time.sleep(0.2)
            for name in ("connection-status", "episode-started", "rl-update", "episode-complete", "episode-reset"):
                self.assertTrue(client.all(name), name)
                twin = client.all(name.replace("-", "_"))
                self.assertEqual(sorted(map(str, client.all(name))), sorted(map(str, twin)), name)
            client.forget()
            client.send("get_state")
            client.next("rl-update")

    def test_a_vote_by_the_messages_of_the_protocol(self):
        with self.client() as one, self.client() as two:

            def ask(client, **request):
                answer = client.sio.call("request", request, timeout=PATIENCE)
                self.assertNotEqual(answer["type"], "error", answer)
                return answer

            code = ask(one, type="create", rules="classic", fps=20)["result"]["code"]
            joined = ask(one, type="join", room=code, name="Asha")
            ask(two, type="join", room=code, name="Juma")
            one.next("message", lambda message: message["type"] == "presence" and len(message["players"]) == 2)
            one.next("message", lambda message: message["type"] == "keyframe")
            ask(one, type="vote_start", turn_seconds=60)
            for client in (one, two):
                ask(client, type="vote", action="Stop")
            resolved = two.next("message", lambda message: message.get("kind") == "turn_resolved")
            self.assertEqual((resolved["data"]["action"], resolved["data"]["by"]), (3, "votes"))
            ask(one, type="leave")
            self.assertEqual(ask(one, type="join", room=code, key=joined["key"])["member"], joined["member"])
            two.next("message", lambda message: message.get("kind") == "player_returned")
            ask(one, type="close", room=code)

    @burst
    def test_bad_payloads(self):
        deep = 0
        for _ in range(100):
            deep = {"action": deep}
        wide = {f"field {i}": [i, {"i": i}] for i in range(60)}
        bad = [9, 5, -1, 1.5, "x", "", [], [1], {}, wide, deep, b"\x00\xff"]
        with self.client() as client, self.client() as other:
            before = client.begin()
            other.state()
            for payload in [{"action": action} for action in bad] + [7, "x", True, b"\x00\xff"]:
                client.forget()
                client.send("step", payload)
                name, data = client.either(
                    "error", "rl-update", fits=lambda data: "message" in data or data["data"]["step"] > 0
                )
                self.assertEqual(name, "error", f"step {str(payload)[:80]} was taken")
                self.assertTrue(data["message"])
            self.assertEqual(client.state(), before)
            self.assertEqual(other.all("error"), [])
            for event in ("reset", "start-episode", "get-state"):
                for payload in (7, "x", [], {}, wide, b"\x00\xff"):
                    client.forget()
                    client.send(event, payload)
                    client.either("error", "rl-update", "episode-reset", "episode-started")
            client.send("no-such-event", {"action": 1})
            time.sleep(0.1)
            client.step(client.begin(), {"action": 0})

    @burst
    def test_300_steps_at_once_all_come(self):
        with self.client() as client:
            first = client.begin()["episode"]
            client.forget()
            wanted = []
            for episode in range(11):
                for step in range(1, min(STEPS, 300 - len(wanted)) + 1):
                    client.send("step", {"action": 4})
                    wanted.append((episode, step))
                client.send("reset")
            driven = lambda: [update["data"] for update in client.all("rl-update") if update["data"]["step"] > 0]
            come = 0
            while come < len(wanted) and not client.all("error"):
                until(lambda: len(driven()) > come or client.all("error"))
                come = len(driven())
            self.assertEqual(client.all("error"), [])
            self.assertEqual(sorted((frame["episode"] - first, frame["step"]) for frame in driven()), wanted)

    def test_calls_are_acknowledged(self):
        with self.client() as client:
            client.begin()
            for event, payload in [("reset", None), ("step", {"action": 0}), ("get-state", None)]:
                client.sio.call(event, payload, timeout=PATIENCE)

    def test_the_simple_client(self):
        sio = socketio.SimpleClient()
        sio.connect(self.url, transports=self.transports)
        try:
            sio.emit("start-episode")
            sio.emit("step", {"action": 1})
            for _ in range(20):
                name, *data = sio.receive(timeout=PATIENCE)
                if name == "rl-update" and data[0]["data"]["step"] == 1:
                    break
            else:
                self.fail("no update of the step")
        finally:
            close(sio)

    def test_ws_status(self):
        def clients():
            answer = requests.get(f"{self.url}/api/ws-status", timeout=PATIENCE).json()
            self.assertEqual(answer["connected_clients"], len(answer["client_ids"]))
            return set(answer["client_ids"])

        before = clients()
        with self.client() as one, self.client() as two:
            shown = clients() - before
            self.assertEqual(len(shown), 2)
            # What is shown admits nobody: over polling, the id of a session is as good as its owner's word.
            self.assertFalse({one.sio.get_sid(), two.sio.get_sid()} & clients())
        # Over polling python-socketio may leave without a word.
        if self.transports == ["websocket"]:
            until(lambda: not shown & clients())

    def test_a_stranger_is_refused(self):
        with self.client(origin="http://localhost:3000") as client:
            client.begin()
        with self.assertRaises(socketio.exceptions.ConnectionError):
            self.client(origin="http://evil.example")


class OverPolling(Events, Served):
    transports = ["polling"]


class OverWebSocket(Events, Served):
    transports = ["websocket"]


class OverWhatTheClientChooses(Events, Served):
    transports = None


class WithoutUnderscoredNames(unittest.TestCase):
    def test_there_are_none(self):
        server = Server("--no-underscored-events")
        try:
            with Client(server.url) as client:
                client.send("start_episode")
                client.next("episode-started")
                frame = client.state()
                while not frame["terminated"]:
                    frame = client.step(frame)
                client.next("episode-complete")
                time.sleep(0.2)
                self.assertEqual([name for name, _ in client.log if "_" in name], [])
        finally:
            server.stop()


class Restarts(unittest.TestCase):
    """Clients take the close packet of Engine.IO as final: a server that stops must not send it."""

    def test_clients_come_back_by_themselves(self):
        for transports in (["polling"], ["websocket"], None):
            with self.subTest(transports=transports):
                server = Server()
                sio = socketio.Client(reconnection_delay=0.1, reconnection_delay_max=0.2)
                connected = threading.Semaphore(0)
                sio.on("connection-status", lambda _: connected.release())
                try:
                    sio.connect(server.url, wait_timeout=PATIENCE, transports=transports)
                    self.assertTrue(connected.acquire(timeout=PATIENCE))
                    server.stop()
                    server = Server("--port", server.url.rsplit(":", 1)[1])
                    self.assertTrue(connected.acquire(timeout=PATIENCE), "it did not come back")
                finally:
                    close(sio)
                    server.stop()

    def test_a_server_that_stops_while_a_driver_outruns_it_ends_well(self):
        for _ in range(6):
            server = Server()
            sio = socketio.Client(reconnection=False)
            sio.connect(server.url, wait_timeout=PATIENCE, transports=["websocket"])
            for _ in range(400):
                sio.emit("step", {"action": 0})
                sio.emit("reset")
            # It says so where anything has panicked.
            server.stop()
            close(sio)


class Sessions(unittest.TestCase):
    def test_a_session_goes_on_with_the_token_that_opened_it_and_no_other(self):
        with tempfile.TemporaryDirectory() as folder:
            secret = f"{folder}/secret"
            server = Server("--anonymous", "watch", "--token-secret-file", secret)
            try:
                binary = os.environ.get("DALADALA_BIN", "target/release/daladala")

                def token(role):
                    command = [binary, "token", "--role", role, "--token-secret-file", secret]
                    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()

                url, driver = f"{server.url}/socket.io/?EIO=4&transport=polling", token("drive")
                opened = requests.get(f"{url}&token={driver}", timeout=PATIENCE).text
                sid = json.loads(opened[1:])["sid"]

                def say(packet, token):
                    query = f"&sid={sid}" + (f"&token={token}" if token else "")
                    return requests.post(url + query, data=packet, timeout=PATIENCE).status_code

                def step():
                    return requests.get(f"{server.url}/api/current-state", timeout=PATIENCE).json()["state"]["step"]

                self.assertEqual(say("40", driver), 200)
                until(lambda: requests.get(f"{server.url}/api/ws-status", timeout=PATIENCE).json()["client_ids"])
                for stranger in (None, token("watch"), token("drive") + "x"):
                    self.assertEqual(say('42["step",{"action":0}]', stranger), 403)
                self.assertEqual(requests.get(f"{url}&sid={sid}", timeout=PATIENCE).status_code, 403)
                self.assertEqual(step(), 0)
                self.assertEqual(say('42["step",{"action":0}]', driver), 200)
                until(lambda: step() == 1)
            finally:
                server.stop()


class Routes(Served):
    def get(self, path):
        answer = requests.get(self.url + path, timeout=PATIENCE)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()

    def post(self, path, *payload, status=200):
        """POST without a body, or with a value as JSON."""
        sent = {"json": payload[0]} if payload else {}
        answer = requests.post(self.url + path, timeout=PATIENCE, **sent)
        self.assertEqual(answer.status_code, status, answer.text)
        return answer.json()

    def test_a_script_that_plays(self):
        self.assertEqual(self.get("/api/health")["status"], "ok")
        models = self.get("/api/models")
        self.assertTrue(models["PPO"]["exists"])
        loaded = self.post("/api/load-model", {"algorithm": "PPO"})
        self.assertEqual(loaded["algorithm"], "PPO")
        info = self.get("/api/environment-info")
        self.assertEqual(len(info["route"]), STEPS)
        with requests.Session() as session:  # one connection for all
            answer = session.post(f"{self.url}/api/reset", json={}, timeout=PATIENCE).json()
            self.assertEqual(len(answer["observation"]), 14)
            best = best_return(answer["state"])
            total, steps, done = 0, 0, False
            while not done:
                answer = session.post(f"{self.url}/api/step", json={"use_model": True}, timeout=PATIENCE).json()
                self.assertIn(answer["action"], ACTIONS)
                total, steps, done = total + answer["reward"], steps + 1, answer["done"]
            self.assertEqual(steps, STEPS)
            self.assertGreaterEqual(total, best - 15)
        self.assertEqual(self.get("/api/current-state")["state"]["step"], STEPS)
        self.assertIsInstance(self.get("/api/episode-data"), dict)

    def test_numbers_have_the_types_that_the_original_gave_them(self):
        answer = self.post("/api/reset", None)
        for frame in (answer["state"], self.post("/api/step", {"action": "1"})["state"]):
            for field in ("money", "speed", "reward", "total_reward"):
                self.assertIs(type(frame[field]), float, field)
            for field in ("step", "x", "pos_x", "pos_y", "passengers", "fined", "light_red", "action", "light_cycle"):
                self.assertIs(type(frame[field]), int, field)
            self.assertIs(type(frame["terminated"]), bool)
        info = self.get("/api/environment-info")
        self.assertEqual((info["observation_space"], info["action_space"]), ([14], 5))
        self.assertEqual((info["actions"], info["stops"]), (ACTIONS, info["route"]))
        self.assertEqual(set(self.get("/api/current-state")), {"state", "episode"})

    def test_every_action_by_index(self):
        self.post("/api/reset")
        for index, name in enumerate(ACTIONS):
            answer = self.post("/api/step", {"action": index, "use_model": False})
            self.assertEqual(answer["action"], name)
            self.assertEqual(answer["state"]["step"], index + 1)

    def test_refusals(self):
        self.post("/api/reset", {})
        for path, payload in [
            ("/api/step", {"action": 9, "use_model": False}),
            ("/api/step", {"action": "x", "use_model": False}),
            ("/api/step", []),
            ("/api/load-model", {"algorithm": "nobody"}),
            ("/api/load-model", {}),
        ]:
            self.assertTrue(self.post(path, payload, status=400)["error"])
        for path in ("/api/step", "/api/reset", "/api/load-model"):
            answer = requests.post(
                self.url + path, data="{", headers={"Content-Type": "application/json"}, timeout=PATIENCE
            )
            self.assertEqual(answer.status_code, 400, answer.text)
            self.assertTrue(answer.json()["error"])
        answer = requests.get(f"{self.url}/api/nothing", timeout=PATIENCE)
        self.assertEqual(answer.status_code, 404)
        self.assertIs(answer.json()["success"], False)
        self.assertTrue(answer.json()["message"])
        self.assertEqual(self.get("/api/current-state")["state"]["step"], 0)


if __name__ == "__main__":
    unittest.main()
