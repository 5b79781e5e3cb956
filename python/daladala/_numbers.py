"""Whole numbers that callers give: what is none, or none that fits, is told in plain words."""

import operator
from typing import SupportsIndex

LARGEST = 2**64 - 1
"""The largest that the native half takes, but where it says otherwise."""


def whole(name: str, value: SupportsIndex, least: int = 1, most: int = LARGEST) -> int:
    """A whole number from `least` to `most`.

    >>> whole("steps", 5)
    5
    >>> whole("steps", -1)
    Traceback (most recent call last):
    ValueError: steps is -1, it has to be 1 at least
    >>> whole("port", 70_000, 0, 65_535)
    Traceback (most recent call last):
    ValueError: port is 70000, it has to be 0 to 65535
    >>> whole("steps", 1.5)
    Traceback (most recent call last):
    TypeError: steps is of the type float, needed is a whole number
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is of the type {type(value).__name__}, needed is a whole number") from None
    if least <= number <= most:
        return number
    allowed = f"{least} at least" if most >= LARGEST and number < least else f"{least} to {most}"
    raise ValueError(f"{name} is {number}, it has to be {allowed}")


def seed_of(seed: SupportsIndex) -> int:
    """A seed that the engine takes."""
    return whole("the seed", seed, 0)


def index_of(index: SupportsIndex, num_envs: int) -> int:
    """The index of one of `num_envs` environments.

    Raises:
        IndexError: If there is no such environment.
    """
    try:
        return whole("index", index, 0, num_envs - 1)
    except ValueError:
        message = f"there is no environment {operator.index(index)}: there are {num_envs}, numbered from 0"
        raise IndexError(message) from None
