"""What the documentation says is so: examples in docstrings run, and names in docs/PYTHON.md exist."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import daladala

PAGE = Path(__file__).parents[2] / "docs" / "PYTHON.md"
NEED_OTHERS = {"daladala.puffer", "daladala.ray", "daladala.rllib"}
MODULES = [f"daladala.{module.name}" for module in pkgutil.iter_modules(daladala.__path__)]


@pytest.mark.parametrize("name", ["daladala", *MODULES])
def test_examples_in_docstrings_run(name):
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        pytest.skip(f"{name} needs another library: {error}")
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    modules = [daladala, importlib.import_module("daladala.testing"), importlib.import_module("daladala.watching")]
    assert all(any(test.examples for test in finder.find(module)) for module in modules)


def test_names_in_the_page_exist():
    names = set(re.findall(r"daladala\.([a-zA-Z_.]+[a-zA-Z])\(", PAGE.read_text()))
    assert names
    for name in names:
        module, *path = name.split(".")
        if f"daladala.{module}" in NEED_OTHERS:
            continue
        found = getattr(daladala, module, None) or importlib.import_module(f"daladala.{module}")
        for part in path:
            found = getattr(found, part)
