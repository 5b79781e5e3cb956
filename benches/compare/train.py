"""Training beside Stable-Baselines3's PPO on the CPU, the same rules, all in one run on one machine; prints Markdown.

    pip install stable-baselines3 gymnasium numpy torch matplotlib
    cargo build --release && python3 benches/compare/train.py --plot docs/pictures/training.svg

Two questions. How long does it take, from the start of the process to the saved model, until the greedy policy reaches
99.5 % of the best return on 100 layouts? And how many environment steps a second does training make, with the same
network, rollout and minibatch on both sides? Stable-Baselines3 drives `classic_gym.py`, which `classic_gym.py --check`
compares with ours. Every run is a process of its own, and both sides take turns, so that a busy moment of the machine
does not fall on one of them alone. matplotlib is needed for the plot only; with `--python` the training runs in another
interpreter than the plot, as importing matplotlib would be part of Stable-Baselines3's time.

What is and is not on the clock:

- Ours is the whole process: start, training, evaluations, saving, and the 1000 episodes of its last evaluation.
- Stable-Baselines3's begins with its process and ends when the model is saved: the end of the process is not on it, nor
  are evaluations. It is evaluated after every update, so it never trains longer than it has to.
- "First step to solved" leaves out the start of both and the saving of both. Ours still has its evaluations in it.
- What each of them saved is judged by `daladala eval` on other layouts, which is on nobody's clock.
"""

import argparse
import csv
import io
import json
import math
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Both sides drive by the original rules.
os.environ["DALADALA_RULES"] = "classic"

PROGRAM = Path(__file__).parent.parent.parent / "target" / "release" / "daladala"
SOLVED = 0.995
LAYOUTS = 100
STEPS = 300_000

# What `daladala train --algo ppo --show-config` prints, in the other's words. Two differences are left: it clips the
# norm of all gradients together, ours that of each tensor; and our learning rate falls, by a tenth in 10 000 steps.
SAME = {
    "envs": 64,
    "n_steps": 32,
    "n_epochs": 4,
    "batch_size": 512,
    "learning_rate": 3e-3,
    "gamma": 0.95,
    "gae_lambda": 0.9,
    "clip_range": 0.2,
    "ent_coef": 0.002,
    "reward_scale": 0.05,
    "activation": "relu",
}
SETTINGS = {
    "its defaults": {},
    "our settings": SAME,
    # The best of 73 random changes of ours in environments, steps, minibatch, epochs, learning rate, discount, entropy,
    # scale of the rewards, activation and threads: 4 seeds each, and 24 other seeds for the best eight.
    "tuned": SAME | {"envs": 32, "batch_size": 1024, "learning_rate": 5e-3, "ent_coef": 0.0, "threads": 2},
}


def sb3_model(settings, seed):
    """PPO on as many environments as the settings say, in one process: these are too quick to be worth more."""
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import DummyVecEnv

    from classic_gym import ClassicGym

    settings = dict(settings)
    envs, scale = settings.pop("envs", 1), settings.pop("reward_scale", 1.0)
    torch.set_num_threads(settings.pop("threads", 1))
    activation = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[settings.pop("activation", "tanh")]
    # 64×64 for the actor and for the critic is its default; it is said here because it is what is compared.
    policy = {"net_arch": {"pi": [64, 64], "vf": [64, 64]}, "activation_fn": activation}
    env = DummyVecEnv([lambda: ClassicGym(reward_scale=scale)] * envs)
    return PPO("MlpPolicy", env, policy_kwargs=policy, device="cpu", seed=seed, **settings)


def evaluator():
    """A function from a model to its greedy return on fixed layouts, all driven at once, as a fraction of the best."""
    import numpy as np

    from classic_gym import ClassicGym, best_return, draw_layout

    generator = np.random.default_rng(12345)
    layouts = [draw_layout(generator) for _ in range(LAYOUTS)]
    envs = [ClassicGym() for _ in layouts]
    best = np.array([best_return(layout) for layout in layouts])

    def evaluate(model):
        rows = np.stack([env.reset(options={"layout": layout})[0] for env, layout in zip(envs, layouts)])
        returns, running = np.zeros(LAYOUTS), set(range(LAYOUTS))
        while running:
            actions, _ = model.predict(rows, deterministic=True)
            for index in list(running):
                rows[index], reward, terminated, truncated, _ = envs[index].step(actions[index])
                returns[index] += reward
                if terminated or truncated:
                    running.remove(index)
        return float(np.mean(returns / best))

    return evaluate


def sb3_until_solved(settings, seed, out, began):
    """Trains until solved and saves; prints when that was and what the evaluations were, in seconds since `began`."""
    from stable_baselines3.common.callbacks import BaseCallback

    class UntilSolved(BaseCallback):
        first_step, saved = None, None

        def __init__(self):
            super().__init__()
            # Evaluations, and what prepares them, are not on the clock.
            self.curve, self.apart = [], 0.0
            start = time.time()
            self.evaluate = evaluator()
            self.apart = time.time() - start

        def now(self):
            return time.time() - began - self.apart

        def _on_rollout_start(self):
            if self.first_step is None:
                self.first_step = self.now()
            else:
                self.judge()

        def _on_training_end(self):
            if self.saved is None:
                self.judge()

        def _on_step(self):
            return self.saved is None

        def judge(self):
            start = time.time()
            fraction = self.evaluate(self.model)
            self.apart += time.time() - start
            self.curve.append((self.num_timesteps, self.now(), fraction))
            if fraction >= SOLVED:
                self.model.save(out)
                self.saved = self.now()

    model = sb3_model(settings, seed)
    until_solved = UntilSolved()
    model.learn(STEPS, callback=until_solved)
    told = {"first_step": until_solved.first_step, "seconds": until_solved.saved, "curve": until_solved.curve}
    print(json.dumps(told))


def sb3_rate(settings, seconds):
    """Steps a second of training, and of its environments alone with random actions prepared beforehand."""
    import numpy as np
    from stable_baselines3.common.callbacks import BaseCallback

    class Rate(BaseCallback):
        warm_up, rate = 3, 0.0

        def _on_rollout_start(self):
            self.warm_up -= 1
            if self.warm_up == 0:
                self.start, self.before = time.perf_counter(), self.num_timesteps
            elif self.warm_up < 0 and not self.rate and (elapsed := time.perf_counter() - self.start) > seconds:
                self.rate = (self.num_timesteps - self.before) / elapsed

        def _on_step(self):
            return not self.rate

    rate, model = Rate(), sb3_model(settings, 0)
    model.learn(10**9, callback=rate)
    env = model.get_env()
    actions = np.random.default_rng(0).integers(0, 5, (64, env.num_envs))
    start, steps = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < seconds / 4:
        env.step(actions[steps % 64])
        steps += 1
    print(json.dumps({"rate": rate.rate, "environments": steps * env.num_envs / elapsed}))


def run(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def child(python, *more):
    """This script in a process of its own."""
    return json.loads(run(python, "-B", __file__, "--child", *more))


def judged(program, model):
    """The fraction of the best return on layouts that training never evaluated on."""
    told = run(program, "eval", "--model", model, "--episodes", 1000, "--seed", 54321, "--json")
    return json.loads(told)["optimal_fraction"]


def ours_until_solved(program, seed, folder):
    out = Path(folder) / f"ours-{seed}.safetensors"
    start = time.perf_counter()
    told = json.loads(run(program, "train", "--algo", "ppo", "--seed", seed, "--out", out, "--json"))
    seconds = time.perf_counter() - start
    # Its own clock is of training alone. All that the process spent besides is counted as if it had come before.
    besides = seconds - told["seconds"]
    with open(out.with_suffix(".run") / "progress.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = [[float(row[name]) for row in rows] for name in ("step", "seconds", "eval/optimal_fraction")]
    curve = [(step, at + besides, fraction) for step, at, fraction in zip(*columns)]
    figures = {"seconds": seconds, "first_step": besides, "training": told["seconds"]}
    return {**figures, "curve": curve, "judged": judged(program, out)}


def theirs_until_solved(program, python, settings, seed, folder):
    out, model = Path(folder) / f"sb3-{seed}.zip", Path(folder) / f"sb3-{seed}.safetensors"
    told = child(python, "solve", json.dumps(settings), seed, out, time.time())
    if told["seconds"] is None:
        return {**told, "seconds": math.inf, "training": math.inf, "judged": told["curve"][-1][2]}
    run(program, "import", out, "--out", model)
    return {**told, "training": told["curve"][-1][1] - told["first_step"], "judged": judged(program, model)}


def solve_all(program, python, seeds):
    """A list of runs for each contestant, a seed each."""
    runs = {"ours": [], **{name: [] for name in SETTINGS}}
    with tempfile.TemporaryDirectory() as folder:
        # The first start of a program reads it from disk, which is no matter of training.
        ours_until_solved(program, seeds, folder)
        theirs_until_solved(program, python, SAME, seeds, folder)
        for seed in range(seeds):
            runs["ours"].append(ours_until_solved(program, seed, folder))
            for name, settings in SETTINGS.items():
                runs[name].append(theirs_until_solved(program, python, settings, seed, folder))
    return runs


def rate_all(program, python, seconds, rounds):
    """The best rate of each by the number of threads, and that of their environments alone."""
    rates = {}
    for _ in range(rounds):
        for threads in (1, 2):
            command = ["bench", "train", "--algo", "ppo", "--threads", threads, "--seconds", seconds, "--json"]
            told = json.loads(run(program, *command))
            rates["ours", threads] = max(rates.get(("ours", threads), 0.0), told["steps_per_second"])
            told = child(python, "rate", json.dumps({**SAME, "threads": threads}), seconds)
            rates["theirs", threads] = max(rates.get(("theirs", threads), 0.0), told["rate"])
            rates["environments"] = max(rates.get("environments", 0.0), told["environments"])
    return rates


def child_main(task, *more):
    if task == "solve":
        settings, seed, out, began = more
        sb3_until_solved(json.loads(settings), int(seed), out, float(began))
    else:
        settings, seconds = more
        sb3_rate(json.loads(settings), float(seconds))


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def spread(values):
    figures = (statistics.median(values), min(values), max(values))
    return "{} ({} to {})".format(*("never" if figure == math.inf else f"{figure:#.3g}" for figure in figures))


def percent(fraction, digits=1):
    return f"{fraction * 100:.{digits}f} %"


def print_solved(runs, seeds):
    print(f"\nUntil {percent(SOLVED)} of the best return, median (least to most) of seeds 0 to {seeds - 1}:\n")
    print("| what | process start to saved model, s | ours is | first step to solved, s | ours is | steps | judged |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, list_of_runs in runs.items():
        title = "`daladala train --algo ppo`" if name == "ours" else f"Stable-Baselines3, {name}"
        cells = []
        for key in ("seconds", "training"):
            theirs, mine = ([run[key] for run in side] for side in (list_of_runs, runs["ours"]))
            cells += [spread(theirs), f"{statistics.median(theirs) / statistics.median(mine):.1f}×"]
        steps = f"{statistics.median(run['curve'][-1][0] for run in list_of_runs):,.0f}".replace(",", " ")
        worst = percent(min(run["judged"] for run in list_of_runs), 2)
        print(f"| {title} | " + " | ".join(cells) + f" | {steps} | at least {worst} |")


def print_rates(rates):
    print("\nTraining with the same sizes, thousand steps/s:\n")
    print("| threads | ours | Stable-Baselines3 | ours is |\n| --- | --- | --- | --- |")
    for threads in (1, 2):
        mine, theirs = rates["ours", threads], rates["theirs", threads]
        print(f"| {threads} | {mine / 1e3:.1f} | {theirs / 1e3:.1f} | {mine / theirs:.1f}× |")
    share = rates["theirs", 1] / rates["environments"]
    alone = rates["environments"] / 1e3
    print(f"\nIts environments alone make {alone:.0f} thousand steps/s, so they take {percent(share, 0)} of its time.")


def median_curve(curves):
    """The median over runs, from when half of them have been evaluated; a run stays where it ended."""
    import numpy as np

    starts = [at[0] for at, _ in curves]
    grid = np.geomspace(statistics.median_high(starts), max(at[-1] for at, _ in curves), 60)
    values = [np.interp(np.log(grid), np.log(at), fractions, left=np.nan) for at, fractions in curves]
    return grid, np.nanmedian(values, axis=0)


def plot(runs, path):
    import matplotlib

    matplotlib.use("svg")
    # Text as text keeps the file small; the salt and the missing date make it the same for the same figures.
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "daladala", "font.family": "sans-serif"})
    from matplotlib import pyplot

    # Blue, vermilion and dark grey of Okabe and Ito, which colour-blind people tell apart; markers say it once more.
    looks = {
        "ours": ("#0072B2", "o", "daladala train"),
        "tuned": ("#333333", "^", "Stable-Baselines3, tuned"),
        "its defaults": ("#D55E00", "s", "Stable-Baselines3, its defaults"),
    }
    figure, panels = pyplot.subplots(1, 2, figsize=(9, 4.5), sharey=True)
    figure.subplots_adjust(left=0.08, right=0.985, top=0.91, bottom=0.13, wspace=0.06)
    for axes, title, from_first_step in zip(panels, ("from the start of the process", "from the first step"), (0, 1)):
        for name, (color, marker, label) in looks.items():
            curves = []
            for told in runs[name]:
                _, at, fractions = zip(*told["curve"])
                curves.append(([time - from_first_step * told["first_step"] for time in at], fractions))
                axes.plot(*curves[-1], color=color, linewidth=0.8, alpha=0.45)
            axes.plot(*median_curve(curves), color=color, linewidth=2.8, label=label, marker=marker, markevery=[-1])
        axes.axhline(SOLVED, color="#777777", linewidth=0.8, linestyle=":")
        axes.set_title(f"{len(runs['ours'])} seeds, median in bold, {title}", fontsize=10)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlabel("seconds")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    panels[0].set_ylabel("mean greedy return, fraction of the best")
    panels[0].set_ylim(0.5, 1.02)
    panels[0].text(0.4, SOLVED - 0.006, percent(SOLVED), fontsize=9, color="#555555", va="top")
    panels[0].legend(loc="lower left", fontsize=9, framealpha=0.95)
    picture = io.StringIO()
    figure.savefig(picture, format="svg", facecolor="white", metadata={"Date": None, "Creator": None})
    # A tenth of a pixel is as much as can be seen, and a third of the file.
    path.write_text(re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.1f}", picture.getvalue()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, default=PROGRAM, help="the built daladala (default target/release)")
    parser.add_argument("--seeds", type=int, default=5, help="runs of each until it is solved (default 5)")
    parser.add_argument("--seconds", type=float, default=4.0, help="of one measurement of steps a second (default 4)")
    parser.add_argument("--rounds", type=int, default=3, help="of those, of which the best counts (default 3)")
    parser.add_argument("--plot", type=Path, help="an SVG file of the return over time")
    parser.add_argument("--python", default=sys.executable, help="what runs Stable-Baselines3 (default: this Python)")
    arguments = parser.parse_args()
    program = arguments.program.resolve()
    if not program.exists():
        sys.exit(f"error: there is no {program}: run cargo build --release first")
    tell = "import stable_baselines3, torch; print(stable_baselines3.__version__, 'and torch', torch.__version__)"
    try:
        versions = run(arguments.python, "-c", tell).strip()
    except subprocess.CalledProcessError:
        sys.exit("error: Stable-Baselines3 is not installed: pip install stable-baselines3 gymnasium numpy torch")

    before = os.getloadavg()[0]
    runs = solve_all(program, arguments.python, arguments.seeds)
    rates = rate_all(program, arguments.python, arguments.seconds, arguments.rounds)
    load = f"load {before:.1f} before and {os.getloadavg()[0]:.1f} after"
    print(f"{time.strftime('%Y-%m-%d')}, {processor()}, {os.cpu_count()} cores, {load}, Stable-Baselines3 {versions}")
    print_solved(runs, arguments.seeds)
    print_rates(rates)
    if arguments.plot:
        plot(runs, arguments.plot)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child_main(*sys.argv[2:])
    else:
        main()
