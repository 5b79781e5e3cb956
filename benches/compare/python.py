"""The environment through Python beside its peers, all in one run on one machine; prints Markdown.

    make wheel && pip install target/wheels/*.whl envpool stable-baselines3 && python3 benches/compare/python.py

EnvPool and Stable-Baselines3 are measured where they are installed. Each figure is the best of several short runs, taken in
turns, so that a busy moment of the machine does not fall on one of them alone.
"""

import argparse
import json
import os
import subprocess
import sysconfig
import time
from pathlib import Path

import gymnasium as gym
import numpy as np
from env import best, processor

import daladala

ENVS = 4096


def raw(seconds):
    """The engine without Python, one thread."""
    program = Path(sysconfig.get_path("scripts")) / "daladala"
    command = [program, "bench", "env", "--envs", str(ENVS), "--threads", "1", "--seconds", str(seconds), "--json"]
    environment = os.environ | {"DALADALA_RULES": "classic"}
    return json.loads(subprocess.run(command, check=True, capture_output=True, env=environment).stdout)[
        "steps_per_second"
    ]


def rate(step, actions, envs, seconds):
    """Steps a second of calls of `step`, with actions that were drawn beforehand."""
    start, steps = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < seconds:
        for _ in range(8):
            step(actions[steps % len(actions)])
            steps += 1
    return steps * envs / elapsed


def drawn(count, envs, dtype=np.int64):
    generator = np.random.default_rng(0)
    return [generator.integers(0, count, envs).astype(dtype) for _ in range(64)]


def ours(seconds, rules="classic", envs=ENVS, **options):
    env = daladala.VectorEnv(envs, rules, autoreset_mode="SameStep", **options)
    env.reset(seed=0)
    return rate(env.step, drawn(env.single_action_space.n, envs), envs, seconds)


def envpool(task, seconds):
    try:
        import envpool
    except ImportError:
        return None
    env = envpool.make_gymnasium(task, num_envs=ENVS, num_threads=1, seed=0)
    env.reset()
    return rate(env.step, drawn(env.action_space.n, ENVS, np.int32), ENVS, seconds)


def sync(name, envs, seconds):
    env = gym.make_vec(name, num_envs=envs, vectorization_mode="sync")
    env.reset(seed=0)
    return rate(env.step, drawn(env.single_action_space.n, envs), envs, seconds)


def by_gymnasium(make, seconds):
    """Steps a second as Gymnasium's own benchmark counts them: actions are drawn while it runs."""
    from gymnasium.utils.performance import benchmark_vector_step

    env = make()
    try:
        return benchmark_vector_step(env, target_duration=seconds, seed=0)
    finally:
        env.close()


def one_step(seconds):
    """Microseconds of a step of a single environment, resets included."""
    env = daladala.Env("classic")
    env.reset(seed=0)
    step, start, steps = env.step, time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < seconds:
        for _ in range(20):
            if step(3)[2]:
                env.reset()
            steps += 1
        env.reset()
    return elapsed / steps * 1e6


def sb3_share(name, seconds):
    """Steps a second of our VecEnv for Stable-Baselines3."""
    try:
        env = daladala.SB3VecEnv(name, num_envs=ENVS)
    except ImportError:
        return None
    env.reset()
    return rate(env.step, drawn(env.action_space.n, ENVS), ENVS, seconds)


def learning_share(name, envs, seconds):
    """The share of the time of Stable-Baselines3's PPO that its environments take, and steps a second in all."""
    try:
        import torch
        from stable_baselines3 import PPO
        from stable_baselines3.common.env_util import make_vec_env
    except ImportError:
        return None
    # Threads that wait for each other by spinning are slow where cores are shared.
    torch.set_num_threads(1)
    env = daladala.SB3VecEnv(name, num_envs=envs) if "daladala" in name else make_vec_env(name, n_envs=envs)
    spent, wait = 0.0, env.step_wait

    def timed():
        nonlocal spent
        start = time.perf_counter()
        result = wait()
        spent += time.perf_counter() - start
        return result

    env.step_wait = timed
    model = PPO("MlpPolicy", env, n_steps=2048 // envs, batch_size=256, device="cpu")
    start, steps = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < seconds:
        model.learn(2048, reset_num_timesteps=False)
        steps += 2048
    env.close()
    return spent / elapsed, steps / elapsed


def millions(found):
    return "not installed" if found is None else f"{found / 1e6:,.3f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.5, help="of one run (default 0.5)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of which the best counts (default 3)")
    arguments = parser.parse_args()
    seconds = arguments.seconds
    gym.logger.min_level = gym.logger.ERROR
    measures = {
        "raw engine, `classic`": lambda: raw(seconds),
        "`VectorEnv`, `classic`, `copy=False`, no masks": lambda: ours(seconds, copy=False, action_masks=False),
        "`VectorEnv`, `classic`, no masks": lambda: ours(seconds, action_masks=False),
        "`VectorEnv`, `classic`": lambda: ours(seconds),
        "`VectorEnv`, `city`, no masks": lambda: ours(seconds, "city", action_masks=False),
        "`VectorEnv`, `city`": lambda: ours(seconds, "city"),
        "`SB3VecEnv`, `classic`": lambda: sb3_share("classic", seconds),
        "EnvPool, Taxi-v3": lambda: envpool("Taxi-v3", seconds),
        "EnvPool, CartPole-v1": lambda: envpool("CartPole-v1", seconds),
        "Gymnasium `SyncVectorEnv`, CartPole-v1, 64 environments": lambda: sync("CartPole-v1", 64, seconds),
    }
    rates = dict.fromkeys(measures, 0.0)
    for _ in range(arguments.rounds):
        for name, measure in measures.items():
            found = measure()
            rates[name] = None if found is None else max(rates[name], found)
    print(f"{time.strftime('%Y-%m-%d')}, {processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"\n{ENVS} environments, one thread, int64 actions drawn beforehand, SAME_STEP:\n")
    print("| what | million steps/s | of the raw engine |\n| --- | --- | --- |")
    for name, found in rates.items():
        share = "" if found is None else f"{found / rates['raw engine, `classic`']:.3f}"
        print(f"| {name} | {millions(found)} | {share} |")
    print("\nBy Gymnasium's `benchmark_vector_step`, which draws the actions of each step too:\n")
    print("| what | million steps/s |\n| --- | --- |")
    made = {
        f"`daladala/Classic-v0`, {ENVS} environments": lambda: gym.make_vec("daladala/Classic-v0", num_envs=ENVS),
        f"`daladala/City-v0`, {ENVS} environments": lambda: gym.make_vec("daladala/City-v0", num_envs=ENVS),
        "`CartPole-v1`, `SyncVectorEnv`, 64 environments": lambda: gym.make_vec(
            "CartPole-v1", num_envs=64, vectorization_mode="sync"
        ),
        f"`CartPole-v1`, its vector entry point, {ENVS} environments": lambda: gym.make_vec(
            "CartPole-v1", num_envs=ENVS, vectorization_mode="vector_entry_point"
        ),
    }
    for name, make in made.items():
        print(f"| {name} | {best(lambda make=make: by_gymnasium(make, seconds), arguments.rounds) / 1e6:,.3f} |")
    print("\nPPO of Stable-Baselines3, 32 environments, `MlpPolicy`, on the CPU:\n")
    print("| environment | share of the time in it | steps/s |\n| --- | --- | --- |")
    for name in ("daladala/Classic-v0", "daladala/City-v0", "CartPole-v1"):
        found = learning_share(name, 32, 8 * seconds)
        print(f"| `{name}` | " + ("not installed | |" if found is None else f"{found[0]:.1%} | {found[1]:,.0f} |"))
    print(f"\nOne `Env.step`: {-best(lambda: -one_step(seconds), arguments.rounds):.2f} µs.")


if __name__ == "__main__":
    main()
