"""The native half of the package: arrays in, arrays out."""

from collections.abc import Callable
from typing import Any, final

import numpy as np
import numpy.typing as npt

def describe(rules: str, scenario: str | None = None, overrides: list[tuple[str, str]] = ...) -> str: ...
def rules() -> list[tuple[str, list[str]]]: ...
def run_program(arguments: list[str]) -> int: ...

@final
class Engine:
    def __new__(
        cls,
        rules: str,
        scenario: str | None,
        overrides: list[tuple[str, str]],
        *,
        envs: int,
        seed: int,
        autoreset: str,
        threads: int,
        copy: bool,
        masks: bool,
        terms: bool,
        record: bool,
        max_episode_steps: int | None,
    ) -> Engine: ...
    def reset(
        self,
        seed: int | list[int | None] | None = None,
        mask: npt.NDArray[np.bool_] | None = None,
        layouts: str | None = None,
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]: ...
    def step(
        self, actions: Any
    ) -> tuple[
        npt.NDArray[np.float32],
        npt.NDArray[np.float64],
        npt.NDArray[np.bool_],
        npt.NDArray[np.bool_],
        dict[str, Any],
    ]: ...
    def reset_one(
        self, seed: int | None = None, layouts: str | None = None
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]: ...
    def step_one(self, action: Any) -> tuple[npt.NDArray[np.float32], float, bool, bool, dict[str, Any]]: ...
    def action_masks(self) -> npt.NDArray[np.bool_]: ...
    def observe(self) -> npt.NDArray[np.float32]: ...
    def layout(self, index: int) -> str: ...
    def best_return(self, index: int) -> float | None: ...
    def snapshot(self, index: int) -> str: ...
    def restore(self, indices: list[int], snapshots: list[str]) -> None: ...
    def render(self, index: int) -> npt.NDArray[np.uint8]: ...
    def frame(self, index: int) -> str: ...
    def threads(self) -> int: ...
    def close(self) -> None: ...
    def state(self) -> str: ...
    @staticmethod
    def from_state(state: str) -> Engine: ...

@final
class Policy:
    @staticmethod
    def load(
        name: str, rules: str, scenario: str | None, overrides: list[tuple[str, str]], sampled: bool, seed: int
    ) -> tuple[Policy, list[str]]: ...
    @property
    def observation_size(self) -> int: ...
    @property
    def actions(self) -> int: ...
    @property
    def masked(self) -> bool: ...
    def outputs(self, observations: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]: ...
    def act(
        self, observations: npt.NDArray[np.float32], masks: npt.NDArray[np.bool_] | None
    ) -> npt.NDArray[np.int64]: ...
    @staticmethod
    def from_bytes(weights: bytes, sampled: bool, seed: int) -> Policy: ...
    @staticmethod
    def of_layers(
        rules: str,
        scenario: str | None,
        overrides: list[tuple[str, str]],
        layers: list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]],
        activation: str,
        sampled: bool,
        seed: int,
    ) -> Policy: ...
    def to_bytes(self) -> bytes: ...
    def save(self, path: str) -> None: ...

@final
class Sampler:
    def __new__(
        cls,
        rules: str,
        scenario: str | None,
        overrides: list[tuple[str, str]],
        *,
        envs: int,
        first: int,
        seed: int,
        masks: bool,
    ) -> Sampler: ...
    def sample(self, weights: bytes, steps: int) -> dict[str, Any]: ...
    def state(self) -> bytes: ...
    def restore(self, state: bytes) -> None: ...

@final
class Served:
    @property
    def url(self) -> str: ...
    @property
    def running(self) -> bool: ...
    def take_raised(self) -> BaseException | None: ...
    def show(self, engine: Engine) -> None: ...
    def close(self) -> None: ...

def serve(
    policy: Any,
    model: str,
    rules: str,
    scenario: str | None,
    overrides: list[tuple[str, str]],
    masked: bool,
    host: str,
    port: int,
    fps: float,
    seed: int | None,
) -> Served: ...
def show(engine: Engine, player: str, fps: float) -> Served: ...
def record(
    policy: Any,
    model: str,
    out: str,
    rules: str,
    scenario: str | None,
    overrides: list[tuple[str, str]],
    masked: bool,
    episodes: int,
    seed: int,
    fps: float,
    step: int | None,
) -> tuple[int, int, list[float]]: ...
def models() -> list[tuple[str, str, str]]: ...
def evaluate(
    policy: Any,
    rules: str,
    scenario: str | None,
    overrides: list[tuple[str, str]],
    episodes: int,
    seed: int,
    masked: bool,
) -> str: ...
def train(
    algorithm: str,
    rules: str,
    scenario: str | None,
    overrides: list[tuple[str, str]],
    *,
    steps: int | None,
    seed: int,
    hyperparameters: str,
    stop_at: float | None,
    evaluate_every: int | None,
    evaluation_episodes: int,
    out: str | None,
    progress: Callable[[str], bool | None] | None,
    gather: Callable[[bytes, int, int, bool], Any] | None = None,
) -> tuple[str, Policy]: ...
