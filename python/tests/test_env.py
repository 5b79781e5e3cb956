"""The contract of Gymnasium's single environments."""

import json
import os
import pickle
import urllib.error
import urllib.request
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import daladala

IDS = ["daladala/City-v0", "daladala/Classic-v0"]


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("render_mode", [None, "rgb_array", "ansi"])
def test_gymnasiums_checker_passes_without_a_warning(name, render_mode):
    env = gym.make(name, render_mode=render_mode)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped)


@pytest.mark.parametrize("name", IDS)
def test_stable_baselines3s_checker_passes_without_a_warning(name):
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checker.check_env(gym.make(name).unwrapped)


@pytest.mark.parametrize("name", IDS)
def test_a_step_brings_plain_numbers_and_the_last_one_the_figures(name):
    env = gym.make(name)
    observation, info = env.reset(seed=0)
    assert observation in env.observation_space
    assert env.action_space.sample(mask=info["action_mask"]) in env.action_space
    ended = False
    while not ended:
        observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
        assert (type(reward), type(terminated), type(truncated)) == (float, bool, bool)
        ended = terminated or truncated
    assert env.unwrapped.endings[info["ending"]]
    assert info["episode_length"] > 0
    assert np.isclose(info["reward_terms"].sum(), reward, atol=1e-4)
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)


def test_a_layout_is_played_again():
    env = gym.make("daladala/Classic-v0").unwrapped
    env.reset(seed=4)
    layout, best = env.layout(), env.best_return()
    env.reset(seed=5)
    env.reset(options={"layout": layout})
    assert (env.layout(), env.best_return()) == (layout, best)


def test_it_is_drawn_as_a_picture_and_as_text():
    env = gym.make("daladala/City-v0", render_mode="rgb_array")
    env.reset(seed=0)
    before = env.render()
    for _ in range(5):
        env.step(1)
    after = env.render()
    assert before.shape == after.shape == (540, 960, 3)
    assert before.dtype == np.uint8
    assert not np.array_equal(before, after)
    text = gym.make("daladala/City-v0", render_mode="ansi")
    text.reset(seed=0)
    assert "B" in text.render()


def test_people_see_each_step_on_the_live_page(monkeypatch, capsys):
    monkeypatch.setitem(os.environ, "DALADALA_BROWSER", "0")
    monkeypatch.setitem(daladala.Env.metadata, "render_fps", 100)
    env = gym.make("daladala/City-v0", render_mode="human")
    env.reset(seed=0)
    url = env.unwrapped._page.url
    assert url in capsys.readouterr().err

    def seen(seq):
        """The frames up to one of a number, once it is there."""
        while True:
            with urllib.request.urlopen(
                f"{url}api/rooms/main/frames?after=0&frames=whole&wait=5", timeout=60
            ) as answer:
                frames = json.load(answer)["frames"]
            if frames and frames[-1]["seq"] >= seq:
                return frames

    rewards = [env.step(action)[1] for action in (1, 0, 0, 3)]
    frames = seen(5)
    assert [frame["step"] for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame["action"] for frame in frames] == [None, 1, 0, 0, 3]
    np.testing.assert_allclose([frame["reward"] for frame in frames[1:]], rewards, rtol=1e-6)
    assert len(frames[1]["reward_terms"]) == len(env.unwrapped.rules_info["reward_terms"])
    env.reset(seed=1)
    assert seen(6)[-1]["step"] == 0
    # Nobody else moves the bus.
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(
            urllib.request.Request(f"{url}api/rooms/main/step", b"{}", {"Content-Type": "application/json"})
        )
    with refused.value as answer:
        assert answer.code == 409
    env.close()
    env.close()


def test_it_is_pickled_in_the_midst_of_an_episode():
    env = gym.make("daladala/City-v0").unwrapped
    env.reset(seed=1)
    env.step(0)
    same = pickle.loads(pickle.dumps(env))
    for action in (1, 2, 0, 1):
        np.testing.assert_array_equal(env.step(action)[0], same.step(action)[0])


def test_max_episode_steps_are_gymnasiums():
    env = gym.make("daladala/Classic-v0", max_episode_steps=3)
    env.reset(seed=0)
    assert [env.step(3)[3] for _ in range(3)] == [False, False, True]
