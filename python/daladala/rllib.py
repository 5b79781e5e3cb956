"""The environments for RLlib's new stack, by name."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from gymnasium.vector import AutoresetMode
from ray.tune import register_env  # pyright: ignore[reportMissingImports]

from daladala._registration import IDS
from daladala.env import Env
from daladala.vector import VectorEnv


def register() -> None:
    """Register all of them with RLlib under their names in Gymnasium.

    `config.environment("daladala/City-v0", env_config={"scenario": "night"})` hands `env_config` on as keywords of
    `Env`. With `config.env_runners(gym_env_vectorize_mode=gymnasium.VectorizeMode.VECTOR_ENTRY_POINT)` a runner has one
    `VectorEnv`, under NEXT_STEP, which RLlib expects; `env_config` are keywords of that then.
    """
    for name, rules in IDS.items():
        register_env(name, partial(_made, rules))


def _made(rules: str, config: Mapping[str, Any]) -> Env | VectorEnv:
    options = dict(config)
    # RLlib says how many there are to be where it wants them at once.
    if "num_envs" in options:
        return VectorEnv(options.pop("num_envs"), rules, autoreset_mode=AutoresetMode.NEXT_STEP, **options)
    return Env(rules, **options)
