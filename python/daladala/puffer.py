"""Many environments for PufferLib 3: a native `PufferEnv`, which writes into PufferLib's own arrays."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pufferlib  # pyright: ignore[reportMissingImports]
from gymnasium.vector import AutoresetMode

from daladala._numbers import whole
from daladala.vector import VectorEnv


class PufferEnv(pufferlib.PufferEnv):  # type: ignore[misc]  # PufferLib tells no types.
    """`num_envs` environments as the agents of one `PufferEnv`, for `pufferlib.vector.make`.

    Args:
        id: `daladala/City-v0`, `daladala/Classic-v0`, or the rules.
        num_envs: How many.
        buf: PufferLib's arrays.
        seed: The seed of the first reset, where that is given none.
        options: What `VectorEnv` takes: `scenario`, `overrides`, `threads`, `max_episode_steps`.

    As PufferLib has it, episodes begin anew in the step in which the last one ended, and infos are a list: empty, or
    one dict with the means of the figures of the episodes that ended.
    """

    def __init__(
        self, id: str = "daladala/City-v0", num_envs: int = 1, buf: Any = None, seed: int = 0, **options: Any
    ) -> None:
        for name in ("autoreset_mode", "copy", "action_masks"):
            if name in options:
                raise TypeError(f"{name} is not for PufferEnv, which needs it as it is")
        # Its own arrays are written over each step, so there is no need of new ones here.
        self.envs = VectorEnv(
            num_envs, id, autoreset_mode=AutoresetMode.SAME_STEP, copy=False, action_masks=False, **options
        )
        self.single_observation_space = self.envs.single_observation_space
        self.single_action_space = self.envs.single_action_space
        self.num_agents = whole("num_envs", num_envs)
        self._seed: int | None = seed
        super().__init__(buf)

    def reset(self, seed: int | None = None) -> tuple[npt.NDArray[np.float32], list[dict[str, float]]]:
        """Begin all episodes: observations and no infos."""
        if seed is None:
            seed, self._seed = self._seed, None
        self.observations[:] = self.envs.reset(seed=seed)[0]
        for flags in (self.terminals, self.truncations):
            flags[:] = False
        self.rewards[:] = 0
        return self.observations, []

    def step(
        self, actions: npt.NDArray[Any]
    ) -> tuple[
        npt.NDArray[np.float32],
        npt.NDArray[np.float32],
        npt.NDArray[np.bool_],
        npt.NDArray[np.bool_],
        list[dict[str, float]],
    ]:
        """Step: PufferLib's arrays, written, and infos."""
        observations, rewards, terminated, truncated, told = self.envs.step(actions)
        self.observations[:] = observations
        self.rewards[:] = rewards
        self.terminals[:] = terminated
        self.truncations[:] = truncated
        infos = [_means(told["final_info"], told["_final_info"])] if "final_info" in told else []
        return self.observations, self.rewards, self.terminals, self.truncations, infos

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Bool `(num_envs, actions)`: which actions are open."""
        return self.envs.action_masks()

    def close(self) -> None:
        """Let go of the engine."""
        self.envs.close()


def _means(figures: dict[str, Any], ended: npt.NDArray[np.bool_]) -> dict[str, float]:
    return {name: float(column[ended].mean()) for name, column in figures.items() if not name.startswith("_")}
