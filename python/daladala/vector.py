"""Many environments at once: a `gymnasium.vector.VectorEnv` over the native engine."""

import json
import secrets
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import vector
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from daladala import _native
from daladala._numbers import index_of, seed_of, whole
from daladala._registration import rules_of
from daladala._rules import Described, Overrides, Rules, layouts_json

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Infos = dict[str, Any]


class VectorEnv(Described, vector.VectorEnv[Floats, npt.NDArray[np.integer[Any]], Any]):
    """`num_envs` environments of the same rules, stepped together without Python in between.

    Args:
        num_envs: How many.
        rules: `city`, `classic`, or a name of Gymnasium such as `daladala/City-v0`.
        scenario: A scenario of the rules by name, or the path of a TOML file.
        overrides: Fields of the scenario, such as `{"police.inspect": 0.3}`.
        autoreset_mode: What follows the end of an episode.
        copy: Hand out new arrays each step. With `copy=False` two sets of arrays are handed out in turns: those of a
            step are overwritten by the second step after it.
        threads: The most threads that a step may use.
        action_masks: Have `infos["action_mask"]`, int8 `(num_envs, actions)`. `action_masks()` tells it without.
        terms: Have `infos["costs"]` and `infos["reward_terms"]`, float32 `(num_envs, terms)`, which makes steps slower.
        max_episode_steps: Truncate episodes after so many steps, where that is less than the rules allow.
        render_mode: `rgb_array` or `ansi`, to be drawn by `render`.

    `infos` hold `cost`, float64 `(num_envs,)`, where the rules have costs. In steps in which episodes end there are
    also `episode_return`, `episode_length`, `ending` (an index into `endings`) and the figures of the rules, each with
    a mask under its name after an underscore; under SAME_STEP they are in `final_info`, and `final_obs` is float32
    `(num_envs, features)`, zeros but for the rows of `_final_obs`.
    """

    def __init__(
        self,
        num_envs: int = 1,
        rules: str = "city",
        *,
        scenario: str | PathLike[str] | None = None,
        overrides: Overrides | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        copy: bool = True,
        threads: int = 1,
        action_masks: bool = True,
        terms: bool = False,
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        super().__init__()
        modes = ("rgb_array", "ansi")
        if render_mode is not None and render_mode not in modes:
            raise ValueError(f"render_mode is {render_mode!r}, it has to be one of {', '.join(modes)}")
        if max_episode_steps is not None:
            max_episode_steps = whole("max_episode_steps", max_episode_steps, 1, 2**32 - 1)
        num_envs, threads = whole("num_envs", num_envs), whole("threads", threads)
        self._rules = Rules.of(rules_of(rules), scenario, overrides)
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata: dict[str, Any] = {
            "render_modes": list(modes),
            "render_fps": 4,
            "autoreset_mode": self.autoreset_mode,
        }
        self.render_mode = render_mode
        self.num_envs = num_envs
        self._engine = _native.Engine(
            self._rules.name,
            self._rules.scenario,
            self._rules.overrides,
            envs=num_envs,
            seed=secrets.randbits(64),
            autoreset=self.autoreset_mode.value,
            threads=threads,
            copy=copy,
            masks=action_masks,
            terms=terms,
            record=render_mode is not None,
            max_episode_steps=max_episode_steps,
        )
        # The engine has refused more environments than anything can hold.
        self.single_observation_space = self._rules.observation_space()
        self.single_action_space = self._rules.action_space()
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Floats, Infos]:
        """Begin episodes: everywhere, or where `options["reset_mask"]`, bool `(num_envs,)`, is set.

        Environment `i` is seeded from (`seed`, `i`), or from (`seed[i]`, 0) where seeds are listed, as a single `Env`
        is. `options["layouts"]` lists what each episode begins on, None where that is drawn.

        Returns:
            Observations, float32 `(num_envs, features)`, and infos.

        Raises:
            ValueError: If a seed, a mask or a layout is none.
        """
        options = options or {}
        _known(options, ("reset_mask", "layouts"))
        mask = options.get("reset_mask")
        if mask is not None:
            mask = _mask(mask, self.num_envs)
        given: int | list[int | None] | None = None
        if seed is not None:
            if isinstance(seed, Sequence | np.ndarray):
                given = [None if one is None else seed_of(one) for one in seed]
                first = next((one for one in given if one is not None), None)
            else:
                first = given = seed_of(seed)
            super().reset(seed=first)
        return self._engine.reset(given, mask, layouts_json(options.get("layouts")))

    def step(self, actions: npt.ArrayLike) -> tuple[Floats, Doubles, Bools, Bools, Infos]:
        """Move all environments on by one step.

        Args:
            actions: Integers `(num_envs,)`; int64, int32 and uint8 are read where they lie.

        Returns:
            Observations, float32 `(num_envs, features)`; rewards, float64 `(num_envs,)`; terminated and truncated, bool
            `(num_envs,)`; infos.

        Raises:
            TypeError: If the actions are no integers.
            ValueError: If there is another number of actions than of environments, or one is no action.
            gymnasium.error.ResetNeeded: Before the first reset, and under DISABLED after the end of an episode.
        """
        return self._engine.step(actions)

    def action_masks(self) -> Bools:
        """Bool `(num_envs, actions)`: which actions have an effect now that no other has."""
        return self._engine.action_masks()

    def observe(self) -> Floats:
        """The observations as they are now, float32 `(num_envs, features)`."""
        return self._engine.observe()

    def layouts(self) -> list[dict[str, Any]]:
        """What the running episodes were drawn from, or given: for `options["layouts"]`."""
        return [json.loads(self._engine.layout(index)) for index in range(self.num_envs)]

    def snapshot(self, index: int) -> str:
        """Environment `index`, whole, its random numbers included, as JSON."""
        return self._engine.snapshot(index_of(index, self.num_envs))

    def restore(self, indices: Sequence[int], snapshots: Sequence[str]) -> None:
        """Put snapshots in the places of environments; they go on as those they were taken of."""
        self._engine.restore([index_of(index, self.num_envs) for index in indices], list(snapshots))

    def render(self) -> tuple[Any, ...] | None:
        """One picture an environment: uint8 `(540, 960, 3)`, or text under `ansi`. None without a `render_mode`."""
        if self.render_mode is None:
            return None
        if self.render_mode == "ansi":
            from daladala._text import drawn

            return tuple(drawn(self._engine.frame(index), self._rules) for index in range(self.num_envs))
        return tuple(self._engine.render(index) for index in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        """Let go of the engine."""
        self._engine.close()


def _known(options: Mapping[str, Any], names: tuple[str, ...]) -> None:
    unknown = [name for name in options if name not in names]
    if unknown:
        raise ValueError(f"there is no option {unknown[0]!r}: known are {', '.join(names)}")


def _mask(mask: Any, num_envs: int) -> Bools:
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
        raise TypeError("options['reset_mask'] has to be a numpy array of bool")
    if mask.shape != (num_envs,):
        raise ValueError(f"options['reset_mask'] has the shape {mask.shape}, needed is ({num_envs},)")
    if not mask.any():
        raise ValueError("options['reset_mask'] is False everywhere: nothing would be reset")
    return mask
