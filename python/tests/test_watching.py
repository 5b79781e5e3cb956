"""What drives, live and as files."""

import gc
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pytest

import daladala

PATIENCE = 60
"""Seconds after which what ought to happen counts as not happening."""


def ask(server, path, **body):
    """The answer of a server to a request; with a body, to one that changes something."""
    data = json.dumps(body).encode() if body or path.endswith(("resume", "step")) else None
    request = urllib.request.Request(server.url + "api/" + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


def refusal(server, path):
    """Status and answer of a server that refuses."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(server, path)
    with refused.value as answer:
        return answer.code, json.load(answer)


def until(holds):
    """Wait for something."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def room(server):
    return ask(server, "rooms/main")


def straight(observations):
    return np.zeros(len(observations), dtype=np.int64)


def test_a_policy_drives_on_the_page():
    with daladala.serve("ppo", "classic", fps=50, seed=1) as server:
        with urllib.request.urlopen(server.url, timeout=PATIENCE) as page:
            assert b"<html" in page.read().lower()
        first = room(server)
        assert (first["model"], first["rules"], first["paused"]) == ("ppo", "classic", False)
        until(lambda: room(server)["seq"] > first["seq"] + 5)
        assert server.running
        assert server.error is None
        assert f'<iframe src="{server.url}"' in server._repr_html_()
    assert not server.running
    assert "iframe" not in server._repr_html_()
    server.close()


def test_a_callable_drives_with_masks_and_what_it_chooses_is_done():
    asked = []

    def picky(observations, masks):
        asked.append((observations.shape, masks.shape, masks.dtype))
        return masks.shape[1] - 1 - masks[:, ::-1].argmax(1)

    with daladala.serve(picky, "city", action_masks=True, fps=100) as server:
        assert room(server)["model"] == "picky"
        until(lambda: len(asked) > 20)
        frames = [ask(server, "rooms/main/step") for _ in range(5)]
    size = daladala.Env("city").observation_space.shape[0]
    assert set(asked) == {((1, size), (1, 5), np.dtype(bool))}
    assert any(frame["action"] == 3 for frame in frames)


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (lambda rows: 1 // 0, ZeroDivisionError),
        (lambda rows: np.full(len(rows), 99), ValueError),
        (lambda rows: "left", ValueError),
        (lambda rows: None, ValueError),
        (lambda rows: [1.5], TypeError),
        (lambda rows: [0, 0], ValueError),
        (lambda: 0, TypeError),
    ],
)
def test_a_callable_that_fails_pauses_its_room_and_kills_nothing(broken, error):
    state = {"broken": True}

    def driver(*given):
        return broken(*given) if state["broken"] else straight(*given)

    with daladala.serve(driver, "classic", fps=100) as server:
        until(lambda: room(server)["paused"])
        assert type(server.error) is error
        status, answer = refusal(server, "rooms/main/step")
        assert status == 409
        message = answer["message"]
        assert message.startswith(f"its driver failed: {error.__name__}")
        assert "\n" not in message
        state["broken"] = False
        before = room(server)["seq"]
        ask(server, "rooms/main/resume")
        until(lambda: room(server)["seq"] > before + 5)
        assert server.running


def test_it_waits_for_a_callable_for_as_long_as_that_takes():
    """Where a server gave up waiting after 2 s, the interpreter ended under the callable, and the process aborted."""
    code = (
        "import daladala, time\n"
        "def slow(rows):\n"
        "    print('asked', flush=True)\n"
        "    time.sleep(4)\n"
        "    print('answered', flush=True)\n"
        "    return [0]\n"
        "server = daladala.serve(slow, 'classic', fps=100)\n"
        "time.sleep(1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "asked\nanswered\n", "")


def test_a_callable_can_close_its_own_server():
    servers = []

    def last(observations):
        servers[0].close()
        return straight(observations)

    servers.append(daladala.serve(last, "classic", fps=20))
    until(lambda: not servers[0].running)
    servers[0].close()


def test_the_lock_of_the_interpreter_is_taken_for_the_call_alone():
    with daladala.serve(straight, "classic", fps=200) as server:
        before, steps = room(server)["seq"], 0
        # This thread never waits, and goes on all the same.
        while room(server)["seq"] < before + 20:
            steps += 1
        assert steps > 0


def test_it_is_closed_while_a_callable_takes_its_time():
    called = []

    def slow(observations):
        called.append(1)
        time.sleep(0.3)
        return straight(observations)

    server = daladala.serve(slow, "classic", fps=100)
    until(lambda: called)
    server.close()
    server.close()
    count = len(called)
    time.sleep(0.4)
    assert len(called) == count
    assert not server.running


def test_it_ends_when_nobody_has_it():
    server = daladala.serve("random", "classic")
    url = server.url
    del server
    gc.collect()

    def is_gone():
        try:
            urllib.request.urlopen(url, timeout=PATIENCE).close()
        except OSError:
            return True
        return False

    until(is_gone)


def test_the_interpreter_ends_with_a_server_open():
    code = (
        "import daladala, time\n"
        "def slow(rows):\n"
        "    time.sleep(0.05)\n"
        "    return [0]\n"
        "server = daladala.serve(slow, 'classic', fps=100)\n"
        "time.sleep(0.5)\n"
        "print(server.running)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_can_let_go_of_it():
    server = daladala.serve("random", "classic")

    def in_child():
        server.close()
        os._exit(0 if not server.running else 1)

    child = multiprocessing.get_context("fork").Process(target=in_child)
    child.start()
    child.join(PATIENCE)
    assert child.exitcode == 0
    assert server.running
    server.close()


def test_mistakes_are_exceptions():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            daladala.serve("random", port=taken.getsockname()[1])
    for arguments, error in [
        ({"port": -1}, ValueError),
        ({"port": 2**16}, ValueError),
        ({"port": 2**70}, ValueError),
        ({"seed": -1}, ValueError),
        ({"fps": 0}, ValueError),
        ({"fps": float("nan")}, ValueError),
        ({"policy": "nobody"}, ValueError),
        ({"policy": 3}, TypeError),
        ({"policy": daladala.load_policy("ppo", "classic"), "rules": "city"}, ValueError),
        ({"host": "no such host"}, OSError),
    ]:
        with pytest.raises(error):
            daladala.serve(**{"policy": "random"} | arguments)


def test_people_elsewhere_need_the_token_in_the_url():
    with daladala.serve("random", "classic", host="0.0.0.0") as server:
        address, token = server.url.split("#token=")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(address + "api/rooms", timeout=PATIENCE)
        with refused.value as answer:
            assert answer.code == 401
        request = urllib.request.Request(address + "api/rooms", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(("name", "begins"), [("a.gif", b"GIF89a"), ("a.png", b"\x89PNG"), ("a.jsonl", b"{")])
def test_a_recording_is_a_file_of_the_kind_its_name_says(name, begins, tmp_path):
    told = daladala.record("oracle", tmp_path / name, "classic", seed=4, episodes=2, fps=25)
    data = (tmp_path / name).read_bytes()
    assert data.startswith(begins)
    assert told["bytes"] == len(data)
    assert len(told["returns"]) == 2
    if name.endswith("jsonl"):
        assert len(data.splitlines()) == told["frames"]
    own = daladala.record(daladala.load_policy("oracle", "classic").act, tmp_path / "b.jsonl", "classic", seed=4)
    assert own["returns"] == told["returns"][:1]


def test_a_recording_is_there_whole_or_not_at_all(tmp_path):
    calls = []

    def breaks(observations):
        calls.append(1)
        return straight(observations) if len(calls) < 5 else 1 // 0

    with pytest.raises(ZeroDivisionError):
        daladala.record(breaks, tmp_path / "a.gif", "classic")
    for arguments, error in [
        ({"out": tmp_path / "a.mp4"}, ValueError),
        ({"out": tmp_path / "none" / "a.gif"}, OSError),
        ({"out": tmp_path / "a.gif", "step": 3}, ValueError),
        ({"out": tmp_path / "a.png", "step": 10_000}, ValueError),
        ({"out": tmp_path / "a.gif", "episodes": 0}, ValueError),
        ({"out": tmp_path / "a.gif", "fps": 1000}, ValueError),
        ({"out": tmp_path / "a.gif", "seed": 2**64}, ValueError),
        ({"out": tmp_path / "a.gif", "policy": None}, TypeError),
    ]:
        with pytest.raises(error):
            daladala.record(**{"policy": "random", "rules": "classic"} | arguments)
    assert list(tmp_path.iterdir()) == []


def test_models_of_stable_baselines3_are_watched_and_recorded(tmp_path):
    sb3 = pytest.importorskip("stable_baselines3")
    model = sb3.PPO("MlpPolicy", daladala.SB3VecEnv("daladala/Classic-v0"), device="cpu")
    with daladala.serve(model, "classic", fps=50) as server:
        assert room(server)["model"] == "PPO"
        until(lambda: room(server)["seq"] > 10)
        assert server.error is None
    assert daladala.record(model, tmp_path / "a.jsonl", "classic")["frames"] > 1
    assert daladala.evaluate(model, "classic", episodes=5)["episodes"] == 5
