"""Looking at what drives: live in a browser or a notebook, and as files."""

import atexit
import html
import os
import sys
import time
import traceback
import weakref
import webbrowser
from os import PathLike, fspath
from types import TracebackType
from typing import Any

from daladala import _native
from daladala._numbers import seed_of, whole
from daladala._registration import rules_of
from daladala._rules import Overrides, Rules
from daladala.policy import Driver, driving

LOOKED_AFTER = 0.2
"""Seconds between two looks at whether a server still runs."""


class LiveServer:
    """A page that shows what drives, served by this process. `serve` makes them; notebooks show the page itself.

    It ends with `close`, with the block that it is used in (`with`), with the interpreter, or once nobody has it.
    """

    def __init__(self, native: _native.Served) -> None:
        self._native = native
        self._error: BaseException | None = None
        _open.add(self)

    @property
    def url(self) -> str:
        """Where to watch it, with a token in it where one is needed."""
        return self._native.url

    @property
    def running(self) -> bool:
        """Whether it still serves."""
        return self._native.running

    @property
    def error(self) -> BaseException | None:
        """What the callable raised last, if it did. The room has paused then; resuming it asks the callable again."""
        self._error = self._native.take_raised() or self._error
        return self._error

    def wait(self) -> None:
        """Serve until Ctrl-C or `close`, and tell what the callable raises meanwhile."""
        told = None
        try:
            while self.running:
                if self.error is not told:
                    told = self.error
                    traceback.print_exception(told)
                time.sleep(LOOKED_AFTER)
        except KeyboardInterrupt:
            self.close()

    def show(self, engine: _native.Engine) -> None:
        """Show what an environment that Python steps looks like now."""
        self._native.show(engine)

    def close(self) -> None:
        """End it. Twice is as good as once.

        Raises:
            RuntimeError: If it ended by itself before, with what it said.
        """
        self._native.close()

    def __enter__(self) -> "LiveServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{self.url}{'' if self.running else ', closed'}>"

    def _repr_html_(self) -> str:
        if not self.running:
            return html.escape(repr(self))
        source = html.escape(self.url, quote=True)
        return f'<iframe src="{source}" width="100%" height="640" style="border:0" allow="fullscreen"></iframe>'


_open: "weakref.WeakSet[LiveServer]" = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    # A room must not ask a callable while the interpreter ends.
    for server in list(_open):
        try:
            server.close()
        except RuntimeError as error:
            print(f"daladala: {error}", file=sys.stderr)


def serve(
    policy: Driver = "ppo",
    rules: str = "city",
    *,
    scenario: str | PathLike[str] | None = None,
    overrides: Overrides | None = None,
    action_masks: bool = False,
    name: str | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    fps: float = 5.0,
    seed: int | None = None,
    browser: bool = False,
) -> LiveServer:
    """Show a policy live: the program's server, in this process and on threads of its own.

    Args:
        policy: A policy, what `load_policy` takes, a model of Stable-Baselines3, or a callable, as in `evaluate`: it
            gets one observation at a time, `(1, features)`. What it raises pauses the room, which tells who watches.
        rules: `city`, `classic`, or a name of Gymnasium.
        scenario: See `Env`.
        overrides: See `Env`.
        action_masks: Hand the callable action masks.
        name: What people see it called.
        host: The address to listen on. Where others can reach it, whoever watches needs the token in `url`.
        port: The port; 0 finds a free one.
        fps: Steps a second.
        seed: The seed of the episodes; another one each time if none is given.
        browser: Open the page.

    Raises:
        TypeError: If the policy is none.
        ValueError: If it is one for other rules, or a number is out of range.
        OSError: If nothing can listen there.

    >>> with serve("ppo", "classic") as server:
    ...     server.url.startswith("http://127.0.0.1:")
    True
    """
    by = Rules.of(rules_of(rules), scenario, overrides)
    driver, called = driving(policy, by)
    native = _native.serve(
        driver,
        called if name is None else name,
        by.name,
        by.scenario,
        by.overrides,
        action_masks,
        host,
        whole("port", port, 0, 65_535),
        fps,
        None if seed is None else seed_of(seed),
    )
    server = LiveServer(native)
    if browser:
        _browse(server.url)
    return server


def show(engine: _native.Engine, fps: float) -> LiveServer:
    """Show an environment that Python steps: the render mode `human`."""
    server = LiveServer(_native.show(engine, "Python", fps))
    print(f"Watch it: {server.url}", file=sys.stderr)
    _browse(server.url)
    return server


def _browse(url: str) -> None:
    """Open a page, where there is a screen and nobody said not to."""
    has_screen = sys.platform != "linux" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    if has_screen and os.environ.get("DALADALA_BROWSER", "1") != "0":
        webbrowser.open(url)


def record(
    policy: Driver,
    out: str | PathLike[str],
    rules: str = "city",
    *,
    scenario: str | PathLike[str] | None = None,
    overrides: Overrides | None = None,
    action_masks: bool = False,
    name: str | None = None,
    episodes: int = 1,
    seed: int = 0,
    fps: float = 4.0,
    step: int | None = None,
) -> dict[str, Any]:
    """Write episodes to a file, as `daladala record` does; it is there whole or not at all.

    Args:
        policy: See `serve`.
        out: The file: .gif is an animation, .png a picture, .jsonl the frames, one JSON object a line.
        rules: `city`, `classic`, or a name of Gymnasium.
        scenario: See `Env`.
        overrides: See `Env`.
        action_masks: Hand the callable action masks.
        name: What it is called in the picture.
        episodes: How many, one after another.
        seed: The seed of the episodes.
        fps: Steps a second of an animation, 0.1 to 25.
        step: The step that a picture shows; by default the last of the last episode.

    Returns:
        `out`, `frames`, `bytes` of the file, and the `returns` of the episodes.

    Raises:
        TypeError: If the policy is none.
        ValueError: If a number is out of range, or the name says no format.
        OSError: If the file can't be written.
        Exception: What the callable raises.
    """
    by = Rules.of(rules_of(rules), scenario, overrides)
    driver, called = driving(policy, by)
    frames, size, returns = _native.record(
        driver,
        called if name is None else name,
        fspath(out),
        by.name,
        by.scenario,
        by.overrides,
        action_masks,
        whole("episodes", episodes, 1, 10_000),
        seed_of(seed),
        fps,
        None if step is None else whole("step", step, 0, 2**32 - 1),
    )
    return {"out": fspath(out), "frames": frames, "bytes": size, "returns": returns}
