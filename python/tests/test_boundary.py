"""Whatever comes from Python, the interpreter lives, and the exception is of the right type."""

import multiprocessing
import os
import pickle
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import gymnasium as gym
import numpy as np
import pytest

import daladala


def made(num_envs=3, **options):
    env = daladala.VectorEnv(num_envs, "classic", **options)
    env.reset(seed=0)
    return env


@pytest.mark.parametrize(
    ("actions", "error"),
    [
        (np.zeros(3), TypeError),
        (np.zeros(3, dtype=bool), TypeError),
        (np.array([np.nan] * 3), TypeError),
        (np.array(["a", "b", "c"]), TypeError),
        (np.array([None] * 3), TypeError),
        (None, ValueError),
        ("abc", ValueError),
        ([], ValueError),
        (np.zeros(2, dtype=np.int64), ValueError),
        (np.zeros((3, 1), dtype=np.int64), ValueError),
        (np.int64(3), ValueError),
        (np.array([0, 0, 5]), ValueError),
        (np.array([0, -1, 0]), ValueError),
        (np.array([2**40, 0, 0]), ValueError),
        (np.array([2**63 + 1, 0, 0], dtype=np.uint64), ValueError),
    ],
)
def test_what_are_no_actions_is_refused_and_nothing_has_changed(actions, error):
    env = made()
    before = env.observe()
    with pytest.raises(error):
        env.step(actions)
    np.testing.assert_array_equal(env.observe(), before)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"num_envs": 0}, ValueError),
        ({"num_envs": -1}, ValueError),
        ({"num_envs": 2**40}, ValueError),
        ({"num_envs": 2**70}, ValueError),
        ({"num_envs": 1.5}, TypeError),
        ({"threads": -1}, ValueError),
        ({"threads": 2**70}, ValueError),
        ({"max_episode_steps": -1}, ValueError),
        ({"max_episode_steps": 2**70}, ValueError),
        ({"rules": "chess"}, ValueError),
        ({"scenario": "nowhere"}, ValueError),
        ({"scenario": "nowhere.toml"}, FileNotFoundError),
        ({"overrides": {"police.inspect": 7}}, ValueError),
        ({"overrides": {"police.inspected": 0.1}}, ValueError),
        ({"overrides": {"police.inspect": float("nan")}}, ValueError),
        ({"autoreset_mode": "Sometimes"}, ValueError),
        ({"threads": 0}, ValueError),
        ({"threads": 10**6}, ValueError),
        ({"max_episode_steps": 0}, ValueError),
        ({"render_mode": "smell"}, ValueError),
    ],
)
def test_what_no_environment_can_be_made_of_is_refused(arguments, error):
    with pytest.raises(error):
        daladala.VectorEnv(**arguments)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"seed": -1}, ValueError),
        ({"seed": 2**64}, ValueError),
        ({"seed": 1.5}, TypeError),
        ({"seed": [1, 2]}, ValueError),
        ({"seed": [1, 2, "three"]}, TypeError),
        ({"options": {"reset_mask": [True] * 3}}, TypeError),
        ({"options": {"reset_mask": np.ones(2, dtype=bool)}}, ValueError),
        ({"options": {"reset_mask": np.zeros(3, dtype=bool)}}, ValueError),
        ({"options": {"reset_mask": np.ones(3)}}, TypeError),
        ({"options": {"layouts": [{}, {}, {}]}}, ValueError),
        ({"options": {"layouts": [None]}}, ValueError),
        ({"options": {"mask": None}}, ValueError),
    ],
)
def test_what_nothing_can_be_reset_with_is_refused(arguments, error):
    with pytest.raises(error):
        made().reset(**arguments)


def test_order_is_enforced():
    env = daladala.VectorEnv(2, "classic")
    with pytest.raises(gym.error.ResetNeeded):
        env.step(np.zeros(2, dtype=np.int64))
    env.close()
    for call in (env.reset, env.observe, lambda: env.step(np.zeros(2, dtype=np.int64)), lambda: pickle.dumps(env)):
        with pytest.raises(gym.error.ClosedEnvironmentError):
            call()
    single = daladala.Env("classic")
    with pytest.raises(gym.error.ResetNeeded):
        single.step(0)
    single.reset()
    for action, error in [
        (1.5, TypeError),
        (None, TypeError),
        ("0", TypeError),
        (5, ValueError),
        (-1, ValueError),
        (2**70, ValueError),
    ]:
        with pytest.raises(error):
            single.step(action)


def test_snapshots_and_pickles_of_others_are_refused():
    env = made()
    for snapshot in ("", "{}", "[]", env.snapshot(0)[:-9], daladala_city_snapshot()):
        with pytest.raises(ValueError):  # noqa: PT011
            env.restore([0], [snapshot])
    with pytest.raises(IndexError):
        env.restore([3], [env.snapshot(0)])
    for index in (3, -1, 2**70):
        with pytest.raises(IndexError):
            env.snapshot(index)
        with pytest.raises(IndexError):
            env.restore([index], [env.snapshot(0)])
    engine = env._engine
    state = engine.state()
    for other in ("{}", state.replace('"version":"', '"version":"9'), state.replace('"envs":3', '"envs":4')):
        with pytest.raises(ValueError):  # noqa: PT011
            type(engine).from_state(other)


def daladala_city_snapshot():
    city = daladala.VectorEnv(1, "city")
    city.reset(seed=0)
    return city.snapshot(0)


def test_garbage_never_ends_the_interpreter():
    """Values of every kind in every place: an exception or a result, and the environment goes on."""
    draw = random.Random(0)
    values = [
        None, True, -1, 0, 3, 2**70, 1.5, float("nan"), "x", b"x", [], [1], {}, {"a": 1}, object(),
        np.zeros(3), np.zeros((3, 3), dtype=np.int64), np.zeros(3, dtype=np.int64)[::-1], np.array(3),
        np.zeros(3, dtype="M8[s]"), np.zeros(3, dtype=complex), np.zeros(0, dtype=np.int64),
        np.broadcast_to(np.int64(1), 3), np.zeros(3, dtype=[("a", "i4")]), [[1, 2], [3]],
    ]  # fmt: skip
    env = made()
    calls = [
        lambda a, b: env.step(a),
        lambda a, b: env.reset(seed=a, options=b),
        lambda a, b: env.reset(options={"reset_mask": a, "layouts": b}),
        lambda a, b: env.snapshot(a),
        lambda a, b: env.restore([a], [b]),
        lambda a, b: env.restore(a, b),
        lambda a, b: daladala.VectorEnv(1, scenario=a, overrides=b),
        lambda a, b: daladala.load_policy("ppo").act(a, b),
        lambda a, b: daladala.evaluate("random", episodes=a, seed=b),
        lambda a, b: daladala.train("ppo", steps=a, evaluate_every=b, callback=lambda update: False),
        lambda a, b: daladala.serve("random", port=a, seed=b).close(),
        lambda a, b: daladala.serve(a, fps=b).close(),
        lambda a, b: daladala.record("random", "/dev/null/x.gif", episodes=a, step=b),
    ]
    allowed = (TypeError, ValueError, IndexError, AttributeError, RuntimeError, OSError, gym.error.Error)
    for _ in range(3000):
        call = draw.choice(calls)
        try:
            call(draw.choice(values), draw.choice(values))
        except allowed as error:
            assert "panic" not in type(error).__name__.lower()
    env.reset(seed=0)
    env.step(np.zeros(3, dtype=np.int64))


def test_arrays_that_were_made_read_only_are_not_written():
    env = made(copy=False)
    rows = env.step(np.zeros(3, dtype=np.int64))[0]
    env.step(np.zeros(3, dtype=np.int64))
    rows.flags.writeable = False
    with pytest.raises(ValueError, match="copy"):
        env.step(np.zeros(3, dtype=np.int64))


def test_an_error_overwrites_nothing_that_was_handed_out():
    env = daladala.VectorEnv(2, "classic", copy=False, autoreset_mode="Disabled", max_episode_steps=1)
    env.reset(seed=0)
    rows = env.step(np.zeros(2, dtype=np.int64))[0]
    kept = rows.copy()
    with pytest.raises(gym.error.ResetNeeded):
        env.step(np.zeros(2, dtype=np.int64))
    env.reset(seed=1)
    np.testing.assert_array_equal(rows, kept)


def test_threads_get_an_exception_and_no_broken_state():
    env = daladala.VectorEnv(4096, "city", action_masks=False)
    env.reset(seed=0)
    wrong, steps = [], []

    def drive():
        for _ in range(100):
            try:
                observations = env.step(np.zeros(4096, dtype=np.int64))[0]
                steps.append(np.isfinite(observations).all())
            except RuntimeError as error:
                assert "another thread" in str(error)
            except BaseException as error:
                wrong.append(error)

    threads = [threading.Thread(target=drive) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong
    assert steps
    assert all(steps)


def test_threads_with_environments_of_their_own_share_a_policy():
    policy = daladala.load_policy("ppo", "classic")

    def driven(seed):
        env = daladala.VectorEnv(32, "classic")
        observations, total = env.reset(seed=seed)[0], 0.0
        for _ in range(60):
            observations, rewards, *_ = env.step(policy.act(observations))
            total += float(rewards.sum())
        return total

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(driven, range(8)))
    assert together == [driven(seed) for seed in range(8)]


def in_child(queue):
    env = daladala.VectorEnv(2048, "city", threads=2)
    env.reset(seed=0)
    queue.put(float(env.step(np.zeros(2048, dtype=np.int64))[0].sum()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_steps_on_with_threads_of_its_own():
    env = daladala.VectorEnv(2048, "city", threads=2)
    env.reset(seed=0)
    wanted = float(env.step(np.zeros(2048, dtype=np.int64))[0].sum())
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=in_child, args=(queue,))
    child.start()
    assert queue.get(timeout=60) == wanted
    child.join(60)
    assert child.exitcode == 0


def test_async_vector_environments_of_gymnasium_take_it():
    code = (
        "import gymnasium as gym, daladala\n"
        "if __name__ == '__main__':\n"
        "    env = gym.make_vec('daladala/City-v0', num_envs=2, vectorization_mode='async')\n"
        "    env.reset(seed=0); env.step(env.action_space.sample()); env.close()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
