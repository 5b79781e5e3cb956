"""One environment: a `gymnasium.Env` over the native engine."""

import json
import time
from os import PathLike
from typing import Any, SupportsInt

import gymnasium
import numpy as np
import numpy.typing as npt

from daladala import _native
from daladala._registration import rules_of
from daladala._rules import Described, Overrides, Rules, layouts_json
from daladala._text import drawn


class Env(Described, gymnasium.Env[npt.NDArray[np.float32], Any]):
    """One daladala on its route.

    Args:
        rules: `city`, `classic`, or a name of Gymnasium such as `daladala/City-v0`.
        scenario: A scenario of the rules by name, or the path of a TOML file.
        overrides: Fields of the scenario, such as `{"police.inspect": 0.3}`.
        render_mode: `rgb_array`, `ansi`, or `human`: the live page, opened in the browser, shows each step.

    The observation is float32 `(features,)`. `info` holds `action_mask`, int8 `(actions,)`. After a step there are
    `reward_terms`, float32 `(terms,)`, and where the rules have costs `costs`, float32 `(terms,)`, and `cost`, the
    first of them. After the last step there are `episode_return`, `episode_length`, `ending` (an index into `endings`)
    and the figures of the rules.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (as in Gymnasium)
        "render_modes": ["rgb_array", "ansi", "human"],
        "render_fps": 4,
    }

    def __init__(
        self,
        rules: str = "city",
        *,
        scenario: str | PathLike[str] | None = None,
        overrides: Overrides | None = None,
        render_mode: str | None = None,
    ) -> None:
        modes = self.metadata["render_modes"]
        if render_mode is not None and render_mode not in modes:
            raise ValueError(f"render_mode is {render_mode!r}, it has to be one of {', '.join(modes)}")
        self._rules = Rules.of(rules_of(rules), scenario, overrides)
        self.render_mode = render_mode
        self.observation_space = self._rules.observation_space()
        self.action_space = self._rules.action_space()
        self._engine = _native.Engine(
            self._rules.name,
            self._rules.scenario,
            self._rules.overrides,
            envs=1,
            seed=0,
            autoreset="Disabled",
            threads=1,
            copy=True,
            masks=True,
            terms=True,
            record=render_mode is not None,
            max_episode_steps=None,
        )
        self._seeded = False
        self._page: Any = None
        if render_mode is None:
            # Nothing stands between the caller and the engine.
            self.__dict__["step"] = self._engine.step_one

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Begin an episode, on `options["layout"]` where that is given.

        Raises:
            ValueError: If the layout is none that the rules can play.
        """
        super().reset(seed=seed)
        options = options or {}
        unknown = [name for name in options if name != "layout"]
        if unknown:
            raise ValueError(f"there is no option {unknown[0]!r}: known is layout")
        layouts = None if options.get("layout") is None else layouts_json([options["layout"]])
        if seed is None and not self._seeded:
            seed = int(self.np_random.integers(2**63))
        self._seeded = True
        result = self._engine.reset_one(seed, layouts)
        self._show()
        return result

    def step(self, action: SupportsInt) -> tuple[npt.NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Drive on by one step.

        Raises:
            TypeError: If the action is no integer.
            ValueError: If it is no action.
            gymnasium.error.ResetNeeded: Before the first reset and after the end of an episode.
        """
        result = self._engine.step_one(action)
        self._show()
        return result

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Bool `(actions,)`: which actions have an effect now that no other has."""
        masks: npt.NDArray[np.bool_] = self._engine.action_masks()[0]
        return masks

    def layout(self) -> dict[str, Any]:
        """What the running episode was drawn from, or given: for `options["layout"]`."""
        layout: dict[str, Any] = json.loads(self._engine.layout(0))
        return layout

    def best_return(self) -> float | None:
        """The greatest return that any driver could have in this episode, where the rules let it be known."""
        return self._engine.best_return(0)

    def snapshot(self) -> str:
        """The environment, whole, its random numbers included, as JSON."""
        return self._engine.snapshot(0)

    def restore(self, snapshot: str) -> None:
        """Go on from a snapshot as what it was taken of."""
        self._engine.restore([0], [snapshot])

    def render(self) -> Any:
        """A picture, uint8 `(540, 960, 3)`, or text under `ansi`; nothing under `human`, which shows each step."""
        if self.render_mode == "rgb_array":
            return self._engine.render(0)
        if self.render_mode == "ansi":
            return drawn(self._engine.frame(0), self._rules)
        return None

    def _show(self) -> None:
        if self.render_mode != "human":
            return
        fps = self.metadata["render_fps"]
        if self._page is None:
            from daladala.watching import show

            self._page = show(self._engine, fps)
        else:
            self._page.show(self._engine)
            time.sleep(1 / fps)

    def close(self) -> None:
        """Let go of the engine. Twice is as good as once."""
        self._engine.close()
        if self._page is not None:
            self._page.close()
            self._page = None

    def __getstate__(self) -> dict[str, Any]:
        """All but the page, and the step that is bound to the engine."""
        state = self.__dict__ | {"_page": None}
        state.pop("step", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """As it was."""
        self.__dict__.update(state)
        if self.render_mode is None:
            self.__dict__["step"] = self._engine.step_one
