"""Judging policies and making them."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

from daladala import _native
from daladala._numbers import seed_of, whole
from daladala._progress import Bar, is_wanted
from daladala._registration import rules_of
from daladala._rules import Overrides, Rules
from daladala.policy import Driver, Policy, driving
from daladala.sampling import Gather

Callback = Callable[[dict[str, Any]], bool | None]
"""What is told how a training goes."""

MOST_EPISODES = 10**9
"""More take days."""


def evaluate(
    policy: Driver,
    rules: str = "city",
    *,
    scenario: str | PathLike[str] | None = None,
    overrides: Overrides | None = None,
    episodes: int = 1000,
    seed: int = 0,
    action_masks: bool = False,
) -> dict[str, Any]:
    """Drive many episodes and judge them, as `daladala eval` does.

    Args:
        policy: A policy, what `load_policy` takes, a model of Stable-Baselines3, or a callable: observations, float32
            `(batch, features)`, in (and masks, bool `(batch, actions)`, with `action_masks`), integers `(batch,)` out.
            It is called once at a time.
        rules: `city`, `classic`, or a name of Gymnasium.
        scenario: See `Env`.
        overrides: See `Env`.
        episodes: How many.
        seed: The seed of the episodes: the same seed gives the same figures.
        action_masks: Hand the callable action masks.

    Returns:
        The figures, flat but for `endings`: `pandas.DataFrame([figures])` takes them.

    Raises:
        TypeError: If the policy is none.
        ValueError: If it is one for other rules.

    >>> evaluate("oracle", "classic", episodes=100)["optimal_fraction"]
    1.0
    """
    by = Rules.of(rules_of(rules), scenario, overrides)
    driver, _ = driving(policy, by)
    episodes = whole("episodes", episodes, 1, MOST_EPISODES)
    told = _native.evaluate(driver, by.name, by.scenario, by.overrides, episodes, seed_of(seed), action_masks)
    figures: dict[str, Any] = json.loads(told)
    return figures


@dataclass(frozen=True)
class TrainingResult:
    """What a training came to."""

    policy: Policy
    """The policy that did best."""
    evaluation: dict[str, Any]
    """How it does on layouts that had no part in the training, as `evaluate` tells it."""
    steps: int
    """Environment steps."""
    seconds: float
    """Time of the training, s."""
    solved_at: int | None
    """The steps after which 99.5 % of the best return were reached, where that is known."""

    @property
    def weights(self) -> bytes:
        """The bytes of the policy's weights file (safetensors)."""
        return self.policy.to_bytes()


def train(
    algorithm: str = "ppo",
    rules: str = "city",
    *,
    scenario: str | PathLike[str] | None = None,
    overrides: Overrides | None = None,
    steps: int | None = None,
    seed: int = 0,
    hyperparameters: Mapping[str, Any] | None = None,
    stop_at: float | None = None,
    evaluate_every: int | None = None,
    evaluation_episodes: int = 100,
    out: str | PathLike[str] | None = None,
    callback: Callback | Sequence[Callback] | None = None,
    progress: bool | None = None,
    gather: Gather | None = None,
) -> TrainingResult:
    """Train a policy, as `daladala train` does: the same seed gives the same weights.

    Args:
        algorithm: `ppo`, `dqn`, `a2c`, `reinforce` or `ppo-lagrangian`.
        rules: `city`, `classic`, or a name of Gymnasium.
        scenario: See `Env`.
        overrides: See `Env`.
        steps: Environment steps; by default what the algorithm needs for the rules.
        seed: The seed of everything.
        hyperparameters: Those that are not to be as they are by default.
        stop_at: Stop once an evaluation reaches this fraction of the best return, where that is known.
        evaluate_every: Environment steps between evaluations; a fiftieth of all by default.
        evaluation_episodes: Episodes of each.
        out: Where the weights go (.safetensors). After Ctrl-C the best ones so far are there.
        callback: Called after each update with its figures, one after another where there are several; False from one
            ends the training.
        progress: Show a progress bar; by default on terminals and in notebooks. It is tqdm's where that is installed.
        gather: Gathers the experience, by `Sampler`s elsewhere; `ppo`, `ppo-lagrangian` and `a2c` learn from it.

    Raises:
        ValueError: If a name or a hyperparameter is none.
        KeyboardInterrupt: After Ctrl-C.
        OSError: If the weights can't be written.
    """
    by = Rules.of(rules_of(rules), scenario, overrides)
    callbacks = [callback] if callable(callback) else list(callback or ())
    with Bar() if is_wanted(progress) else nullcontext() as bar:

        def tell(told: str) -> bool:
            update: dict[str, Any] = json.loads(told)
            if bar is not None:
                bar.show(update)
            answers = [call(update) for call in callbacks]
            return all(answer is None or bool(answer) for answer in answers)

        figures, native = _native.train(
            algorithm,
            by.name,
            by.scenario,
            by.overrides,
            steps=None if steps is None else whole("steps", steps),
            seed=seed_of(seed),
            hyperparameters=json.dumps(dict(hyperparameters or {})),
            stop_at=stop_at,
            evaluate_every=None if evaluate_every is None else whole("evaluate_every", evaluate_every),
            evaluation_episodes=whole("evaluation_episodes", evaluation_episodes, 1, MOST_EPISODES),
            out=None if out is None else fspath(out),
            progress=tell,
            gather=gather,
        )
    told = json.loads(figures)
    return TrainingResult(Policy(native), told["evaluation"], told["steps"], told["seconds"], told["solved_at"])
