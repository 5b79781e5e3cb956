"""Policies: those that come with the package, weights files, and what was trained here."""

from os import PathLike, fspath
from typing import Any

import numpy as np
import numpy.typing as npt

from daladala import _native
from daladala._registration import rules_of
from daladala._rules import Overrides, Rules, seed_of


class Policy:
    """What chooses actions from observations, many at a time. `load_policy` and `train` make them."""

    def __init__(self, native: _native.Policy) -> None:
        self.native = native

    @property
    def masked(self) -> bool:
        """Whether it learnt to choose among open actions alone: then hand it masks."""
        return self.native.masked

    def outputs(self, observations: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """What it chooses by: float32 `(batch, actions)`, logits or action values.

        Args:
            observations: `(batch, features)`.

        Raises:
            ValueError: If the shape is another.
        """
        return self.native.outputs(_rows(observations))

    def act(self, observations: npt.ArrayLike, action_masks: npt.ArrayLike | None = None) -> npt.NDArray[np.int64]:
        """Choose: int64 `(batch,)`.

        Args:
            observations: `(batch, features)`.
            action_masks: `(batch, actions)`, true where an action is open.

        Raises:
            ValueError: If a shape is another, or a mask leaves nothing open.
        """
        masks = None if action_masks is None else np.ascontiguousarray(action_masks, dtype=np.bool_)
        return self.native.act(_rows(observations), masks)

    def predict(
        self,
        observation: npt.ArrayLike,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = True,
        action_masks: npt.ArrayLike | None = None,
    ) -> tuple[npt.NDArray[np.int64], None]:
        """Choose as models of Stable-Baselines3 do, for one observation or many; there is no state."""
        given = np.asarray(observation, dtype=np.float32)
        masks = None if action_masks is None else np.atleast_2d(np.asarray(action_masks, dtype=np.bool_))
        actions = self.act(np.atleast_2d(given), masks)
        return (actions[0] if given.ndim == 1 else actions), None

    def save(self, path: str | PathLike[str]) -> None:
        """Write the weights (.safetensors), for `load_policy` and `daladala serve --model`."""
        self.native.save(fspath(path))


def load_policy(
    name: str | PathLike[str],
    rules: str = "city",
    *,
    scenario: str | PathLike[str] | None = None,
    overrides: Overrides | None = None,
    sampled: bool = False,
    seed: int = 0,
) -> Policy:
    """Load a policy: a built-in name that `models()` lists, or the path of a weights file.

    With `sampled` it draws actions with its probabilities, from `seed`, in place of the likeliest.

    Raises:
        ValueError: If there is none of that name for the rules, or the file is none.
    """
    by = Rules.of(rules_of(rules), scenario, overrides)
    native = _native.Policy.load(fspath(name), by.name, by.scenario, by.overrides, sampled, seed_of(seed))
    return Policy(native)


def models() -> list[dict[str, str]]:
    """List the built-in policies: their rules, names and summaries."""
    return [{"rules": rules, "name": name, "summary": summary} for rules, name, summary in _native.models()]


def _rows(observations: npt.ArrayLike) -> npt.NDArray[np.float32]:
    given = np.asarray(observations)
    if given.dtype.kind not in "fiub":
        raise TypeError(f"observations are {given.dtype}, needed are numbers such as float32")
    rows = np.ascontiguousarray(given, dtype=np.float32)
    if rows.ndim != 2:
        raise ValueError(f"observations have {rows.ndim} dimensions, needed are 2: (batch, features)")
    return rows
