"""Whole trainings and evaluations as Ray tasks: a worker that dies is replaced, and its task done again."""

import itertools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from daladala import learning
from daladala.policy import Policy
from daladala.ray._library import ray

RETRIES = 3
"""Times that a task is done again whose worker died, unless said otherwise."""
ENFORCEMENT_VALUES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
"""Chances of an inspection that `daladala study enforcement` drives at."""
TOLD_EVERY = 0.2
"""Seconds between two looks at what the workers tell."""

Callback = Callable[[int, dict[str, Any]], object]
"""What is told how trainings go: which of them, and its figures, with the `pid` of the worker."""


@dataclass(frozen=True)
class Trained:
    """What a training on a worker came to."""

    settings: Mapping[str, Any]
    """What set it apart from the others."""
    weights: bytes
    """The bytes of its weights file (safetensors)."""
    evaluation: dict[str, Any]
    """How it does on layouts that had no part in the training."""
    steps: int
    """Environment steps."""
    seconds: float
    """Time of the training, s."""
    solved_at: int | None
    """See `TrainingResult`."""

    @property
    def policy(self) -> Policy:
        """The policy that did best."""
        return Policy.from_bytes(self.weights)


class _Mailbox:
    """What workers tell, until the driver takes it."""

    def __init__(self) -> None:
        self._told: list[tuple[int, dict[str, Any]]] = []

    def put(self, index: int, update: dict[str, Any]) -> None:
        self._told.append((index, update))

    def take(self) -> list[tuple[int, dict[str, Any]]]:
        told, self._told = self._told, []
        return told


def _train(index: int, settings: Mapping[str, Any], common: Mapping[str, Any], mailbox: Any) -> Trained:
    def tell(update: dict[str, Any]) -> None:
        if mailbox is not None:
            # Waited for, so that what was told is not lost with the worker, and tellers do not run ahead.
            ray.get(mailbox.put.remote(index, update | {"pid": os.getpid()}))

    result = learning.train(**_merged(common, settings), callback=tell, progress=False)
    return Trained(settings, result.weights, result.evaluation, result.steps, result.seconds, result.solved_at)


def _evaluate(driver: str | bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    return learning.evaluate(Policy.from_bytes(driver) if isinstance(driver, bytes) else driver, **options)


def train_each(
    runs: Sequence[Mapping[str, Any]],
    *,
    callback: Callback | None = None,
    cores: float = 1,
    retries: int = RETRIES,
    **common: Any,
) -> list[Trained]:
    """Train many policies, each as a task.

    Args:
        runs: What sets each apart: keywords of `daladala.train`. Hyperparameters and overrides are laid over the
            common ones.
        callback: Called on the driver with each update of each training. What a task that is done again told before
            is told again.
        cores: What a task asks of Ray.
        retries: Times that a task is done again whose worker died; -1 for without end.
        common: Keywords of `daladala.train` for all.

    Returns:
        What each came to, in the order of the runs: the same weights as by `daladala.train` with the same keywords.

    Raises:
        ray.exceptions.WorkerCrashedError: If workers died more often.
        ValueError: If a name or a hyperparameter is none.
    """
    mailbox: Any = ray.remote(num_cpus=0)(_Mailbox).remote() if callback is not None else None
    task: Any = ray.remote(num_cpus=cores, max_retries=retries)(_train)
    try:
        tasks = [task.remote(index, dict(settings), common, mailbox) for index, settings in enumerate(runs)]
        return _awaited(tasks, mailbox, callback)
    finally:
        if mailbox is not None:
            ray.kill(mailbox)


def seeds(seeds: Iterable[int], algorithm: str = "ppo", rules: str = "city", **options: Any) -> list[Trained]:
    """Train once a seed, each as a task; options are those of `train_each` and of `daladala.train`."""
    return train_each([{"seed": seed} for seed in seeds], algorithm=algorithm, rules=rules, **options)


def sweep(
    grid: Mapping[str, Sequence[Any]],
    algorithm: str = "ppo",
    rules: str = "city",
    *,
    seeds: Iterable[int] = (0,),
    **options: Any,
) -> list[Trained]:
    """Train at every point of a grid of hyperparameters, once a seed, each as a task.

    Args:
        grid: Values by hyperparameter.
        algorithm: See `daladala.train`.
        rules: See `daladala.train`.
        seeds: The seeds of each point.
        options: Those of `train_each` and of `daladala.train`.
    """
    points = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    runs = [{"seed": seed, "hyperparameters": point} for point, seed in itertools.product(points, list(seeds))]
    return train_each(runs, algorithm=algorithm, rules=rules, **options)


def study(
    field: str = "police.inspect",
    values: Sequence[Any] = ENFORCEMENT_VALUES,
    drivers: Sequence[Any] = ("legal", "greedy", "selective", "outlaw", "speeder", "timid"),
    *,
    rules: str = "city",
    scenario: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    episodes: int = 10_000,
    seed: int = 0,
    cores: float = 1,
    retries: int = RETRIES,
) -> list[dict[str, Any]]:
    """Evaluate every driver at every value of a field of the scenario, each as a task.

    By default it asks what `daladala study enforcement` asks, and its figures are the same.

    Args:
        field: The field that is varied.
        values: Its values.
        drivers: Built-in names, policies, or bytes of weights files. Paths would be ones of the workers.
        rules: See `daladala.evaluate`.
        scenario: See `daladala.evaluate`.
        overrides: Fields that are other than the scenario has them.
        episodes: Episodes of each, the same ones for all.
        seed: Their seed.
        cores: What a task asks of Ray.
        retries: Times that a task is done again whose worker died; -1 for without end.

    Returns:
        The figures of `daladala.evaluate`, and `driver` and `value`: a row a driver and value, for
        `pandas.DataFrame`.
    """
    task: Any = ray.remote(num_cpus=cores, max_retries=retries)(_evaluate)
    common = {"rules": rules, "scenario": scenario, "episodes": episodes, "seed": seed}
    told: list[dict[str, Any]] = []
    tasks: list[Any] = []
    for index, (driver, value) in enumerate(itertools.product(drivers, values)):
        sent = driver.to_bytes() if isinstance(driver, Policy) else driver
        name = driver if isinstance(driver, str) else f"policy {index // len(values)}"
        told.append({"driver": name, "value": value})
        tasks.append(task.remote(sent, common | {"overrides": {**(overrides or {}), field: value}}))
    return [figures | about for figures, about in zip(_awaited(tasks), told, strict=True)]


def _merged(common: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**common, **settings}
    for name in ("hyperparameters", "overrides"):
        if name in common and name in settings:
            merged[name] = {**(common[name] or {}), **(settings[name] or {})}
    return merged


def _awaited(tasks: list[Any], mailbox: Any = None, callback: Callback | None = None) -> list[Any]:
    """What all tasks bring. As soon as one fails for good, the others are given up."""
    pending = list(tasks)
    try:
        while pending:
            done, pending = ray.wait(pending, timeout=None if callback is None else TOLD_EVERY)
            if callback is not None:
                for index, update in ray.get(mailbox.take.remote()):
                    callback(index, update)
            ray.get(done)
        return list(ray.get(tasks))
    except ray.exceptions.RayTaskError as error:
        raise _cause(error) from error
    finally:
        for task in pending:
            ray.cancel(task, force=True)


def _cause(error: Any) -> BaseException:
    """What a task raised, as itself."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, BaseException) else error
