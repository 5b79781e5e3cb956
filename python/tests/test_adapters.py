"""Other libraries take the environments. What is not installed is skipped: `make test-adapters` installs it."""

import importlib
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box
from gymnasium.utils.env_checker import check_env

import daladala
from daladala import safety


def library(name, reason):
    """A library that warns of what is its own affair when it is imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except ImportError as error:
            pytest.skip(f"{reason}: {error}")


@pytest.mark.filterwarnings("ignore")
class TestPufferLib:
    @pytest.fixture
    def vector(self, tmp_path, monkeypatch):
        # It makes a link in the folder that it is imported in.
        monkeypatch.chdir(tmp_path)
        return library("pufferlib.vector", "PufferLib 3 is not installed")

    @pytest.mark.parametrize("name", ["daladala/City-v0", "daladala/Classic-v0"])
    def test_its_own_arrays_hold_what_the_environments_bring(self, vector, name):
        from daladala.puffer import PufferEnv

        env = vector.make(PufferEnv, env_kwargs={"id": name, "num_envs": 8, "max_episode_steps": 30}, num_envs=1)
        assert isinstance(env, PufferEnv)
        ours = daladala.VectorEnv(8, name, autoreset_mode="SameStep", max_episode_steps=30)
        buffers = (env.observations, env.rewards, env.terminals, env.truncations)
        np.testing.assert_array_equal(env.reset(seed=5)[0], ours.reset(seed=5)[0])
        generator, told = np.random.default_rng(0), []
        for _ in range(100):
            actions = generator.integers(0, ours.single_action_space.n, 8)
            brought, wanted = env.step(actions), ours.step(actions)
            for buffer, own, other in zip(buffers, brought, wanted, strict=False):
                assert buffer is own
                np.testing.assert_array_equal(own, other.astype(own.dtype))
            assert bool(brought[4]) == ("final_info" in wanted[4])
            told += brought[4]
        assert told
        assert all(isinstance(value, float) for value in told[0].values())
        assert env.action_masks().shape == (8, ours.single_action_space.n)
        env.close()

    def test_several_of_them_run_side_by_side(self, vector):
        from daladala.puffer import PufferEnv

        env = vector.make(PufferEnv, env_kwargs={"num_envs": 4}, num_envs=2, backend=vector.Serial)
        observations, _ = env.reset(seed=1)
        assert observations.shape == (8, *env.single_observation_space.shape)
        assert not np.array_equal(observations[:4], observations[4:])
        env.step(np.zeros(8, dtype=np.int32))
        env.close()

    def test_what_it_needs_as_it_is_is_refused(self, vector):
        from daladala.puffer import PufferEnv

        with pytest.raises(TypeError, match="copy"):
            PufferEnv(copy=True)
        with pytest.raises(ValueError, match="num_envs"):
            PufferEnv(num_envs=0)


@pytest.mark.filterwarnings("ignore")
class TestRLlib:
    @pytest.fixture
    def ray(self):
        ray = library("ray", "Ray is not installed")
        library("ray.rllib.algorithms.ppo", "RLlib is not installed")
        ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
        yield ray
        ray.shutdown()

    def learns(self, configure):
        from ray.rllib.algorithms.ppo import PPOConfig

        config = PPOConfig().env_runners(num_env_runners=0, num_envs_per_env_runner=2, rollout_fragment_length=64)
        config = config.training(train_batch_size_per_learner=128, minibatch_size=64, num_epochs=1)
        algorithm = configure(config).build_algo()
        figures = algorithm.train()
        algorithm.stop()
        assert figures["num_env_steps_sampled_lifetime"] >= 128

    def test_it_learns_on_single_environments(self, ray):
        from daladala.rllib import register

        register()
        self.learns(lambda config: config.environment("daladala/Classic-v0"))

    def test_it_learns_on_many_at_once(self, ray):
        from daladala.rllib import register

        register()
        mode = gym.VectorizeMode.VECTOR_ENTRY_POINT
        self.learns(
            lambda config: config.environment("daladala/City-v0", env_config={"scenario": "night"}).env_runners(
                gym_env_vectorize_mode=mode
            )
        )


class SixAsFive(gym.Env):
    """A safe environment with five things a step, as Gymnasium's checker wants it."""

    def __init__(self, env):
        self.env = env
        self.action_space, self.observation_space = env.action_space, env.observation_space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.env.reset(seed=seed, options=options)

    def step(self, action):
        observation, reward, _, *rest = self.env.step(action)
        return (observation, reward, *rest)


class TestSafety:
    def test_a_step_brings_six_things_and_takes_a_box(self):
        env = safety.SafetyEnv("daladala/City-v0", cost="violations")
        plain = daladala.Env("city")
        observation, _ = env.reset(seed=2)
        np.testing.assert_array_equal(observation, plain.reset(seed=2)[0])
        assert env.action_space == Box(-1, 1, (5,), dtype=np.float32)
        env.action_space.seed(0)
        summed = 0.0
        for _ in range(300):
            observation, reward, cost, terminated, truncated, info = env.step(env.action_space.sample())
            assert type(cost) is type(reward) is float
            same = plain.step(info["action"])
            np.testing.assert_array_equal(observation, same[0])
            assert (reward, cost) == (same[1], same[4]["costs"][env.costs.index("violations")])
            summed += cost
            if terminated or truncated:
                break
        assert summed > 0

    def test_a_closed_action_is_never_chosen(self):
        assert safety.chosen_of([0.5, 0.9, 0.7], np.array([1, 0, 1], dtype=np.int8)) == 2
        assert safety.chosen_of([-1.0, -1.0, -1.0], np.array([0, 0, 1], dtype=np.int8)) == 2

    @pytest.mark.filterwarnings("ignore")
    def test_but_for_the_cost_it_is_an_environment_of_gymnasium(self):
        check_env(SixAsFive(safety.SafetyEnv()), skip_render_check=True)

    def test_mistakes_are_told(self):
        with pytest.raises(ValueError, match="no costs"):
            safety.SafetyEnv("classic")
        with pytest.raises(ValueError, match="known are"):
            safety.SafetyEnv(cost="pain")
        env = safety.SafetyEnv()
        env.reset(seed=0)
        for action in ([0.0] * 4, 3, [np.nan] * 5, [[0.0] * 5]):
            with pytest.raises(ValueError, match="the action has"):
                env.step(action)

    @pytest.mark.parametrize("policy", ["legal", lambda rows: np.zeros(len(rows), dtype=np.int64)])
    def test_a_data_set_has_the_keys_of_dsrl_and_whole_episodes(self, policy):
        data = safety.dataset(policy, steps=500, num_envs=4, seed=1)
        count = len(data["rewards"])
        assert count >= 500
        shapes = {name: array.shape for name, array in data.items()}
        rows, boxes, flat = (count, data["observations"].shape[1]), (count, 5), (count,)
        assert shapes == {
            "observations": rows, "next_observations": rows, "actions": boxes,
            "rewards": flat, "costs": flat, "terminals": flat, "timeouts": flat,
        }  # fmt: skip
        ended = data["terminals"] | data["timeouts"]
        assert ended[-1]
        followed = np.flatnonzero(~ended)
        np.testing.assert_array_equal(data["next_observations"][followed], data["observations"][followed + 1])
        env, first = safety.SafetyEnv(), int(np.flatnonzero(ended)[0])
        assert all(action in env.action_space for action in data["actions"][:first])
