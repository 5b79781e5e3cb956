#!/usr/bin/env python3
"""What four viewers notice while a server is flooded: the table of "Hostile clients" in docs/BENCHMARKS.md.

Each kind of `daladala bench flood` runs at low priority beside `daladala bench server`, on a server of its own, and
the server's memory is read before, at its peak and some time after.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import time

KINDS = (
    "none frames episode-data description unknown page connections sessions drivers requests messages speed unread "
    "streams"
).split()
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
# What ends the answers that wait, and the sessions that were left, takes up to 45 s.
AFTER = {"sessions": 50, "drivers": 50, "unread": 15, "streams": 15}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default="target/release/daladala")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--flags", default="", help="more flags of `daladala serve`")
    parser.add_argument("kinds", nargs="*", default=KINDS)
    arguments = parser.parse_args()
    print("kind           p50 ms  p99 ms  max ms  skipped  MiB before / peak / after  flood")
    for kind in arguments.kinds or KINDS:
        measure(kind, arguments)


def measure(kind: str, arguments: argparse.Namespace) -> None:
    flags = ["--port", "0", "--fps", "20", *arguments.flags.split()]
    server = subprocess.Popen([arguments.program, "serve", *flags], stdout=subprocess.PIPE, text=True)
    try:
        url = re.search(r"http://[^/ ]+", server.stdout.readline()).group()
        # A room that has run for a while keeps all the frames that it may.
        subprocess.run(watch_command(arguments.program, url, 31 if kind in ("frames", "unread") else 3), **PIPES)
        before = memory(server.pid)["VmRSS"]
        watching = subprocess.Popen(watch_command(arguments.program, url, arguments.seconds), **PIPES)
        flood = None
        if kind != "none":
            # The viewers are there, and not yet counted.
            time.sleep(2.2)
            command = ["nice", "-n", "19", arguments.program, "bench", "flood", kind, "--url", url, "--json"]
            flood = subprocess.Popen([*command, "--seconds", str(arguments.seconds + 2)], **PIPES)
        told, failed = watching.communicate()
        did = json.loads(flood.communicate()[0]) if flood else {"answers_per_second": {}}
        did = ", ".join(f"{status}: {rate:.0f}/s" for status, rate in did["answers_per_second"].items())
        time.sleep(AFTER.get(kind, 2))
        after = memory(server.pid)
        if watching.returncode:
            print(f"{kind:14} {failed.strip()}  {did}", flush=True)
        else:
            seen = json.loads(told)
            late = seen["lateness_ms"]
            row = f"{kind:14} {late['p50']:6.1f}  {late['p99']:6.1f}  {late['max']:6.1f}  {seen['skipped']:7}  "
            print(f"{row}{before:6.1f} / {after['VmHWM']:6.1f} / {after['VmRSS']:6.1f}  {did}", flush=True)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def watch_command(program: str, url: str, seconds: float) -> list[str]:
    return [program, "bench", "server", "--url", url, "--viewers", "4", "--seconds", str(seconds), "--json"]


def memory(process: int) -> dict[str, float]:
    with open(f"/proc/{process}/status") as status:
        lines = [line.split() for line in status if line.startswith(("VmRSS", "VmHWM"))]
    return {line[0].rstrip(":"): int(line[1]) / 1024 for line in lines}


if __name__ == "__main__":
    os.environ.setdefault("NO_COLOR", "1")
    main()
