"""The program comes with the package."""

import json
import subprocess
import sysconfig
from pathlib import Path

PROGRAM = Path(sysconfig.get_path("scripts")) / "daladala"


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=120)


def test_it_evaluates():
    done = run("eval", "--rules", "classic", "--model", "oracle", "--episodes", "50", "--json")
    assert json.loads(done.stdout)["optimal_fraction"] == 1


def test_its_exit_codes_are_the_programs():
    assert run("--version").returncode == 0
    assert run("nonsense").returncode == 2
    refused = run("eval", "--model", "nobody")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
