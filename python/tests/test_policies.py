"""Policies, what judges them and what makes them."""

import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

import daladala
from daladala._progress import Line
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
    result = daladala.train("ppo", "classic", steps=20_000, seed=1, out=out, callback=told.append)
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
        daladala.train("ppo", "classic", steps=10_000_000, evaluate_every=2000, out=out, callback=stop)
    assert out.exists()
    told = []
    ended = daladala.train("a2c", "classic", steps=10_000_000, callback=[told.append, lambda update: False])
    assert ended.steps == told[-1]["steps"] < 10_000
    with pytest.raises(ZeroDivisionError):
        daladala.train("a2c", "classic", steps=10_000, callback=lambda update: 1 // 0)


def test_ctrl_c_ends_a_training_and_leaves_nothing_broken(tmp_path):
    code = """
import os, signal, daladala
def interrupt(update):
    os.kill(os.getpid(), signal.SIGINT)
try:
    daladala.train("ppo", "classic", steps=10**9, callback=interrupt, progress=True)
    print("went on")
except KeyboardInterrupt:
    print("interrupted", daladala.train("ppo", "classic", steps=4096, progress=False).steps)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith("interrupted 4"), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_progress_bar_is_for_those_who_look(capsys):
    daladala.train("ppo", "classic", steps=5000)
    assert capsys.readouterr().err == ""
    daladala.train("ppo", "classic", steps=5000, progress=True)
    shown = capsys.readouterr().err
    assert "steps" in shown
    assert "evaluated" in shown


def test_the_line_of_our_own_says_as_much(capsys):
    line = Line(1000)
    line.set_postfix({"return": "1.50"}, refresh=False)
    line.update(250)
    line.close()
    assert "25%" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["ppo", "dqn", "a2c"])
def test_models_of_stable_baselines3_are_loaded_without_it(name, tmp_path):
    sb3 = pytest.importorskip("stable_baselines3")
    model = getattr(sb3, name.upper())("MlpPolicy", daladala.SB3VecEnv("daladala/Classic-v0", num_envs=2), device="cpu")
    model.save(tmp_path / "theirs.zip")
    policy = daladala.load_policy(tmp_path / "theirs.zip", "classic")
    observations = daladala.VectorEnv(64, "classic").reset(seed=3)[0]
    wanted = model.predict(observations, deterministic=True)[0]
    # Untrained outputs lie close together: a last bit may decide between two.
    assert (policy.act(observations) == wanted).mean() > 0.95
    policy.save(tmp_path / "ours.safetensors")
    same = daladala.load_policy(tmp_path / "ours.safetensors", "classic")
    np.testing.assert_array_equal(same.outputs(observations), policy.outputs(observations))
    assert daladala.evaluate(tmp_path / "theirs.zip", "classic", episodes=20)["episodes"] == 20


def test_a_state_dict_tells_what_had_to_be_assumed(tmp_path):
    torch = pytest.importorskip("torch")
    layers = torch.nn.Sequential(torch.nn.Linear(14, 8), torch.nn.Tanh(), torch.nn.Linear(8, 5))
    torch.save(layers.state_dict(), tmp_path / "net.pth")
    with pytest.warns(UserWarning, match=r"net\.pth"):
        policy = daladala.load_policy(tmp_path / "net.pth", "classic")
    assert policy.outputs(np.zeros((2, 14))).shape == (2, 5)


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
        (lambda: daladala.train("ppo", steps=-1), ValueError),
        (lambda: daladala.train("ppo", steps=2**70), ValueError),
        (lambda: daladala.train("ppo", steps=1.5), TypeError),
        (lambda: daladala.train("ppo", evaluate_every=-1), ValueError),
        (lambda: daladala.train("ppo", evaluation_episodes=-1), ValueError),
        (lambda: daladala.evaluate("ppo", episodes=2**70), ValueError),
        (lambda: daladala.evaluate("ppo", episodes=True + 0.5), TypeError),
        (lambda: daladala.load_policy("nobody.zip"), ValueError),
        (lambda: daladala.train("ppo", hyperparameters={"gama": 1}), ValueError),
        (lambda: daladala.train("ppo", hyperparameters={"gamma": 7}), ValueError),
    ],
)
def test_a_mistake_is_an_exception(call, error):
    with pytest.raises(error):
        call()


def test_an_archive_that_is_no_model_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "no.zip", "w") as archive:
        archive.writestr("data", "{}")
    for path in (tmp_path / "no.zip", tmp_path / "none.zip"):
        with pytest.raises(ValueError) as raised:  # noqa: PT011
            daladala.load_policy(path)
        assert path.name in str(raised.value)
