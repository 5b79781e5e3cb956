"""The examples run, with small budgets."""

import ast
import json
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
        ("watch.py", [], ["1"]),
        ("enforcement.py", ["pandas", "matplotlib"], ["20", "plot.svg"]),
    ],
)
def test_an_example_runs(name, needs, arguments, tmp_path):
    for module in needs:
        pytest.importorskip(module)
    environment = os.environ | {"MPLBACKEND": "agg", "DALADALA_BROWSER": "0"}
    command = [sys.executable, EXAMPLES / name, *arguments]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_notebook_runs_from_top_to_bottom(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    notebook = json.loads((EXAMPLES / "daladala.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(not cell.get("outputs") for cell in notebook["cells"]), "outputs are not kept"
    names, shown = {}, []
    for cell in cells:
        *first, last = ast.parse(cell).body
        exec(compile(ast.Module(first, []), "cell", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
            shown.append(value._repr_html_() if hasattr(value, "_repr_html_") else repr(value))
        else:
            exec(compile(ast.Module([last], []), "cell", "exec"), names)
    assert any("<iframe" in value for value in shown)
    assert names["film"].stat().st_size > 1000
