"""The contract of Stable-Baselines3's vector environments."""

import numpy as np
import pytest

sb3 = pytest.importorskip("stable_baselines3")
contrib = pytest.importorskip("sb3_contrib")

from stable_baselines3.common.vec_env import VecEnv, VecMonitor, VecNormalize  # noqa: E402

import daladala  # noqa: E402

IDS = ["daladala/City-v0", "daladala/Classic-v0"]


@pytest.mark.parametrize("name", IDS)
def test_an_episode_ends_as_stable_baselines3_wants_it(name):
    env = daladala.SB3VecEnv(name, num_envs=4, max_episode_steps=25)
    assert isinstance(env, VecEnv)
    env.seed(3)
    before = env.reset()
    kept, generator, cut, over = before.copy(), np.random.default_rng(0), 0, 0
    for _ in range(120):
        actions = generator.integers(0, env.action_space.n, 4)
        observations, rewards, dones, infos = env.step(actions)
        np.testing.assert_array_equal(before, kept, err_msg="the last observations are the caller's")
        assert (rewards.dtype, dones.dtype, len(infos)) == (np.float32, bool, 4)
        for done, info, row in zip(dones, infos, observations, strict=True):
            assert done == ("terminal_observation" in info) == ("episode" in info)
            if done:
                over += 1
                cut += info["TimeLimit.truncated"]
                assert info["terminal_observation"] in env.observation_space
                assert not np.array_equal(info["terminal_observation"], row)
                assert info["episode"]["l"] <= 25
        before, kept = observations, observations.copy()
    assert over >= cut > 0


def test_seeds_are_used_once():
    env = daladala.SB3VecEnv("daladala/City-v0", num_envs=2)
    env.seed(1)
    first = env.reset()
    second = env.reset()
    env.seed(1)
    np.testing.assert_array_equal(first, env.reset())
    assert not np.array_equal(first, second)


def test_attributes_and_methods_are_reached_by_environment():
    env = daladala.SB3VecEnv("daladala/City-v0", num_envs=3)
    env.reset()
    env.set_attr("level", 5, indices=[1])
    assert env.get_attr("level", indices=1) == [5]
    assert env.has_attr("action_masks")
    assert not env.has_attr("level")
    assert len(env.env_method("action_masks")) == 3
    assert len(env.env_method("layout", indices=[0, 2])) == 2
    assert env.env_is_wrapped(VecMonitor) == [False] * 3
    with pytest.raises(AttributeError):
        env.get_attr("nothing")
    with pytest.raises(TypeError):
        daladala.SB3VecEnv(copy=False)


def test_ppo_and_dqn_learn_on_it():
    env = VecNormalize(daladala.SB3VecEnv("daladala/Classic-v0", num_envs=8))
    model = sb3.PPO("MlpPolicy", env, n_steps=32, batch_size=64, n_epochs=1, device="cpu").learn(512)
    assert len(model.ep_info_buffer) > 0
    plain = daladala.SB3VecEnv("daladala/City-v0", num_envs=4)
    sb3.DQN("MlpPolicy", plain, learning_starts=50, buffer_size=500, device="cpu").learn(200)


def test_maskable_ppo_finds_the_masks():
    env = daladala.SB3VecEnv("daladala/City-v0", num_envs=4)
    contrib.MaskablePPO("MlpPolicy", env, n_steps=16, batch_size=32, n_epochs=1, device="cpu").learn(128)
