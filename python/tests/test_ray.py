"""Learning with a real Ray of two workers. Without Ray all of it is skipped: `make test-adapters` installs it."""

import os
import signal
import subprocess
import sys
import warnings

import numpy as np
import pytest

import daladala

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    ray = pytest.importorskip("ray", reason="Ray is not installed")

pytestmark = pytest.mark.filterwarnings("ignore")
# Long enough that a worker is still at it when the driver hears of it.
STEPS = 400_000


@pytest.fixture(scope="module")
def distributed():
    import daladala.ray as distributed

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield distributed
    ray.shutdown()


class Killer:
    """A callback that kills the worker that tells of one training, once."""

    def __init__(self, index):
        self.index, self.killed, self.told = index, [], []

    def __call__(self, index, update):
        self.told.append((index, update["steps"], update["pid"]))
        if index == self.index and not self.killed:
            self.killed.append(update["pid"])
            os.kill(update["pid"], signal.SIGKILL)


class TestTasks:
    @pytest.fixture(autouse=True)
    def heard_at_once(self, distributed, monkeypatch):
        monkeypatch.setattr(distributed.tasks, "TOLD_EVERY", 0.01)

    def test_seeds_bring_the_same_bytes_though_a_worker_was_killed(self, distributed):
        killer = Killer(1)
        got = distributed.seeds([3, 4], "ppo", "classic", steps=STEPS, callback=killer)
        assert killer.killed
        pids = {pid for index, _, pid in killer.told if index == 1}
        assert len(pids) == 2, "the task was done again elsewhere"
        assert [trained.settings["seed"] for trained in got] == [3, 4]
        for trained in got:
            alone = daladala.train("ppo", "classic", steps=STEPS, seed=trained.settings["seed"])
            assert trained.weights == alone.weights
            same = {name: value for name, value in alone.evaluation.items() if name != "steps_per_second"}
            assert same.items() <= trained.evaluation.items()
        assert got[0].weights != got[1].weights

    def test_a_worker_that_may_not_be_replaced_is_an_error(self, distributed):
        with pytest.raises(ray.exceptions.WorkerCrashedError):
            distributed.seeds([0], "ppo", "classic", steps=STEPS, callback=Killer(0), retries=0)

    def test_a_sweep_is_a_grid_with_seeds(self, distributed):
        grid = {"learning_rate": [1e-3, 2e-3]}
        got = distributed.sweep(grid, "ppo", "classic", seeds=[0, 1], steps=4096, hyperparameters={"epochs": 2})
        points = [(run.settings["seed"], run.settings["hyperparameters"]["learning_rate"]) for run in got]
        assert points == [(0, 1e-3), (1, 1e-3), (0, 2e-3), (1, 2e-3)]
        laid = {"epochs": 2, "learning_rate": 2e-3}
        alone = daladala.train("ppo", "classic", steps=4096, seed=1, hyperparameters=laid)
        assert got[3].weights == alone.weights

    def test_the_study_has_the_figures_of_evaluate(self, distributed):
        policy = daladala.load_policy("ppo")
        rows = distributed.study(values=[0.0, 0.3], drivers=["greedy", policy], episodes=200, seed=2)
        assert [(row["driver"], row["value"]) for row in rows[:3]] == [
            ("greedy", 0.0),
            ("greedy", 0.3),
            ("policy 1", 0.0),
        ]
        for row, driver in zip(rows, ["greedy", "greedy", policy, policy], strict=True):
            chance = {"police.inspect": row["value"]}
            alone = daladala.evaluate(driver, overrides=chance, episodes=200, seed=2)
            assert row["mean_return"] == alone["mean_return"]

    def test_mistakes_are_raised_as_they_are(self, distributed):
        with pytest.raises(ValueError, match="known are"):
            distributed.seeds([0], "nothing", "classic")


class TestDataParallel:
    @pytest.mark.parametrize(
        ("algorithm", "rules", "envs"), [("ppo", "city", 64), ("a2c", "city", 7), ("ppo", "classic", 3)]
    )
    def test_it_learns_the_same_bytes(self, distributed, algorithm, rules, envs):
        shape = {"envs": envs, "rollout_steps": 32} | ({"minibatch_size": 64} if algorithm == "ppo" else {})
        options = {"steps": 8 * envs * 32, "seed": 5, "hyperparameters": shape, "evaluation_episodes": 20}
        alone = daladala.train(algorithm, rules, **options)
        assert distributed.train(algorithm, rules, actors=2, **options).weights == alone.weights

    def test_an_actor_that_was_killed_goes_on_where_it_was(self, distributed, monkeypatch):
        from daladala.ray import data_parallel

        made = []

        class Fleet(data_parallel._Fleet):
            def __call__(self, *asked):
                made.append(self)
                return super().__call__(*asked)

        monkeypatch.setattr(data_parallel, "_Fleet", Fleet)
        seen, pids = [], []

        def kill(update):
            seen.append(update["steps"])
            if len(seen) == 3:
                pids.append(ray.get(made[0]._actors[1].pid.remote()))
                os.kill(pids[0], signal.SIGKILL)

        options = {"steps": 8 * 2048, "seed": 6, "overrides": {"police.inspect": 0.4}}
        options |= {"hyperparameters": {"envs": 64, "rollout_steps": 32, "minibatch_size": 512}}
        got = distributed.train("ppo", "city", actors=2, callback=kill, **options)
        assert pids
        assert len(seen) == 8
        assert got.weights == daladala.train("ppo", "city", **options).weights

    def test_what_gathers_itself_and_too_many_actors_are_refused(self, distributed):
        with pytest.raises(ValueError, match="take fragments"):
            distributed.train("dqn", "classic", steps=1000)
        with pytest.raises(ValueError, match="fewer actors"):
            distributed.train("ppo", "classic", actors=3, steps=1000, hyperparameters={"envs": 2})
        with pytest.raises(TypeError, match="gather"):
            distributed.train("ppo", "classic", gather=print)


def test_tune_searches(distributed, tmp_path):
    from ray import tune

    # Its own libraries are not all there in every installation.
    trainable = distributed.trainable("ppo", "classic", steps=4096, evaluation_episodes=20)
    space = {"learning_rate": tune.grid_search([1e-4, 2e-3]), "seed": 1}
    tuner = tune.Tuner(trainable, param_space=space, run_config=tune.RunConfig(storage_path=str(tmp_path), verbose=0))
    results = tuner.fit()
    assert not results.errors
    best = results.get_best_result("mean_return", "max")
    with best.checkpoint.as_directory() as folder:
        weights = (type(tmp_path)(folder) / "weights.safetensors").read_bytes()
    laid = {"learning_rate": best.config["learning_rate"]}
    alone = daladala.train("ppo", "classic", steps=4096, seed=1, evaluation_episodes=20, hyperparameters=laid)
    assert weights == alone.weights


class TestEnvRunner:
    @pytest.fixture
    def config(self, distributed):
        import gymnasium as gym
        from ray.rllib.algorithms.ppo import PPOConfig

        from daladala.ray.env_runner import FragmentEnvRunner
        from daladala.rllib import register

        register()
        config = PPOConfig().environment("daladala/City-v0", env_config={"scenario": "night"}).debugging(seed=3)
        return config.env_runners(
            env_runner_cls=FragmentEnvRunner,
            num_env_runners=0,
            num_envs_per_env_runner=4,
            rollout_fragment_length=64,
            gym_env_vectorize_mode=gym.VectorizeMode.VECTOR_ENTRY_POINT,
        ).training(train_batch_size_per_learner=256, minibatch_size=128, num_epochs=1)

    def test_chunks_follow_one_another_and_hold_what_the_module_says(self, config):
        import torch

        runner = config.env_runner_cls(config=config, worker_index=0, num_workers=0)
        before, over = {}, 0
        for _ in range(12):
            for episode in runner.sample():
                episode.validate()
                assert episode.is_numpy
                if episode.id_ in before:
                    last, t = before.pop(episode.id_)
                    np.testing.assert_array_equal(last, episode.get_observations(0))
                    assert episode.t_started == t
                else:
                    assert episode.t_started == 0
                if episode.is_done:
                    over += 1
                else:
                    before[episode.id_] = (episode.get_observations(-1), episode.t)
                seen = torch.from_numpy(episode.get_observations(slice(0, len(episode))))
                logits = runner.module.forward_exploration({"obs": seen})["action_dist_inputs"].detach()
                told = episode.get_extra_model_outputs("action_dist_inputs")
                np.testing.assert_allclose(told, logits.numpy(), atol=1e-4)
                chosen = torch.log_softmax(logits, 1).gather(1, torch.from_numpy(episode.get_actions())[:, None])[:, 0]
                np.testing.assert_allclose(episode.get_extra_model_outputs("action_logp"), chosen.numpy(), atol=1e-4)
        assert len(before) == 4
        assert over > 0
        runner.stop()

    def test_ppo_learns_on_it(self, config):
        algorithm = config.build_algo()
        for _ in range(2):
            figures = algorithm.train()
        algorithm.stop()
        assert figures["num_env_steps_sampled_lifetime"] == 512


def test_without_ray_it_says_what_to_install():
    code = "import sys; sys.modules['ray'] = None\ntry:\n import daladala.ray\nexcept ImportError as e: print(e)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'ray[tune]'" in said.stdout
