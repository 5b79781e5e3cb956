"""The environments for trainers that keep to a limit of cost, and data sets for those that learn from data alone."""

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode

from daladala import _native
from daladala._numbers import seed_of, whole
from daladala._registration import rules_of
from daladala._rules import Described, Overrides, Rules
from daladala.env import Env
from daladala.policy import Driver, Policy, driving
from daladala.vector import VectorEnv

Floats = npt.NDArray[np.float32]


class SafetyEnv(Described):
    """One daladala as Safety-Gymnasium has environments, for OmniSafe, FSRL and their kin.

    A step brings six things, the third of them the cost. The action space is `Box(-1, 1, (actions,))`: the greatest
    entry is the action, among those that are open, so that trainers that know only boxes can drive.

    Args:
        rules: `city` or a name of Gymnasium. The rules have to have costs.
        cost: The name of the cost that counts, one of `costs`; the first of them by default.
        options: What `Env` takes: `scenario`, `overrides`, `render_mode`.
    """

    spec = None

    def __init__(self, rules: str = "city", *, cost: str | None = None, **options: Any) -> None:
        self._rules = Rules.of(rules_of(rules), options.get("scenario"), options.get("overrides"))
        if not self.costs:
            raise ValueError(f"the rules {self._rules.name!r} have no costs: take 'city'")
        if cost is not None and cost not in self.costs:
            raise ValueError(f"there is no cost {cost!r}: known are {', '.join(self.costs)}")
        self._cost = self.costs.index(cost or self.costs[0])
        self.env = Env(rules, **options)
        self.render_mode = self.env.render_mode
        self.metadata = self.env.metadata
        self.observation_space = self.env.observation_space
        self.action_space = Box(-1, 1, (len(self.actions),), dtype=np.float32)
        self._mask: npt.NDArray[np.int8] = np.ones(len(self.actions), dtype=np.int8)

    @property
    def costs(self) -> tuple[str, ...]:
        """The names of the costs."""
        return tuple(term["name"] for term in self._rules.info["cost_terms"])

    @property
    def unwrapped(self) -> "SafetyEnv":
        """Itself."""
        return self

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        """Begin an episode; see `Env.reset`."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._mask = info["action_mask"]
        return observation, info

    def step(self, action: npt.ArrayLike) -> tuple[Floats, float, float, bool, bool, dict[str, Any]]:
        """Drive on: observation, reward, cost, terminated, truncated, info.

        Raises:
            ValueError: If the action has another shape, or no number in it.
        """
        chosen = chosen_of(action, self._mask)
        observation, reward, terminated, truncated, info = self.env.step(chosen)
        self._mask = info["action_mask"]
        info["action"] = chosen
        return observation, reward, float(info["costs"][self._cost]), terminated, truncated, info

    def render(self) -> Any:
        """See `Env.render`."""
        return self.env.render()

    def close(self) -> None:
        """Let go of the engine."""
        self.env.close()


def chosen_of(action: npt.ArrayLike, mask: npt.NDArray[np.int8]) -> int:
    """The greatest entry of a box among the actions that are open.

    >>> chosen_of([0.9, -0.5, 0.1], np.array([0, 1, 1]))
    2
    """
    values = np.asarray(action, dtype=np.float64)
    if values.shape != mask.shape:
        raise ValueError(f"the action has the shape {values.shape}, needed is {mask.shape}")
    if np.isnan(values).any():
        raise ValueError("the action has an entry that is no number")
    return int(np.where(mask.astype(bool), values, -np.inf).argmax())


def dataset(
    policy: Driver,
    rules: str = "city",
    *,
    steps: int,
    scenario: str | PathLike[str] | None = None,
    overrides: Overrides | None = None,
    num_envs: int = 64,
    seed: int = 0,
) -> Mapping[str, npt.NDArray[Any]]:
    """Drive, and keep what happened under the keys of DSRL, episode after episode.

    Args:
        policy: A policy, what `load_policy` takes, or a callable, as in `daladala.evaluate`.
        rules: `city`, or a name of Gymnasium.
        steps: How many transitions there are at least; the last episode is whole.
        scenario: See `Env`.
        overrides: See `Env`.
        num_envs: How many are driven at a time.
        seed: The seed of the episodes.

    Returns:
        `observations` and `next_observations`, float32 `(n, features)`; `actions`, float32 `(n, actions)`, 1 for what
        was chosen and -1 for the others, which a `SafetyEnv` takes; `rewards` and `costs`, float32 `(n,)`; `terminals`
        and `timeouts`, bool `(n,)`. A file of h5py with a data set for each of them is what DSRL reads.
    """
    steps, by = whole("steps", steps, 1, 10**9), Rules.of(rules_of(rules), scenario, overrides)
    driver, _ = driving(policy, by)
    act = _acting(driver)
    mode = AutoresetMode.SAME_STEP
    env = VectorEnv(num_envs, by.name, scenario=scenario, overrides=overrides, autoreset_mode=mode, action_masks=False)
    running: list[list[tuple[Any, ...]]] = [[] for _ in range(env.num_envs)]
    kept: list[tuple[Any, ...]] = []
    observations, _ = env.reset(seed=seed_of(seed))
    while len(kept) < steps:
        actions = np.asarray(act(observations, env))
        after, rewards, terminated, truncated, infos = env.step(actions)
        following = np.where(infos["_final_obs"][:, None], infos["final_obs"], after) if "final_obs" in infos else after
        costs = infos.get("cost", np.zeros(env.num_envs))
        columns = (observations, following, actions, rewards, costs, terminated, truncated)
        for episode, row in zip(running, zip(*columns, strict=True), strict=True):
            episode.append(row)
        for index in np.flatnonzero(terminated | truncated):
            kept += running[index]
            running[index] = []
        observations = after
    env.close()
    names = ("observations", "next_observations", "actions", "rewards", "costs", "terminals", "timeouts")
    data = {name: np.array(column) for name, column in zip(names, zip(*kept, strict=True), strict=True)}
    boxes = np.full((len(kept), len(env.actions)), -1, dtype=np.float32)
    boxes[np.arange(len(kept)), data["actions"]] = 1
    return data | {
        "actions": boxes,
        "rewards": data["rewards"].astype(np.float32),
        "costs": data["costs"].astype(np.float32),
    }


def _acting(driver: Any) -> Callable[[Floats, VectorEnv], Any]:
    """Actions for the observations of environments, with their masks where a policy of ours learnt with masks."""
    if not isinstance(driver, _native.Policy):
        return lambda observations, _: driver(observations)
    policy = Policy(driver)
    return lambda observations, env: policy.act(observations, env.action_masks() if policy.masked else None)
