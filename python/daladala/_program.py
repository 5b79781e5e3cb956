"""The program `daladala`, which the package puts onto the path."""

import signal
import sys

from daladala import _native


def main() -> int:
    """Run the program with the arguments of this process."""
    # Ctrl-C ends it as it ends any program; where it has more to do, it sees to that itself.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _native.run_program(["daladala", *sys.argv[1:]])
