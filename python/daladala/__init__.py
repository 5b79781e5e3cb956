"""Daladala: drive a Dar es Salaam minibus. Importing it registers the environments with Gymnasium.

>>> import gymnasium as gym, daladala
>>> env = gym.make("daladala/City-v0", scenario="night")
>>> observation, info = env.reset(seed=1)
"""

from importlib.metadata import version as _version
from typing import TYPE_CHECKING

from daladala._registration import IDS, register
from daladala.env import Env
from daladala.learning import evaluate, train
from daladala.policy import Policy, load_policy
from daladala.sampling import Sampler
from daladala.vector import VectorEnv
from daladala.watching import LiveServer, record, serve

if TYPE_CHECKING:
    from daladala.sb3 import SB3VecEnv

__all__ = [
    "IDS",
    "Env",
    "LiveServer",
    "Policy",
    "SB3VecEnv",
    "Sampler",
    "VectorEnv",
    "evaluate",
    "load_policy",
    "record",
    "serve",
    "train",
]
__version__ = _version("daladala")

register()


def __getattr__(name: str) -> object:
    """Import what needs another library once it is asked for."""
    if name == "SB3VecEnv":
        from daladala.sb3 import SB3VecEnv

        return SB3VecEnv
    raise AttributeError(f"module 'daladala' has no attribute '{name}'")
