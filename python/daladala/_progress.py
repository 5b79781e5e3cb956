"""How far a training is, on a terminal or in a notebook: by tqdm where that is installed, or in a line of our own."""

import sys
import time
from types import TracebackType
from typing import Any

SHOWN_EVERY = 0.1
"""Seconds between two lines: more often nobody reads them."""


def is_wanted(asked: bool | None) -> bool:
    """Whether there is to be a bar: as asked, or where somebody may look at it."""
    return sys.stderr.isatty() or in_notebook() if asked is None else asked


def in_notebook() -> bool:
    """Whether this runs in the kernel of a notebook."""
    ipython: Any = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return type(shell).__name__ == "ZMQInteractiveShell"


class Bar:
    """A progress bar, begun by the first update."""

    def __init__(self) -> None:
        self._bar: Any = None

    def show(self, update: dict[str, Any]) -> None:
        """Show an update of a training."""
        if self._bar is None:
            self._bar = _bar(update["of"])
        self._bar.set_postfix(_figures(update), refresh=False)
        self._bar.update(update["steps"] - self._bar.n)

    def __enter__(self) -> "Bar":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()


def _figures(update: dict[str, Any]) -> dict[str, str]:
    figures = {}
    if update.get("mean_return") is not None:
        figures["return"] = f"{update['mean_return']:.2f}"
    if "evaluation" in update:
        figures["evaluated"] = f"{update['evaluation']['mean_return']:.2f}"
    return figures


def _bar(total: int) -> Any:
    try:
        if in_notebook():
            from tqdm.auto import tqdm
        else:
            from tqdm import tqdm
    except ImportError:
        return Line(total)
    return tqdm(total=total, unit=" steps", unit_scale=True)


class Line:
    """A line on standard error that is written over, with as much of tqdm's interface as is used."""

    def __init__(self, total: int) -> None:
        self.n = 0
        self._total = total
        self._figures: dict[str, str] = {}
        self._began = time.monotonic()
        self._shown = 0.0

    def set_postfix(self, figures: dict[str, str], refresh: bool) -> None:
        """Take what stands at the end of the line."""
        self._figures |= figures

    def update(self, more: int) -> None:
        """Go on by so many steps."""
        self.n += more
        if time.monotonic() - self._shown >= SHOWN_EVERY:
            self._show()

    def _show(self) -> None:
        self._shown = time.monotonic()
        rate = self.n / max(self._shown - self._began, 1e-9)
        figures = "".join(f"  {name} {value}" for name, value in self._figures.items())
        line = f"{min(self.n / self._total, 1):4.0%}  {self.n:,} of {self._total:,} steps  {rate:,.0f}/s{figures}"
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the line."""
        self._show()
        print(file=sys.stderr)
