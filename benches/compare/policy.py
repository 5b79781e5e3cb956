"""Inference beside PyTorch on the CPU, the same weights, all in one run on one machine; prints Markdown.

    cargo build --release && python3 benches/compare/policy.py

Needs PyTorch (pip install torch), in eager mode under torch.inference_mode(). Both sides get the same network
14 → 64 → 64 → 5 and must agree on its outputs before they are measured. Each figure is the best of several short runs,
taken in turns, so that a busy moment of the machine does not fall on one side alone.
"""

import argparse
import json
import os
import platform
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

try:
    import torch
except ImportError:
    sys.exit("error: PyTorch is not installed: pip install torch")

PROGRAM = Path(__file__).parent.parent.parent / "target" / "release" / "daladala"
SIZES = [14, 64, 64, 5]
ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}


def network(activation):
    """Layers as torch makes them, an activation after each but the last."""
    torch.manual_seed(0)
    layers = []
    for inputs, outputs in zip(SIZES, SIZES[1:]):
        layers += [torch.nn.Linear(inputs, outputs), ACTIVATIONS[activation]()]
    return torch.nn.Sequential(*layers[:-1])


def save(model, activation, path):
    """Writes the weights as `daladala` reads them: safetensors, with what they are in the metadata."""
    header, data = {}, b""
    for index, layer in enumerate(layer for layer in model if isinstance(layer, torch.nn.Linear)):
        for name, tensor in [("weight", layer.weight), ("bias", layer.bias)]:
            values = tensor.detach().flatten().tolist()
            packed = struct.pack(f"<{len(values)}f", *values)
            offsets = [len(data), len(data) + len(packed)]
            header[f"actor.{index}.{name}"] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
            data += packed
    header["__metadata__"] = {
        "format": "daladala-1",
        "algorithm": "ppo",
        "rules": "classic",
        "observation_size": str(SIZES[0]),
        "actions": str(SIZES[-1]),
        "seed": "0",
        "steps": "0",
        "mean_return": "NaN",
        "actor.layers": ",".join(map(str, SIZES)),
        "actor.activation": activation,
    }
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def run(program, command, text=""):
    command = [str(part) for part in [program, *command]]
    return subprocess.run(command, input=text, check=True, capture_output=True, text=True).stdout


def check(program, model, path):
    """Both sides give the same outputs, within rounding."""
    rows = torch.rand(64, SIZES[0]) * 2 - 1
    lines = run(program, ["predict", "--model", path, "--json"], "\n".join(map(json.dumps, rows.tolist())))
    ours = torch.tensor([json.loads(line)["outputs"] for line in lines.splitlines()])
    with torch.inference_mode():
        torch.testing.assert_close(ours, model(rows), rtol=1e-5, atol=1e-5)


def ours(program, path, batch, threads, seconds):
    command = ["bench", "policy", "--model", path, "--batch", batch, "--threads", threads, "--seconds", seconds, "--json"]
    return json.loads(run(program, command))["observations_per_second"]


def torchs(model, batch, threads, seconds):
    torch.set_num_threads(threads)
    rows = torch.rand(batch, SIZES[0]) * 2 - 1
    with torch.inference_mode():
        calls = 1
        while True:
            start = time.perf_counter()
            for _ in range(calls):
                model(rows)
            if time.perf_counter() - start > 1e-3:
                break
            calls *= 2
        start, done = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - start) < seconds:
            for _ in range(calls):
                model(rows)
            done += calls
    return done * batch / elapsed


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, default=PROGRAM, help="the built daladala (default target/release)")
    parser.add_argument("--seconds", type=float, default=0.1, help="of one run (default 0.1)")
    parser.add_argument("--rounds", type=int, default=10, help="runs of which the best counts (default 10)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of the threaded figures (default: all)")
    arguments = parser.parse_args()
    program, seconds = arguments.program, arguments.seconds
    if not program.exists():
        sys.exit(f"error: there is no {program}: run cargo build --release first")

    threads = [1] if arguments.threads == 1 else [1, arguments.threads]
    batches = [1, 8, 64, 256, 1024, 4096, 16384, 65536]
    with tempfile.TemporaryDirectory() as folder:
        models = {}
        for activation in ACTIVATIONS:
            models[activation] = (network(activation), Path(folder) / f"{activation}.safetensors")
            save(models[activation][0], activation, models[activation][1])
            check(program, *models[activation])
        best = {}
        for _ in range(arguments.rounds):
            for activation, (model, path) in models.items():
                for count in threads:
                    for batch in batches:
                        pair = (ours(program, path, batch, count, seconds), torchs(model, batch, count, seconds))
                        before = best.get((activation, count, batch), (0.0, 0.0))
                        best[activation, count, batch] = tuple(map(max, before, pair))

    load = os.getloadavg()[0]
    print(f"{time.strftime('%Y-%m-%d')}, {processor()}, {os.cpu_count()} cores, load {load:.1f}, torch {torch.__version__}")
    for activation in models:
        print(f"\n{activation}, million observations/s:\n")
        columns = [f"{side}, {count} thread{'s' * (count > 1)}" for count in threads for side in ("ours", "torch", "ratio")]
        print("| batch | " + " | ".join(columns) + " |\n|" + " --- |" * (len(columns) + 1))
        for batch in batches:
            cells = []
            for count in threads:
                mine, theirs = best[activation, count, batch]
                cells += [f"{mine / 1e6:.2f}", f"{theirs / 1e6:.2f}", f"{mine / theirs:.1f}×"]
            print(f"| {batch:,} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
