"""An environment as text, for terminals."""

import json
from typing import Any

from daladala._rules import Rules


def drawn(frame_json: str, rules: Rules) -> str:
    """The route as a line with the bus, stops, lights and police on it, and the figures of the step below it."""
    frame: dict[str, Any] = json.loads(frame_json)
    if not frame:
        return "(no episode has begun)"
    info = rules.info
    cells = [tuple(cell) for cell in info["route"]]
    line = ["·"] * len(cells)

    def mark(where: list[list[int]], sign: str) -> None:
        for cell in where:
            if tuple(cell) in cells:
                line[cells.index(tuple(cell))] = sign

    mark(info["stops"], "s")
    mark(frame["police"], "P")
    for cell, red in zip(frame["lights"], frame["lights_red"], strict=False):
        mark([cell], "R" if red else "g")
    line[frame["route_index"]] = "B"
    action = frame["action"]
    done = "begins" if action is None else rules.actions[action]
    ending = f"  ({frame['ending']})" if frame["ending"] else ""
    return (
        f"{''.join(line)}\n"
        f"step {frame['step']}: {done}  reward {frame['reward']:g}  return {frame['total_reward']:g}{ending}\n"
        f"speed {frame['speed']}  passengers {frame['passengers']}  money {frame['money']} TSh"
        f"  waiting {sum(frame['waiting'])}\n"
    )
