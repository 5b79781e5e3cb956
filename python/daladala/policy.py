"""Policies: those that come with the package, weights files, and what was trained here."""

import warnings
from collections.abc import Callable
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from daladala import _native
from daladala._numbers import seed_of
from daladala._registration import rules_of
from daladala._rules import Overrides, Rules


class Policy:
    """What chooses actions from observations, many at a time. `load_policy` and `train` make them."""

    def __init__(self, native: _native.Policy) -> None:
        self.native = native

    @property
    def observation_size(self) -> int:
        """Entries of an observation."""
        return self.native.observation_size

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

    def to_bytes(self) -> bytes:
        """The bytes of the weights file (.safetensors).

        Raises:
            ValueError: If it is a driver written by hand, which has no weights.
        """
        return self.native.to_bytes()

    @staticmethod
    def from_bytes(weights: bytes, *, sampled: bool = False, seed: int = 0) -> "Policy":
        """Make a policy of the bytes of a weights file; `sampled` and `seed` are as in `load_policy`.

        Raises:
            ValueError: If they are none.
        """
        return Policy(_native.Policy.from_bytes(weights, sampled, seed_of(seed)))

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
    """Load a policy: a built-in name that `models()` lists, the path of a weights file, or a model from elsewhere.

    Models of Stable-Baselines3 (.zip) and state dicts of PyTorch (.pth, .pt) are read without either, and without
    running what is in them.

    With `sampled` it draws actions with its probabilities, from `seed`, in place of the likeliest.

    Raises:
        ValueError: If there is none of that name for the rules, or the file is none.

    Warns:
        UserWarning: Of what a model from elsewhere leaves open and had to be assumed.

    >>> policy = load_policy("ppo", "classic")
    >>> policy.act([[0.0] * policy.observation_size]).shape
    (1,)
    """
    return Policy(_load(name, Rules.of(rules_of(rules), scenario, overrides), sampled, seed_of(seed)))


def _load(name: str | PathLike[str], by: Rules, sampled: bool = False, seed: int = 0) -> _native.Policy:
    native, notes = _native.Policy.load(fspath(name), by.name, by.scenario, by.overrides, sampled, seed)
    for note in notes:
        warnings.warn(f"{fspath(name)}: {note}", UserWarning, stacklevel=3)
    return native


Driver = Policy | str | PathLike[str] | Callable[..., Any]
"""What can drive: a policy, what `load_policy` takes, or a callable: observations, float32 `(batch, features)`, in (and
masks, bool `(batch, actions)`, where it is to get them), integers `(batch,)` out. So do models of Stable-Baselines3, by
their `predict`."""


def driving(driver: Driver, by: Rules) -> tuple[Any, str]:
    """What the native half is given for a driver, and what people call it.

    Raises:
        TypeError: If it is none.
        ValueError: If there is none of that name for the rules.
    """
    if isinstance(driver, str | PathLike):
        return _load(driver, by), Path(fspath(driver)).name.removesuffix(".safetensors").removesuffix(".zip")
    if isinstance(driver, Policy):
        return driver.native, "policy"
    predict: Any = getattr(driver, "predict", None)
    if callable(predict):
        return _predicting(predict), type(driver).__name__
    if callable(driver):
        return driver, getattr(driver, "__name__", type(driver).__name__)
    needed = "a Policy, a name, a model of Stable-Baselines3 or a callable"
    raise TypeError(f"the policy is of the type {type(driver).__name__}, needed is {needed}")


def _predicting(predict: Callable[..., Any]) -> Callable[..., Any]:
    def act(observations: npt.NDArray[np.float32], masks: npt.NDArray[np.bool_] | None = None) -> Any:
        more = {} if masks is None else {"action_masks": masks}
        return predict(observations, deterministic=True, **more)[0]

    return act


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
