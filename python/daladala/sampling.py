"""Experience that is gathered apart from what learns from it: on another core, or on another machine."""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any

from daladala import _native
from daladala._numbers import seed_of, whole
from daladala._registration import rules_of
from daladala._rules import Overrides, Rules

Fragment = dict[str, Any]
"""Some steps of some environments: arrays by name, see `Sampler.sample`."""

Gather = Callable[[bytes, int, int, bool], Sequence[Fragment]]
"""Gathers a rollout: called with the weights, and with how many environments, how many steps of each and whether action
masks are asked for, it returns fragments of all the environments, in their order."""


class Sampler:
    """Some of the environments of a training, driven by the weights that it is sent; Python has no part in a step.

    Args:
        rules: `city`, `classic`, or a name of Gymnasium.
        num_envs: How many environments.
        first: The index of the first of them in the training.
        seed: The training's seed.
        action_masks: Choose among open actions alone.
        scenario: See `Env`.
        overrides: See `Env`.

    `train(gather=…)` given all fragments of each rollout learns what it would have learnt by itself, to the last bit.

    >>> import daladala
    >>> sampler = daladala.Sampler("classic", num_envs=64)
    >>> result = daladala.train("ppo", "classic", steps=4096, gather=lambda weights, envs, steps, masks: [
    ...     sampler.sample(weights, steps)])
    >>> result.weights == daladala.train("ppo", "classic", steps=4096).weights
    True
    """

    def __init__(
        self,
        rules: str = "city",
        *,
        num_envs: int,
        first: int = 0,
        seed: int = 0,
        action_masks: bool = False,
        scenario: str | PathLike[str] | None = None,
        overrides: Overrides | None = None,
    ) -> None:
        by = Rules.of(rules_of(rules), scenario, overrides)
        self._native = _native.Sampler(
            by.name,
            by.scenario,
            by.overrides,
            envs=whole("num_envs", num_envs),
            first=whole("first", first, 0),
            seed=seed_of(seed),
            masks=action_masks,
        )

    def sample(self, weights: bytes, steps: int) -> Fragment:
        """Drive all environments on by `steps` steps.

        Args:
            weights: The bytes of a weights file (safetensors), whose policy draws actions with its probabilities.
            steps: How many.

        Returns:
            Arrays `[steps, num_envs, …]`: `observations`, `actions`, `log_probabilities`, `rewards`, `terminated`,
            `truncated`, `costs` where the rules have some, and with action masks `masks`, bit `a` for action `a`. Of
            the episodes that ended, in the order of steps, then of environments: `final_observations`,
            `episode_returns`, `episode_lengths`, `episode_costs`. And `last_observations`, `[num_envs, features]`.

        Raises:
            ValueError: If the weights are none, or for other rules.
        """
        return self._native.sample(weights, whole("steps", steps))

    def state(self) -> bytes:
        """All that the next fragments depend on, but the weights."""
        return self._native.state()

    def restore(self, state: bytes) -> None:
        """Go on from a state of as many environments of the same rules."""
        self._native.restore(state)
