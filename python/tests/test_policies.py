"""Policies, what judges them and what makes them."""

import time

import numpy as np
import pytest

import daladala
from daladala.policy import models


def test_every_built_in_policy_drives():
    for model in models():
        env = daladala.VectorEnv(4, model["rules"])
        policy = daladala.load_policy(model["name"], model["rules"])
        observations, infos = env.reset(seed=0)
        actions = policy.act(observations, infos["action_mask"])
        assert actions.shape == (4,)
        env.step(actions)
        assert policy.outputs(observations).shape == (4, env.single_action_space.n)
        one, state = policy.predict(observations[0], action_masks=infos["action_mask"][0])
        assert one.shape == ()
        assert state is None


def test_an_evaluation_tells_what_the_program_tells():
    figures = daladala.evaluate("oracle", "daladala/Classic-v0", episodes=300)
    assert figures["optimal_fraction"] == 1
    assert figures["episodes"] == 300
    again = daladala.evaluate(daladala.load_policy("oracle", "classic"), "classic", episodes=300)
    assert figures | {"steps_per_second": 0} == again | {"steps_per_second": 0}


def test_a_callable_is_judged_as_the_policy_it_calls():
    policy = daladala.load_policy("ppo", "classic")
    ours = daladala.evaluate(policy, "classic", episodes=200)
    theirs = daladala.evaluate(policy.act, "classic", episodes=200)
    assert ours["mean_return"] == theirs["mean_return"]
    masked = daladala.evaluate(lambda rows, masks: masks.argmax(1), "city", episodes=20, action_masks=True)
    assert masked["episodes"] == 20


def test_a_callable_is_called_once_at_a_time():
    running = []

    def slow(rows):
        running.append(1)
        assert len(running) == 1
        time.sleep(0.001)
        running.pop()
        return np.zeros(len(rows), dtype=np.int64)

    daladala.evaluate(slow, "classic", episodes=600)


def test_what_a_callable_raises_comes_out():
    with pytest.raises(ZeroDivisionError):
        daladala.evaluate(lambda rows: 1 // 0, "classic", episodes=300)
    with pytest.raises(ValueError, match="no action"):
        daladala.evaluate(lambda rows: np.full(len(rows), 99), "classic", episodes=3)


def test_a_training_gives_a_policy_and_tells_how_it_goes(tmp_path):
    told = []
    out = tmp_path / "mine.safetensors"
    result = daladala.train("ppo", "classic", steps=20_000, seed=1, out=out, progress=told.append)
    assert told[-1]["steps"] == result.steps >= 20_000
    assert any("evaluation" in update for update in told)
    same = daladala.evaluate(out, "classic", episodes=100)
    assert same["mean_return"] == daladala.evaluate(result.policy, "classic", episodes=100)["mean_return"]
    again = daladala.train("ppo", "classic", steps=20_000, seed=1)
    assert again.evaluation["mean_return"] == result.evaluation["mean_return"]


def test_an_interrupt_ends_a_training_and_keeps_what_was_best(tmp_path):
    out = tmp_path / "mine.safetensors"

    def stop(update):
        if update["steps"] > 5000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        daladala.train("ppo", "classic", steps=10_000_000, evaluate_every=2000, out=out, progress=stop)
    assert out.exists()
    ended = daladala.train("a2c", "classic", steps=10_000_000, progress=lambda update: False)
    assert ended.steps < 10_000


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: daladala.load_policy("nobody"), ValueError),
        (lambda: daladala.load_policy("nobody.safetensors"), ValueError),
        (lambda: daladala.load_policy("ppo", "classic").act(np.zeros((2, 3))), ValueError),
        (lambda: daladala.load_policy("ppo", "classic").act(np.zeros(14)), ValueError),
        (lambda: daladala.load_policy("ppo", "classic").act(np.zeros((1, 14)), np.zeros((1, 5))), ValueError),
        (lambda: daladala.load_policy("ppo", "classic", seed=-1), ValueError),
        (lambda: daladala.evaluate("ppo", "classic", episodes=0), ValueError),
        (lambda: daladala.evaluate(3, "classic"), TypeError),
        (lambda: daladala.evaluate(daladala.load_policy("ppo", "classic"), "city"), ValueError),
        (lambda: daladala.train("sarsa"), ValueError),
        (lambda: daladala.train("ppo", steps=0), ValueError),
        (lambda: daladala.train("ppo", hyperparameters={"gama": 1}), ValueError),
        (lambda: daladala.train("ppo", hyperparameters={"gamma": 7}), ValueError),
    ],
)
def test_a_mistake_is_an_exception(call, error):
    with pytest.raises(error):
        call()
