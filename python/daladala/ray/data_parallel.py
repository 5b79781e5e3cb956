"""Data-parallel training: actors hold environments and policy in Rust, and one learner learns from what they gather.

What travels is a rollout's fragments, as numpy, and the weights, as the bytes of a safetensors file. As environment `i`
is seeded from (seed, `i`) wherever it is, the weights at the end are those of `daladala.train`, to the last bit.
"""

import itertools
import os
from collections.abc import Mapping
from typing import Any

from daladala import learning
from daladala._numbers import whole
from daladala.ray._library import ray
from daladala.sampling import Fragment, Sampler


class _Sampler:
    """Some of the environments of a training, on a worker."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._sampler = Sampler(**options)
        self._rounds = 0

    def sample(self, round: int, weights: bytes, steps: int, before: list[Any]) -> tuple[Fragment, bytes]:
        """A fragment, and the state after it.

        Ray has a call done again whose worker died, on one that knows nothing: that goes on from the state `before`,
        which nobody else fetches.
        """
        if self._rounds != round:
            self._sampler = Sampler(**self._options)
            if before:
                self._sampler.restore(ray.get(before[0]))
        fragment = self._sampler.sample(weights, steps)
        self._rounds = round + 1
        return fragment, self._sampler.state()

    def pid(self) -> int:
        """The worker's process."""
        return os.getpid()


class _Fleet:
    """The actors of a training: what `train` takes as `gather`."""

    def __init__(self, actors: int, cores: float, options: Mapping[str, Any]) -> None:
        self._count = actors
        self._cores = cores
        self._options = options
        self._round = 0
        self._actors: list[Any] = []
        self._states: list[list[Any]] = []

    def __call__(self, weights: bytes, envs: int, steps: int, action_masks: bool) -> list[Fragment]:
        if not self._actors:
            self._begin(envs, action_masks)
        sent = ray.put(weights)
        both: list[Any] = [
            actor.sample.remote(self._round, sent, steps, before)
            for actor, before in zip(self._actors, self._states, strict=True)
        ]
        fragments = list(ray.get([fragment for fragment, _ in both]))
        # The states stay where they are; those of the round before are let go.
        self._states = [[state] for _, state in both]
        self._round += 1
        return fragments

    def _begin(self, envs: int, action_masks: bool) -> None:
        if self._count > envs:
            raise ValueError(
                f"actors is {self._count}, there are {envs} environments: ask for more envs or fewer actors"
            )
        sampler: Any = ray.remote(num_cpus=self._cores, max_restarts=-1, max_task_retries=-1)(_Sampler)
        edges = [envs * index // self._count for index in range(self._count + 1)]
        for first, end in itertools.pairwise(edges):
            options = {**self._options, "num_envs": end - first, "first": first, "action_masks": action_masks}
            actor = sampler.remote(options)
            actor.sample = actor.sample.options(num_returns=2)
            self._actors.append(actor)
        self._states = [[] for _ in self._actors]

    def close(self) -> None:
        for actor in self._actors:
            ray.kill(actor)


def train(
    algorithm: str = "ppo", rules: str = "city", *, actors: int = 2, cores: float = 1, **options: Any
) -> learning.TrainingResult:
    """Train a policy on what several actors gather; the learner is the process that calls this.

    Args:
        algorithm: `ppo`, `ppo-lagrangian` or `a2c`.
        rules: `city`, `classic`, or a name of Gymnasium.
        actors: How many. The environments of the hyperparameters (`envs`) are shared out among them.
        cores: What an actor asks of Ray.
        options: Those of `daladala.train`.

    Returns:
        What `daladala.train` would have returned, with the same weights. An actor whose worker died is replaced, and
        goes on where it was.

    Raises:
        ValueError: If the algorithm gathers its experience itself, or a name or a hyperparameter is none.
    """
    if "gather" in options:
        raise TypeError("gather is not for daladala.ray.train, whose actors gather")
    about: dict[str, Any] = {name: options[name] for name in ("scenario", "overrides", "seed") if name in options}
    fleet = _Fleet(whole("actors", actors), cores, {"rules": rules, **about})
    try:
        return learning.train(algorithm, rules, gather=fleet, **options)
    finally:
        fleet.close()
