"""Environment throughput beside its peers, all in one run on one machine; prints Markdown.

    cargo build --release && python3 benches/compare/env.py

Needs a C compiler. EnvPool is measured where it is installed (pip install envpool). Each figure is the best of
several short runs, taken in turns, so that a busy moment of the machine does not fall on one of them alone.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Both sides drive by the original rules, where nothing else is said.
os.environ["DALADALA_RULES"] = "classic"

HERE = Path(__file__).parent
PROGRAM = HERE.parent.parent / "target" / "release" / "daladala"


def compiled(folder, name):
    binary = Path(folder) / name
    subprocess.run(["cc", "-O3", "-march=native", "-w", HERE / f"{name}.c", "-o", binary], check=True)
    return binary


def number(command):
    return float(subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout)


def ours(envs, threads, seconds, *more):
    command = [PROGRAM, "bench", "env", "--envs", envs, "--threads", threads, "--seconds", seconds, "--json", *more]
    output = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout
    return json.loads(output)["steps_per_second"]


def envpool_rate(task, envs, seconds):
    """Steps a second of EnvPool, synchronous, random actions prepared beforehand."""
    try:
        import envpool
        import numpy
    except ImportError:
        return None
    env = envpool.make_gymnasium(task, num_envs=envs, num_threads=1, seed=0)
    env.reset()
    generator = numpy.random.default_rng(0)
    actions = [generator.integers(0, env.action_space.n, envs).astype(numpy.int32) for _ in range(64)]
    start, steps = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < seconds:
        env.step(actions[steps % 64])
        steps += 1
    return steps * envs / elapsed


def best(measure, rounds):
    return max(measure() for _ in range(rounds))


def millions(rate):
    return "not installed" if rate is None else f"{rate / 1e6:,.1f}"


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.0, help="of one run (default 1)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of which the best counts (default 3)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of the threaded figures (default: all)")
    arguments = parser.parse_args()
    if not PROGRAM.exists():
        sys.exit("error: there is no target/release/daladala: run cargo build --release first")
    seconds, rounds, threads = arguments.seconds, arguments.rounds, arguments.threads

    with tempfile.TemporaryDirectory() as folder:
        baseline, rows = compiled(folder, "classic_baseline"), compiled(folder, "write_rows")
        measures = {
            "ours": lambda: ours(4096, 1, seconds),
            "city": lambda: ours(4096, 1, seconds, "--rules", "city"),
            "c": lambda: number([baseline, 4096, seconds]),
            "ours, lockstep": lambda: ours(4096, 1, seconds, "--lockstep"),
            "c, lockstep": lambda: number([baseline, 4096, seconds, "lockstep"]),
            "memory": lambda: number([rows, 4096, seconds]),
            "taxi": lambda: envpool_rate("Taxi-v3", 4096, seconds),
            "cartpole": lambda: envpool_rate("CartPole-v1", 4096, seconds),
        }
        runs = [{name: measure() for name, measure in measures.items()} for _ in range(rounds)]
        peers = {name: max((run[name] for run in runs), key=lambda rate: rate or 0.0) for name in measures}

        print(f"{time.strftime('%Y-%m-%d')}, {processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
        print("4096 environments, one thread:\n")
        print("| what | million steps/s | ours is |\n| --- | --- | --- |")
        for name, rate, against in [
            ("`daladala bench env`", peers["ours"], "ours"),
            ("plain C, the same rules", peers["c"], "ours"),
            ("EnvPool, Taxi-v3", peers["taxi"], "ours"),
            ("EnvPool, CartPole-v1", peers["cartpole"], "ours"),
            ("writing the rows alone (the bound of memory)", peers["memory"], "ours"),
            ("`daladala bench env --rules city`", peers["city"], "city"),
            ("EnvPool, Taxi-v3", peers["taxi"], "city"),
            ("`daladala bench env --lockstep`", peers["ours, lockstep"], "ours, lockstep"),
            ("plain C, all episodes together", peers["c, lockstep"], "ours, lockstep"),
        ]:
            ratio = "" if rate is None else f"{peers[against] / rate:.2f}×"
            print(f"| {name} | {millions(rate)} | {ratio} |")

        print("\nBy the number of environments, million steps/s:\n")
        print(f"| environments | 1 thread | up to {threads} threads | plain C | rows alone |")
        print("| --- | --- | --- | --- | --- |")
        for envs in [1, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576]:
            figures = [
                best(lambda: ours(envs, 1, seconds), rounds),
                best(lambda: ours(envs, threads, seconds), rounds),
                best(lambda: number([baseline, envs, seconds]), rounds),
                best(lambda: number([rows, envs, seconds]), rounds),
            ]
            print(f"| {envs:,} | " + " | ".join(millions(rate) for rate in figures) + " |")


if __name__ == "__main__":
    main()
