"""What the checker of vector environments looks at. Each check gets the environment and notes what it finds."""

import copy
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import Space, vector
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space, iterate

VectorEnv = vector.VectorEnv[Any, Any, Any]

ENOUGH_ENDED = 6
"""Episodes that have to end before steps are enough: some of each environment's, where there are few."""


@dataclass(frozen=True)
class Finding:
    """Something about an environment that is not as people expect it."""

    text: str
    is_breach: bool
    """Whether Gymnasium says that it has to be otherwise."""


@dataclass
class Report:
    """What has been found so far, each thing once."""

    found: list[Finding] = field(default_factory=list)

    def note(self, text: str, *, is_breach: bool = True) -> None:
        """Note a finding."""
        finding = Finding(text, is_breach)
        if finding not in self.found:
            self.found.append(finding)

    def expect(self, holds: bool, text: str) -> bool:
        """Note a breach unless `holds`, which is returned."""
        if not holds:
            self.note(text)
        return holds

    def advise(self, holds: bool, text: str) -> bool:
        """Note a surprise unless `holds`, which is returned."""
        if not holds:
            self.note(text, is_breach=False)
        return holds

    @contextmanager
    def guarding(self, what: str) -> Generator[None]:
        """Note what is raised as a breach."""
        try:
            yield
        except Exception as error:
            self.note(f"{what} raises {type(error).__name__}: {error}")

    def refuses(self, call: Callable[[], Any], text: str, *, is_breach: bool = True) -> None:
        """Note a finding unless a call raises."""
        try:
            call()
        except Exception:
            return
        self.note(text, is_breach=is_breach)


@dataclass
class Step:
    """What a step brought."""

    observations: Any
    rewards: Any
    terminated: Any
    truncated: Any
    infos: Any

    @property
    def ended(self) -> npt.NDArray[np.bool_]:
        """Where an episode ended."""
        ended: npt.NDArray[np.bool_] = np.logical_or(self.terminated, self.truncated)
        return ended


def findings(env: VectorEnv, steps: int, seed: int) -> list[Finding]:
    """What is found in an environment, which is closed with that."""
    report = Report()
    if not check_declarations(env, report):
        return report.found
    with report.guarding("reset"):
        check_reset(env, report, seed)
    with report.guarding("a seeded reset"):
        check_seeds(env, report, seed)
    with report.guarding("a step"):
        check_steps(env, report, steps, seed)
    with report.guarding("a reset with reset_mask"):
        check_masked_reset(env, report, seed)
    with report.guarding("render"):
        check_render(env, report)
    check_refusals(env, report, seed)
    check_close(env, report)
    return report.found


def check_declarations(env: VectorEnv, report: Report) -> bool:
    """Spaces and metadata. Without them nothing else can be judged."""
    given: Any = env
    report.expect(isinstance(given, vector.VectorEnv), f"{type(given).__name__} is no gymnasium.vector.VectorEnv")
    names = ("num_envs", "observation_space", "action_space", "single_observation_space", "single_action_space")
    missing = [name for name in names if not hasattr(env, name)]
    if not report.expect(not missing, f"there is no attribute {', '.join(missing)}"):
        return False
    report.expect(isinstance(given.num_envs, int) and given.num_envs > 0, f"num_envs is {given.num_envs!r}")
    for name in ("observation_space", "action_space"):
        single: Space[Any] = getattr(env, f"single_{name}")
        report.expect(
            getattr(env, name) == batch_space(single, env.num_envs),
            f"{name} is not single_{name} batched: {getattr(env, name)} of {single}",
        )
    mode = env.metadata.get("autoreset_mode")
    report.expect(
        isinstance(mode, AutoresetMode), f"metadata['autoreset_mode'] is {mode!r}, not one of gymnasium's AutoresetMode"
    )
    report.advise(
        env.metadata is not type(env).metadata,
        "metadata are the class's: what one environment writes into them, all others get",
    )
    if env.render_mode is not None:
        modes = env.metadata.get("render_modes", [])
        report.expect(env.render_mode in modes, f"render_mode {env.render_mode!r} is not in metadata['render_modes']")
    return True


def check_observations(env: VectorEnv, report: Report, observations: Any, where: str) -> None:
    """Whether observations are of the batched space."""
    space = env.observation_space
    given, needed = getattr(observations, "dtype", None), space.dtype
    if needed is not None and given is not None:
        report.expect(given == needed, f"observations of {where} are {given}, the space is {needed}")
    report.expect(space.contains(observations), f"observations of {where} are not in observation_space")


def check_infos(env: VectorEnv, report: Report, infos: Any, where: str) -> None:
    """Whether infos are a dict of batches, each with a mask of the same name after an underscore."""
    if not report.expect(isinstance(infos, dict), f"infos of {where} are a {type(infos).__name__}, not a dict"):
        return
    report.advise("episode" not in infos, "infos hold 'episode', at which RecordEpisodeStatistics raises")
    for name, value in infos.items():
        if name.startswith("_") and name[1:] in infos:
            fits = isinstance(value, np.ndarray) and value.dtype == np.bool_ and value.shape == (env.num_envs,)
            report.expect(fits, f"infos[{name!r}] of {where} is no mask: bool ({env.num_envs},)")
            continue
        report.expect(f"_{name}" in infos, f"infos[{name!r}] of {where} has no mask '_{name}'")
        if isinstance(value, dict):
            check_infos(env, report, value, f"{name} of {where}")
        else:
            shape = np.shape(value)
            report.expect(shape[:1] == (env.num_envs,), f"infos[{name!r}] of {where} has the shape {shape}")


def check_reset(env: VectorEnv, report: Report, seed: int) -> None:
    """What a reset brings."""
    result: Any = env.reset(seed=seed)
    if not report.expect(isinstance(result, tuple) and len(result) == 2, "reset does not return (observations, infos)"):
        return
    check_observations(env, report, result[0], "reset")
    check_infos(env, report, result[1], "reset")


def check_seeds(env: VectorEnv, report: Report, seed: int) -> None:
    """That a seed brings the same back, and another one something else."""
    env.action_space.seed(seed)
    actions = [env.action_space.sample() for _ in range(20)]

    def trajectory() -> list[Any]:
        first, _ = env.reset(seed=seed)
        brought = [copy.deepcopy(first)]
        for given in actions:
            step = Step(*env.step(given))
            brought.append(copy.deepcopy((step.observations, step.rewards, step.terminated, step.truncated)))
            if mode_of(env) is AutoresetMode.DISABLED and step.ended.any():
                break
        return brought

    first, second = trajectory(), trajectory()
    report.expect(data_equivalence(first[0], second[0]), "reset(seed=…) twice with one seed gives two beginnings")
    report.expect(
        data_equivalence(first[0], second[0]) and data_equivalence(first, second),
        "one seed and the same actions give two trajectories",
    )
    other = copy.deepcopy(env.reset(seed=seed + 1)[0])
    report.advise(not data_equivalence(first[0], other), "two seeds begin alike: the seed may be ignored")
    rows = list(iterate(env.observation_space, first[0]))
    alike = env.num_envs > 1 and all(data_equivalence(rows[0], row) for row in rows[1:])
    report.advise(not alike, "under one seed all environments begin alike")
    env.reset(seed=seed)
    unseeded = copy.deepcopy(env.reset()[0])
    report.advise(not data_equivalence(first[0], unseeded), "reset() after reset(seed=…) begins as that did")
    listed: Any = [seed + 7] * env.num_envs
    try:
        rows = list(iterate(env.observation_space, copy.deepcopy(env.reset(seed=listed)[0])))
    except Exception as error:
        report.note(f"reset takes no list of seeds: {type(error).__name__}: {error}", is_breach=False)
        return
    same = all(data_equivalence(rows[0], row) for row in rows[1:])
    report.expect(same, "environments that are given the same seed in a list begin differently")


def check_steps(env: VectorEnv, report: Report, steps: int, seed: int) -> None:
    """What steps bring, and what follows the end of an episode."""
    mode = mode_of(env)
    env.action_space.seed(seed)
    env.reset(seed=seed)
    before: Step | None = None
    kept: Step | None = None
    over = np.zeros(env.num_envs, dtype=np.bool_)
    ended = 0
    for _ in range(steps):
        actions = env.action_space.sample()
        given = copy.deepcopy(actions)
        result: Any = env.step(actions)
        if not report.expect(isinstance(result, tuple) and len(result) == 5, "step does not return five things"):
            return
        step = Step(*result)
        report.expect(data_equivalence(actions, given), "step writes into the actions that it is given")
        check_step(env, report, step)
        check_kept(env, report, before, kept)
        before, kept = step, copy.deepcopy(step)
        check_after_end(report, mode, step, over)
        if mode is AutoresetMode.SAME_STEP:
            check_final(env, report, step)
        over = step.ended.copy()
        ended += int(over.sum())
        if mode is AutoresetMode.DISABLED and over.any():
            report.refuses(
                lambda: env.step(env.action_space.sample()),
                "under DISABLED a step is taken although an episode has ended and was not reset",
            )
            env.reset(options={"reset_mask": over.copy()})
            over[:] = False
            before = kept = None
        if ended >= ENOUGH_ENDED:
            return
    report.advise(ended > 0, f"no episode ended in {steps} steps: what follows an end was not judged")


def check_step(env: VectorEnv, report: Report, step: Step) -> None:
    """Shapes and dtypes."""
    shape = (env.num_envs,)
    check_observations(env, report, step.observations, "step")
    for name, value in (("terminated", step.terminated), ("truncated", step.truncated)):
        fits = isinstance(value, np.ndarray) and value.dtype == np.bool_ and value.shape == shape
        report.expect(fits, f"{name} is no array of bool {shape}")
    rewards = step.rewards
    fits = isinstance(rewards, np.ndarray) and rewards.dtype.kind == "f" and rewards.shape == shape
    if report.expect(fits, f"rewards are no array of floats {shape}"):
        report.expect(bool(np.isfinite(rewards).all()), "a reward is not finite")
    check_infos(env, report, step.infos, "step")


def check_kept(env: VectorEnv, report: Report, before: Step | None, kept: Step | None) -> None:
    """That a step leaves alone what the one before it handed out."""
    if before is None or kept is None or not getattr(env.unwrapped, "copy", True):
        return
    for name, given in vars(before).items():
        report.expect(data_equivalence(given, getattr(kept, name)), f"a step overwrites the {name} of the one before")


def check_after_end(report: Report, mode: Any, step: Step, over: npt.NDArray[np.bool_]) -> None:
    """What NEXT_STEP brings in the step after an end, and what is told under which mode."""
    if mode is AutoresetMode.NEXT_STEP and over.any():
        idle = not np.asarray(step.rewards)[over].any() and not step.ended[over].any()
        report.expect(idle, "under NEXT_STEP the step that begins an episode has a reward or ends it")
    told = isinstance(step.infos, dict) and "final_obs" in step.infos
    report.advise(
        mode is AutoresetMode.SAME_STEP or not told, f"infos hold 'final_obs' under {mode}, which is for SAME_STEP"
    )


def check_final(env: VectorEnv, report: Report, step: Step) -> None:
    """What SAME_STEP tells of episodes that have ended."""
    ended, infos = step.ended, step.infos
    if not ended.any():
        told = infos.get("_final_obs", ended)
        report.expect(not np.any(told), "under SAME_STEP '_final_obs' is set where no episode has ended")
        return
    for name in ("final_obs", "final_info"):
        if not report.expect(name in infos, f"under SAME_STEP infos hold no {name!r} where an episode ends"):
            return
        mask = infos.get(f"_{name}")
        report.expect(mask is not None and np.array_equal(mask, ended), f"'_{name}' is not where episodes ended")
    rows = list(iterate(env.observation_space, step.observations))
    for index in np.flatnonzero(ended):
        last = final_row(infos["final_obs"], int(index))
        if not report.expect(env.single_observation_space.contains(last), "a final_obs is not in the space"):
            continue
        report.advise(
            not data_equivalence(last, rows[index]),
            "under SAME_STEP an observation is its final_obs: the next episode may not have begun",
        )


def final_row(final: Any, index: int) -> Any:
    """The final observation of one environment, however they are batched."""
    if isinstance(final, dict):
        return {name: final_row(part, index) for name, part in final.items()}
    if isinstance(final, tuple):
        return tuple(final_row(part, index) for part in final)
    return final[index]


def check_masked_reset(env: VectorEnv, report: Report, seed: int) -> None:
    """That a masked reset leaves the others and the caller's options alone."""
    env.reset(seed=seed)
    before = copy.deepcopy(env.step(env.action_space.sample())[0])
    mask = np.zeros(env.num_envs, dtype=np.bool_)
    mask[0] = True
    options: dict[str, Any] = {"reset_mask": mask}
    try:
        after, infos = env.reset(options=options)
    except Exception as error:
        report.note(f"reset takes no options['reset_mask']: {type(error).__name__}: {error}")
        return
    untouched = options.keys() == {"reset_mask"} and options["reset_mask"] is mask and mask.sum() == 1
    report.expect(untouched, "reset changes the options of its caller: 'reset_mask' is taken out or written to")
    check_observations(env, report, after, "a masked reset")
    check_infos(env, report, infos, "a masked reset")
    rows = zip(iterate(env.observation_space, before), iterate(env.observation_space, after), strict=True)
    kept = [data_equivalence(old, new) for old, new in rows]
    report.expect(all(kept[1:]), "a masked reset changes observations of environments that are not reset")
    report.advise(not kept[0], "a masked reset leaves the observation of the environment that it resets as it was")


def check_render(env: VectorEnv, report: Report) -> None:
    """One picture or text an environment."""
    if env.render_mode not in ("rgb_array", "ansi"):
        return
    drawn: Any = env.render()
    fits = isinstance(drawn, tuple | list) and len(drawn) == env.num_envs
    report.expect(fits, f"render under {env.render_mode!r} gives no sequence of {env.num_envs}")
    if fits and env.render_mode == "rgb_array":
        fits = all(isinstance(one, np.ndarray) and one.dtype == np.uint8 and one.ndim == 3 for one in drawn)
        report.expect(fits, "a picture is no uint8 (height, width, channels)")


def check_refusals(env: VectorEnv, report: Report, seed: int) -> None:
    """That mistakes are told. They come last: not every environment goes on after one."""
    short: Any = [seed] * (env.num_envs + 1)
    report.refuses(lambda: env.reset(seed=short), "a list of seeds of another length is taken", is_breach=False)
    masks = {
        "of another length": np.ones(env.num_envs + 1, dtype=np.bool_),
        "of integers": np.ones(env.num_envs, dtype=np.int64),
        "that is False everywhere": np.zeros(env.num_envs, dtype=np.bool_),
    }
    for what, mask in masks.items():
        reset = partial(env.reset, options={"reset_mask": mask})
        report.refuses(reset, f"a reset_mask {what} is taken")
    with report.guarding("a reset after a mistake"):
        env.reset(seed=seed)
        wrong = batch_space(env.single_action_space, env.num_envs + 1).sample()
        report.refuses(lambda: env.step(wrong), "actions for more environments than there are are taken")


def check_close(env: VectorEnv, report: Report) -> None:
    """That closing twice is as good as once, and final."""
    with report.guarding("close"):
        env.close()
        report.expect(env.closed, "closed is not set after close")
    with report.guarding("a second close"):
        env.close()
    report.refuses(lambda: env.reset(), "reset goes on after close", is_breach=False)


def mode_of(env: VectorEnv) -> Any:
    """The autoreset mode that an environment declares."""
    return env.metadata.get("autoreset_mode")
