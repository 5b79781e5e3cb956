"""TorchRL's wrapper takes the environments."""

import warnings

import pytest

torchrl = pytest.importorskip("torchrl", reason="torchrl is not installed")

from gymnasium.vector import AutoresetMode  # noqa: E402

import daladala  # noqa: E402


@pytest.mark.filterwarnings("default")
def test_a_single_environment_keeps_its_specs():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchrl.envs import GymWrapper
        from torchrl.envs.utils import check_env_specs

        env = GymWrapper(daladala.Env("city"))
        check_env_specs(env)
        assert env.rollout(20)["next", "reward"].shape[-1] == 1


@pytest.mark.filterwarnings("default")
def test_many_environments_have_a_batch_size():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchrl.envs import GymWrapper
        from torchrl.envs.utils import check_env_specs

        env = GymWrapper(daladala.VectorEnv(3, "city", autoreset_mode=AutoresetMode.SAME_STEP))
        assert env.batch_size == (3,)
        check_env_specs(env)
        assert env.rollout(20).batch_size == (3, 20)
