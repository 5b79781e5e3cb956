"""What describes rules with their scenario, and how both are named from Python."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Discrete

from daladala import _native

Overrides = Mapping[str, Any]
"""Fields of a scenario and their values, such as `{"police.inspect": 0.3}`."""


@dataclass(frozen=True)
class Rules:
    """Rules with a scenario, as the native half takes them, and what describes them."""

    name: str
    scenario: str | None
    overrides: list[tuple[str, str]]
    info: dict[str, Any]

    @classmethod
    def of(cls, name: str, scenario: str | PathLike[str] | None = None, overrides: Overrides | None = None) -> "Rules":
        """Rules by name. A scenario is a name or the path of a TOML file."""
        path = None if scenario is None else fspath(scenario)
        fields = [(field, json.dumps(_plain(value))) for field, value in (overrides or {}).items()]
        return cls(name, path, fields, json.loads(_native.describe(name, path, fields)))

    def observation_space(self) -> "Box[np.float32]":
        """`[features]`, float32, with the bounds of each."""
        features = self.info["spaces"]["observation"]
        low = np.array([feature["low"] for feature in features], dtype=np.float32)
        high = np.array([feature["high"] for feature in features], dtype=np.float32)
        return Box(low, high, dtype=np.float32)

    def action_space(self) -> "Discrete[np.int64]":
        """One number an action."""
        return Discrete(len(self.info["spaces"]["actions"]))

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the actions."""
        return tuple(self.info["spaces"]["actions"])

    @property
    def endings(self) -> tuple[str, ...]:
        """The names of the ways to end; `ending` in infos is an index into them."""
        return tuple(ending["name"] for ending in self.info["endings"])


class Described:
    """What environments tell of their rules."""

    _rules: Rules

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the actions."""
        return self._rules.actions

    @property
    def endings(self) -> tuple[str, ...]:
        """The names of the ways in which an episode can end; `ending` in infos is an index into them."""
        return self._rules.endings

    @property
    def rules_info(self) -> Mapping[str, Any]:
        """All that describes the rules: features, figures, costs and more, with units and meanings."""
        return self._rules.info


def layouts_json(layouts: Sequence[Mapping[str, Any] | None] | None) -> str | None:
    """Layouts as the native half reads them."""
    return None if layouts is None else json.dumps([_plain(layout) for layout in layouts])


def _plain(value: Any) -> Any:
    """The same in types of Python: numpy's numbers and arrays are none that JSON knows."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
