"""The examples run, with small budgets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "python"


@pytest.mark.parametrize(
    ("name", "needs", "arguments"),
    [
        ("sb3.py", ["stable_baselines3"], ["4096"]),
        ("ppo.py", ["torch"], ["16384"]),
        ("enforcement.py", ["pandas", "matplotlib"], ["20", "plot.svg"]),
    ],
)
def test_an_example_runs(name, needs, arguments, tmp_path):
    for module in needs:
        pytest.importorskip(module)
    environment = os.environ | {"MPLBACKEND": "agg"}
    command = [sys.executable, EXAMPLES / name, *arguments]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout
