"""Ctrl-C ends whatever takes long, at once, and breaks nothing; other threads than the main one do the same work."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import daladala

PATIENCE = 60
"""Seconds after which what ought to happen counts as not happening. What is interrupted would take days."""

BEGINNING = 0.5
"""Seconds that it is given to be in the midst of its work; where that is too short, the test tests less."""

LONG = {
    "evaluate": "daladala.evaluate('ppo', episodes=10**9)",
    "evaluate a callable": "daladala.evaluate(straight, episodes=10**9)",
    "evaluate what is no Python": "daladala.evaluate(mute, episodes=10**9)",
    "train": "daladala.train('ppo', steps=10**12)",
    "train without masks": "daladala.train('dqn', 'classic', steps=10**12, evaluate_every=10**12)",
    "train with a callback": "daladala.train('a2c', 'classic', steps=10**12, callback=lambda update: None)",
    "evaluate while training": "daladala.train('a2c', steps=10**12, evaluate_every=1, evaluation_episodes=10**9)",
    "record an animation": "daladala.record('ppo', 'out.gif', episodes=10**4)",
    "record frames": "daladala.record('ppo', 'out.jsonl', episodes=10**4)",
    "record a callable": "daladala.record(straight, 'out.png', episodes=10**4)",
    "a data set": "daladala.safety.dataset('ppo', steps=10**7)",
    "steps": "[env.step(zeros) for _ in iter(int, 1)]",
    "a slow callable": "daladala.evaluate(lambda rows: time.sleep(10**6), episodes=1)",
    "a server's block": "serve_and_sleep()",
}

PROGRAM = """
import functools, time
import numpy as np
import daladala, daladala.safety
zeros = np.zeros(4096, dtype=np.int64)
env = daladala.VectorEnv(4096, "city")
env.reset(seed=0)
def straight(rows):
    return np.zeros(len(rows), dtype=np.int64)
# No line of Python is run in a call of it, so that no handler of a signal is either.
mute = functools.partial(daladala.load_policy("ppo").native.act, masks=None)
def serve_and_sleep():
    with daladala.serve(straight, fps=100):
        time.sleep(10**6)
try:
    print("begun", flush=True)
    {call}
except KeyboardInterrupt:
    print("interrupted", flush=True)
figures = daladala.evaluate("ppo", episodes=50)
env.step(zeros)
result = daladala.train("a2c", "classic", steps=5000)
print(figures["episodes"], result.steps >= 5000)
"""


HEARS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
"""As in a terminal. What a shell starts in the background ignores Ctrl-C, and so does all that it starts."""


def interrupted(program, cwd):
    """The output of a program that gets Ctrl-C once it has begun."""
    process = subprocess.Popen(
        [sys.executable, "-c", HEARS + program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd
    )
    try:
        assert process.stdout.readline() == "begun\n"
        time.sleep(BEGINNING)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    return process.returncode, out, errors


@pytest.mark.skipif(sys.platform == "win32", reason="no signals of that kind here")
@pytest.mark.parametrize("name", LONG)
def test_it_ends_on_ctrl_c_and_nothing_is_broken(name, tmp_path):
    code, out, errors = interrupted(PROGRAM.replace("{call}", LONG[name]), tmp_path)
    assert (code, out, errors) == (0, "interrupted\n50 True\n", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no signals of that kind here")
def test_a_server_that_is_waited_for_is_closed(tmp_path):
    program = "import daladala\nserver = daladala.serve('random')\nprint('begun', flush=True)\nserver.wait()\n"
    assert interrupted(program + "print(server.running)", tmp_path) == (0, "False\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="no signals of that kind here")
def test_what_was_learnt_is_there(tmp_path):
    program = (
        "import daladala\n"
        "def tell(update):\n"
        "    if 'evaluation' in update: print('begun', flush=True)\n"
        "daladala.train('a2c', 'classic', steps=10**12, evaluate_every=10**5, out='best.safetensors', callback=tell)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate(timeout=PATIENCE)[1]
    assert daladala.load_policy(tmp_path / "best.safetensors", "classic").observation_size == 14


def test_other_threads_do_the_same(tmp_path):
    def work():
        trained = daladala.train("a2c", "classic", steps=20_000, callback=lambda update: None)
        weights = trained.policy.outputs([[0.5] * 14]).tolist()
        drivers = ("ppo", lambda rows: [0] * len(rows))
        evaluations = [daladala.evaluate(driver, "classic", episodes=300) for driver in drivers]
        recorded = daladala.record("ppo", tmp_path / "a.jsonl", "classic")
        return weights, [figures["mean_return"] for figures in evaluations], recorded["returns"]

    with ThreadPoolExecutor(1) as pool:
        elsewhere = pool.submit(work).result()
    assert elsewhere == work()


def test_a_callback_may_use_the_same_threads():
    """A training that held one of them while it waited for its callback would stand still on a single core."""
    told = []

    def tell(update):
        told.append(daladala.evaluate("ppo", "classic", episodes=500)["episodes"])
        return len(told) < 3

    daladala.train("a2c", "classic", steps=100_000, callback=tell)
    assert told == [500] * 3


def test_what_a_callable_raises_ends_an_evaluation_at_once():
    def breaks(rows):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        daladala.evaluate(breaks, episodes=10**9)
    with pytest.raises(ValueError, match="99"):
        daladala.evaluate(lambda rows: [99] * len(rows), episodes=10**9)
