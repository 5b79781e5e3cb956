"""The environments by their names in Gymnasium."""

import gymnasium

IDS = {"daladala/City-v0": "city", "daladala/Classic-v0": "classic"}
"""The rules of each name."""


def register() -> None:
    """Register all of them, once. Rules limit their episodes themselves, so none has `max_episode_steps`."""
    for name, rules in IDS.items():
        if name not in gymnasium.registry:
            gymnasium.register(
                id=name,
                entry_point="daladala.env:Env",
                vector_entry_point="daladala.vector:VectorEnv",
                kwargs={"rules": rules},
            )


def rules_of(name: str) -> str:
    """The rules of a name of Gymnasium (with or without `daladala:` before it), or a name of rules as it is."""
    name = name.removeprefix("daladala:")
    if name in IDS:
        return IDS[name]
    if name in IDS.values():
        return name
    known = ", ".join([*IDS, *IDS.values()])
    raise ValueError(f"there is no environment {name!r}: known are {known}")
