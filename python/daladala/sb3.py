"""Many environments at once for Stable-Baselines3: a real `VecEnv`, without a wrapper in between."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.vec_env import VecEnv

from daladala.vector import VectorEnv


class SB3VecEnv(VecEnv):
    """`num_envs` environments, for Stable-Baselines3 and sb3-contrib.

    Args:
        id: `daladala/City-v0`, `daladala/Classic-v0`, or the rules.
        num_envs: How many.
        options: What `VectorEnv` takes: `scenario`, `overrides`, `threads`, `max_episode_steps`, `render_mode`.

    Infos hold `terminal_observation`, `TimeLimit.truncated` and `episode` where an episode ended, with the figures of
    the rules, and `cost` where the rules have costs. `action_masks()` is what `MaskablePPO` looks for.
    """

    def __init__(self, id: str = "daladala/City-v0", num_envs: int = 1, **options: Any) -> None:
        for name in ("autoreset_mode", "copy", "action_masks"):
            if name in options:
                raise TypeError(f"{name} is not for SB3VecEnv, which needs it as it is")
        self.envs = VectorEnv(
            num_envs, id, autoreset_mode=AutoresetMode.SAME_STEP, copy=True, action_masks=False, **options
        )
        self._began = time.monotonic()
        self._actions: npt.NDArray[Any] = np.zeros(num_envs, dtype=np.int64)
        self._attributes: list[dict[str, Any]] = [{} for _ in range(num_envs)]
        self.metadata = self.envs.metadata
        super().__init__(num_envs, self.envs.single_observation_space, self.envs.single_action_space)

    def reset(self) -> npt.NDArray[np.float32]:
        """Begin all episodes, with the seeds and options that were set since the last reset."""
        layouts = [options.get("layout") for options in self._options]
        given = {"layouts": layouts} if any(layout is not None for layout in layouts) else None
        seeds = self._seeds if any(seed is not None for seed in self._seeds) else None
        observations, _ = self.envs.reset(seed=seeds, options=given)
        self._reset_seeds()
        self._reset_options()
        self.reset_infos = [{} for _ in range(self.num_envs)]
        return observations

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Take the actions of the next step."""
        self._actions = actions

    def step_wait(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.bool_], list[Any]]:
        """Step: observations, rewards (float32), dones and one info an environment."""
        observations, rewards, terminated, truncated, told = self.envs.step(self._actions)
        costs = told.get("cost")
        infos: list[dict[str, Any]]
        if costs is None:
            infos = [{"TimeLimit.truncated": False} for _ in range(self.num_envs)]
        else:
            infos = [{"TimeLimit.truncated": False, "cost": cost} for cost in costs.tolist()]
        if "final_info" in told:
            self._tell_ended(told, terminated, truncated, infos)
        return observations, rewards.astype(np.float32), terminated | truncated, infos

    def _tell_ended(
        self,
        told: dict[str, Any],
        terminated: npt.NDArray[np.bool_],
        truncated: npt.NDArray[np.bool_],
        infos: list[dict[str, Any]],
    ) -> None:
        ended = np.flatnonzero(told["_final_obs"])
        final = {name: column for name, column in told["final_info"].items() if not name.startswith("_")}
        seconds = round(time.monotonic() - self._began, 6)
        for index in ended.tolist():
            info = infos[index]
            info.update({name: column[index].item() for name, column in final.items()})
            info["terminal_observation"] = told["final_obs"][index].copy()
            info["TimeLimit.truncated"] = bool(truncated[index] and not terminated[index])
            info["episode"] = {"r": info["episode_return"], "l": info["episode_length"], "t": seconds}

    def close(self) -> None:
        """Let go of the engine."""
        self.envs.close()

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Bool `(num_envs, actions)`: which actions are open."""
        return self.envs.action_masks()

    def get_attr(self, attr_name: str, indices: int | Iterable[int] | None = None) -> list[Any]:
        """What each environment has under a name: what was set, or what all of them have."""
        return [self._attribute(index, attr_name) for index in self._get_indices(indices)]

    def has_attr(self, attr_name: str) -> bool:
        """Whether all environments have something under a name."""
        try:
            self.get_attr(attr_name)
        except AttributeError:
            return False
        return True

    def _attribute(self, index: int, name: str) -> Any:
        if name in self._attributes[index]:
            return self._attributes[index][name]
        single = {"observation_space": "single_observation_space", "action_space": "single_action_space"}
        return getattr(self.envs, single.get(name, name))

    def set_attr(self, attr_name: str, value: Any, indices: int | Iterable[int] | None = None) -> None:
        """Put something under a name of each environment."""
        for index in self._get_indices(indices):
            self._attributes[index][attr_name] = value

    def env_method(
        self, method_name: str, *method_args: Any, indices: int | Iterable[int] | None = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method for each environment: `action_masks`, `layout` or `snapshot`."""
        chosen = list(self._get_indices(indices))
        if method_name == "action_masks":
            masks = self.action_masks()
            return [masks[index] for index in chosen]
        if method_name == "layout":
            layouts = self.envs.layouts()
            return [layouts[index] for index in chosen]
        if method_name == "snapshot":
            return [self.envs.snapshot(index) for index in chosen]
        methods = [self._attribute(index, method_name) for index in chosen]
        return [method(*method_args, **method_kwargs) for method in methods]

    def env_is_wrapped(self, wrapper_class: type, indices: int | Iterable[int] | None = None) -> list[bool]:
        """Nothing is wrapped."""
        return [False for _ in self._get_indices(indices)]

    def get_images(self) -> Sequence[npt.NDArray[np.uint8] | None]:
        """One picture an environment, under `render_mode="rgb_array"`."""
        if self.envs.render_mode != "rgb_array":
            return [None for _ in range(self.num_envs)]
        return self.envs.render() or []
