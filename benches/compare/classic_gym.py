"""The rules `classic` as a Gymnasium environment in plain Python, to train other libraries' agents on.

    pip install gymnasium numpy
    cargo build --release && python3 benches/compare/classic_gym.py --check

A bus drives a route of 29 cells, one cell a step, past 4 stops, 3 police checkpoints and 4 traffic lights. The rules
are those of docs/ENVIRONMENT.md, section `classic`; the code that they are taken from is `env/src/rules/classic.rs`.

| what | shape | unit |
| --- | --- | --- |
| action | one integer, 0 to 4 | Move, Pick up, Drop off, Stop, Speed up |
| observation | 14 × float32 | 2 · value − 1 of the features that docs/ENVIRONMENT.md lists, nothing clipped |
| reward | one float | points |
| `police`, `lights`, `red`, `waiting` of a layout | 3, 4, 4, 4 integers | cell of the route, the same, 0 or 1, people |

What depends on the cell alone is computed once an episode, in `reset`, so that a step is a few comparisons, a copy of
a row and five numbers written to it.

`--check` compares it with `daladala trace`: random layouts and actions, every observation, reward and ending.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import gymnasium
import numpy as np

PROGRAM = Path(__file__).parent.parent.parent / "target" / "release" / "daladala"

MOVE, PICK_UP, DROP_OFF, STOP, SPEED_UP = range(5)
ROUTE = [(x, 14) for x in range(15)] + [(14, y) for y in range(13, -1, -1)]
LAST = len(ROUTE) - 1
STOPS = [4, 8, 20, 25]
FREE = np.array([cell for cell in range(len(ROUTE)) if cell not in STOPS])
WAITING = [8, 5, 1, 1]
CAPACITY, LEGAL, OVERFULL = 50, 33, 40
MAX_SPEED, MAX_STEPS, SIGHT = 3, 350, 5
FARE = 1000
# Columns of an observation.
X, Y, PASSENGERS, MONEY, SPEED, LIGHT_RED, POLICE_HERE, MUST_STOP, AT_STOP, WAITING_HERE = range(10)
MUST_STOP_NEXT, LIGHT_DISTANCE, POLICE_DISTANCE, STEP = range(10, 14)

# A row for each cell of a route without hazards; distances are 1 where nothing is in sight.
EMPTY_ROUTE = np.full((len(ROUTE), 14), -1, np.float32)
EMPTY_ROUTE[:, [X, Y]] = 2 * np.array(ROUTE) / 14 - 1
EMPTY_ROUTE[STOPS, AT_STOP] = 1
EMPTY_ROUTE[:, [LIGHT_DISTANCE, POLICE_DISTANCE]] = 1
# The distances that the cells before a hazard see, the farthest first.
APPROACH = 2 * np.arange(SIGHT, 0, -1, dtype=np.float32) / SIGHT - 1


def draw_layout(generator):
    """Seven distinct cells without a stop: three checkpoints, four lights that are red with equal chances."""
    hazards = generator.permutation(FREE)[:7].tolist()
    red = generator.integers(0, 2, 4).tolist()
    return {"police": hazards[:3], "lights": hazards[3:], "red": red, "waiting": WAITING}


def best_return(layout):
    """The greatest return of a layout with the default waiting counts: docs/ENVIRONMENT.md, "What is known"."""
    must_stop = len(layout["police"]) + sum(layout["red"])
    return 60 + 25 * must_stop + 3 * (25 - must_stop) + 29 + 150


class ClassicGym(gymnasium.Env):
    """`reward_scale` multiplies rewards; a layout can be given as `reset(options={"layout": …})`."""

    metadata = {"render_modes": []}

    def __init__(self, reward_scale=1.0):
        high = np.ones(14, np.float32)
        high[WAITING_HERE] = 50
        self.observation_space = gymnasium.spaces.Box(-1, high, dtype=np.float32)
        self.action_space = gymnasium.spaces.Discrete(5)
        self.reward_scale = reward_scale

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        layout = (options or {}).get("layout") or draw_layout(self.np_random)
        red = [cell for cell, is_red in zip(layout["lights"], layout["red"]) if is_red]
        self.police, self.must_stop = set(layout["police"]), {*layout["police"], *red}
        self.waiting = dict(zip(STOPS, layout["waiting"]))
        self.rows = self._rows(layout, red)
        self.cell = self.aboard = self.money = self.speed = self.steps = 0
        self.fined = False
        return self._observation(), {}

    def step(self, action):
        here, must_stop = self.cell, self.cell in self.must_stop
        reward, terminated = 0, here == LAST
        self.cell = min(here + 1, LAST)
        self.steps += 1

        if action == MOVE:
            reward += 2 - 40 * must_stop
        elif action == PICK_UP:
            if here in self.waiting and self.aboard < CAPACITY:
                boarding = min(max(3, self.waiting[here]), CAPACITY - self.aboard)
                self.aboard += boarding
                self.waiting[here] = max(0, self.waiting[here] - boarding)
                reward += 15
            else:
                reward -= 5
            reward -= 10 * must_stop
        elif action == DROP_OFF:
            if here in self.waiting and self.aboard > 0:
                alighting = min(self.aboard, max(3, self.aboard // 2 + 1))
                self.aboard -= alighting
                self.money += FARE * alighting
                reward += 12
            else:
                reward -= 8
            reward -= 10 * must_stop
        elif action == STOP:
            self.speed = max(0, self.speed - 1)
            reward += 25 if must_stop else -3
        elif not must_stop and self.aboard <= OVERFULL:
            self.speed = min(self.speed + 1, MAX_SPEED)
            reward += 3
        else:
            crash = self.aboard > OVERFULL
            reward -= 15 * must_stop + 30 * crash
            terminated |= crash

        if self.cell in self.police and self.aboard > LEGAL:
            impounded = self.aboard > OVERFULL
            reward -= 50 if impounded else 20
            terminated |= impounded
            self.fined = True
        reward += 1
        if terminated:
            reward += 150 if self.aboard <= LEGAL and not self.fined else 100
        return self._observation(), reward * self.reward_scale, terminated, self.steps >= MAX_STEPS, {}

    def _rows(self, layout, red):
        """A row for each cell, of what depends on the cell alone."""
        rows = EMPTY_ROUTE.copy()
        rows[red, LIGHT_RED] = 1
        rows[layout["police"], POLICE_HERE] = 1
        rows[list(self.must_stop), MUST_STOP] = 1
        rows[:-1, MUST_STOP_NEXT] = rows[1:, MUST_STOP]
        rows[-1, MUST_STOP_NEXT] = rows[-1, MUST_STOP]
        for cells, column in [(layout["lights"], LIGHT_DISTANCE), (layout["police"], POLICE_DISTANCE)]:
            for cell in sorted(cells, reverse=True):  # the nearest last, so that it is what stays
                before = rows[max(0, cell - SIGHT) : cell, column]
                before[:] = APPROACH[SIGHT - len(before) :]
        return rows

    def _observation(self):
        row = self.rows[self.cell].copy()
        row[PASSENGERS] = 2 * self.aboard / CAPACITY - 1
        row[MONEY] = 2 * self.money / 150_000 - 1
        row[SPEED] = 2 * self.speed / MAX_SPEED - 1
        row[WAITING_HERE] = 2 * self.waiting.get(self.cell, 0) / 10 - 1
        row[STEP] = 2 * self.steps / MAX_STEPS - 1
        return row


def act_out(env, layout, actions):
    """An episode in the form of `daladala trace`; actions after its end are left out."""
    observation, _ = env.reset(options={"layout": layout})
    trace = {**layout, "actions": [], "obs": [observation], "reward": [], "terminated": [], "truncated": []}
    for action in actions:
        observation, reward, terminated, truncated, _ = env.step(action)
        for key, value in [
            ("actions", action),
            ("obs", observation),
            ("reward", reward),
            ("terminated", terminated),
            ("truncated", truncated),
        ]:
            trace[key].append(value)
        if terminated or truncated:
            break
    return trace


def check(program, episodes, seed):
    """Ours and this one tell the same of every episode."""
    generator, env = np.random.default_rng(seed), ClassicGym()
    traces = []
    for episode in range(episodes):
        layout = draw_layout(generator)
        # Crowds, which the rules never draw, are what fills a bus up: fines, impounding and crashes come of them.
        if episode % 2:
            layout["waiting"] = generator.integers(0, 50, 4).tolist()
        # Some episodes mostly pick up, for the same reason; the others try everything.
        chances = [0.1, 0.6, 0.1, 0.1, 0.1] if episode % 3 == 0 else [0.2] * 5
        traces.append(act_out(env, layout, generator.choice(5, len(ROUTE), p=chances).tolist()))
    keys = ("police", "lights", "red", "waiting", "actions")
    asked = "\n".join(json.dumps({key: trace[key] for key in keys}) for trace in traces)
    output = subprocess.run([program, "trace"], input=asked, check=True, capture_output=True, text=True).stdout
    lines = output.splitlines()
    assert len(lines) == len(traces), f"{len(lines)} traces of {len(traces)} episodes"
    for trace, line in zip(traces, lines):
        ours = json.loads(line)
        np.testing.assert_allclose(trace["obs"], ours["obs"], rtol=0, atol=1e-5, err_msg=line)
        for key in ("reward", "terminated", "truncated"):
            assert trace[key] == ours[key], f"{key}: {trace[key]} here, {ours[key]} there, of {line}"
    steps = sum(len(trace["actions"]) for trace in traces)
    early = sum(len(trace["actions"]) < len(ROUTE) for trace in traces)
    print(f"{episodes} episodes ({early} ended early), {steps} steps: the same observations, rewards and endings")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with `daladala trace`")
    parser.add_argument("--program", type=Path, default=PROGRAM, help="the built daladala (default target/release)")
    parser.add_argument("--episodes", type=int, default=2000, help="to compare (default 2000)")
    parser.add_argument("--seed", type=int, default=0, help="of layouts and actions (default 0)")
    arguments = parser.parse_args()
    if not arguments.check:
        parser.error("--check is all that there is to do here")
    if not arguments.program.exists():
        sys.exit(f"error: there is no {arguments.program}: run cargo build --release first")
    check(arguments.program, arguments.episodes, arguments.seed)


if __name__ == "__main__":
    main()
