"""Ray itself, or what to do where it is missing. It tells few types, and type checkers take it for this package."""

import importlib
from typing import Any

try:
    ray: Any = importlib.import_module("ray")
except ImportError as _missing:
    raise ImportError("daladala.ray needs Ray: pip install 'ray[tune]' (for RLlib also torch)") from _missing
