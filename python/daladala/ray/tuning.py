"""Search for hyperparameters with Ray Tune."""

import importlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daladala import learning


def trainable(algorithm: str = "ppo", rules: str = "city", **options: Any) -> Callable[[dict[str, Any]], None]:
    """Make a function trainable for `ray.tune.Tuner`.

    What Tune draws are hyperparameters by name, and `seed` where that is among them. Each evaluation is reported, with
    `mean_return`, `steps` and the other figures; the last report is the final evaluation, with `weights.safetensors` in
    its checkpoint.

    Args:
        algorithm: See `daladala.train`.
        rules: See `daladala.train`.
        options: Other keywords of `daladala.train`.
    """
    tune: Any = importlib.import_module("ray.tune")

    def run(config: dict[str, Any]) -> None:
        drawn = dict(config)
        more = {"seed": drawn.pop("seed")} if "seed" in drawn else {}
        hyperparameters = {**(options.get("hyperparameters") or {}), **drawn}

        def tell(update: dict[str, Any]) -> None:
            if "evaluation" in update:
                tune.report(_flat(update["evaluation"]) | {"steps": update["steps"], "final": False})

        keywords: dict[str, Any] = {**options, **more, "hyperparameters": hyperparameters}
        result = learning.train(algorithm, rules, callback=tell, progress=False, **keywords)
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "weights.safetensors").write_bytes(result.weights)
            told = _flat(result.evaluation) | {"steps": result.steps, "final": True}
            tune.report(told, checkpoint=tune.Checkpoint.from_directory(folder))

    return run


def _flat(evaluation: dict[str, Any]) -> dict[str, float]:
    """The figures that are numbers: Tune compares by them."""
    return {name: float(value) for name, value in evaluation.items() if isinstance(value, int | float)}
