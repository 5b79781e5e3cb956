"""Checks that vector environments keep to the contract of Gymnasium 1.4: any environment's, not ours alone."""

import warnings
from typing import Any

from gymnasium import vector

from daladala._vector_checks import Finding, findings

__all__ = ["Finding", "check_vector_env", "vector_env_findings"]


def check_vector_env(env: "vector.VectorEnv[Any, Any, Any]", *, steps: int = 1000, seed: int = 0) -> None:
    """Drive a vector environment with random actions and judge what it does, as `check_env` does for single ones.

    What is judged: spaces and metadata; shapes, dtypes and bounds; that a seed brings the same back, and that what was
    handed out or handed in is not written to later; infos and their masks; what follows the end of an episode under the
    declared autoreset mode; masked resets; wrong seeds, masks and actions; rendering and closing.

    Args:
        env: A vector environment that nobody else uses. It is closed at the end.
        steps: The most steps that it takes until episodes have ended.
        seed: The seed of the environment and of the actions.

    Raises:
        AssertionError: With a line for each breach of the contract.

    Warns:
        UserWarning: For each thing that the contract leaves open and that will surprise somebody.

    >>> import gymnasium as gym
    >>> check_vector_env(gym.make_vec("daladala/City-v0", num_envs=3))
    """
    found = vector_env_findings(env, steps=steps, seed=seed)
    for finding in found:
        if not finding.is_breach:
            warnings.warn(finding.text, UserWarning, stacklevel=2)
    breaches = [finding.text for finding in found if finding.is_breach]
    if breaches:
        raise AssertionError("\n".join([f"{type(env).__name__} breaks Gymnasium's contract:", *breaches]))


def vector_env_findings(env: "vector.VectorEnv[Any, Any, Any]", *, steps: int = 1000, seed: int = 0) -> "list[Finding]":
    """List what `check_vector_env` finds, in the order in which it looks."""
    return findings(env, steps, seed)
