"""The checker of vector environments: over ours, over Gymnasium's own, and over such as break one thing each."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode

import daladala
from daladala.testing import check_vector_env, vector_env_findings

MODES = list(AutoresetMode)
POPPED = "reset changes the options of its caller: 'reset_mask' is taken out or written to"


@pytest.mark.parametrize("name", ["daladala/City-v0", "daladala/Classic-v0"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("options", [{}, {"copy": False, "terms": True}, {"render_mode": "rgb_array"}, {"threads": 2}])
def test_ours_pass_without_a_warning(name, mode, options):
    check_vector_env(gym.make_vec(name, num_envs=3, autoreset_mode=mode, **options))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["daladala/Classic-v0", "daladala/City-v0"])
def test_ours_pass_where_episodes_are_cut_off(name, mode):
    check_vector_env(gym.make_vec(name, num_envs=4, autoreset_mode=mode, max_episode_steps=5))


def breaches(env):
    return {finding.text for finding in vector_env_findings(env) if finding.is_breach}


@pytest.mark.parametrize("vectorization", ["sync", "async"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.filterwarnings("ignore")
def test_gymnasiums_own_break_what_the_docs_say(vectorization, mode):
    options = {"autoreset_mode": mode}
    env = gym.make_vec("CartPole-v1", num_envs=3, vectorization_mode=vectorization, vector_kwargs=options)
    wanted = {POPPED}
    if vectorization == "async" and mode is AutoresetMode.DISABLED:
        wanted.add("under DISABLED a step is taken although an episode has ended and was not reset")
    assert breaches(env) == wanted


@pytest.mark.filterwarnings("ignore")
def test_gymnasiums_own_cartpole_ignores_masks():
    env = gym.make_vec("CartPole-v1", num_envs=3, vectorization_mode="vector_entry_point")
    assert breaches(env) == {
        "a masked reset changes observations of environments that are not reset",
        "a reset_mask of another length is taken",
        "a reset_mask of integers is taken",
        "a reset_mask that is False everywhere is taken",
        "closed is not set after close",
    }


class Broken(daladala.VectorEnv):
    """Breaks one thing, which a subclass names."""

    def __init__(self, mode=AutoresetMode.SAME_STEP):
        super().__init__(3, "classic", autoreset_mode=mode)

    def spoil(self, result):
        return result

    def step(self, actions):
        return self.spoil(super().step(actions))


class Unbatched(Broken):
    def __init__(self):
        super().__init__()
        self.observation_space = self.single_observation_space


class ModeAsText(Broken):
    def __init__(self):
        super().__init__()
        self.metadata["autoreset_mode"] = "SameStep"


class SaysNextStep(Broken):
    def __init__(self):
        super().__init__()
        self.metadata["autoreset_mode"] = AutoresetMode.NEXT_STEP


class SaysSameStep(Broken):
    def __init__(self):
        super().__init__(AutoresetMode.NEXT_STEP)
        self.metadata["autoreset_mode"] = AutoresetMode.SAME_STEP


class SaysDisabled(Broken):
    def __init__(self):
        super().__init__()
        self.metadata["autoreset_mode"] = AutoresetMode.DISABLED


class IgnoresSeeds(Broken):
    def reset(self, *, seed=None, options=None):
        return super().reset(options=options)


class TakesOptionsApart(Broken):
    def reset(self, *, seed=None, options=None):
        result = super().reset(seed=seed, options=options)
        if options:
            options.clear()
        return result


class ResetsAll(Broken):
    def reset(self, *, seed=None, options=None):
        return super().reset(seed=seed)


class OneArray(Broken):
    kept = None

    def spoil(self, result):
        if self.kept is None:
            self.kept = result[0]
        self.kept[:] = result[0]
        return (self.kept, *result[1:])


class WholeRewards(Broken):
    def spoil(self, result):
        return (result[0], result[1].astype(int), *result[2:])


class FlagsAsNumbers(Broken):
    def spoil(self, result):
        return (*result[:2], result[2].astype(int), *result[3:])


class DoubleObservations(Broken):
    def spoil(self, result):
        return (result[0].astype(np.float64), *result[1:])


class OutOfBounds(Broken):
    def __init__(self):
        super().__init__()
        space = self.observation_space
        self.observation_space = Box(space.low, space.low, dtype=np.float32)


class NotFinite(Broken):
    def spoil(self, result):
        return (result[0], result[1] * np.nan, *result[2:])


class NoMasks(Broken):
    def spoil(self, result):
        return (*result[:4], {name: value for name, value in result[4].items() if not name.startswith("_")})


class NoFinals(Broken):
    def spoil(self, result):
        return (*result[:4], {})


class WritesActions(Broken):
    def step(self, actions):
        result = super().step(actions)
        actions[:] = 0
        return result


class ClosesOnce(Broken):
    def close(self, **kwargs):
        if self.closed:
            raise RuntimeError("closed already")
        super().close(**kwargs)


class FourThings(Broken):
    def spoil(self, result):
        return result[:4]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("broken", "wanted"),
    [
        (Unbatched, "is not single_observation_space batched"),
        (ModeAsText, "not one of gymnasium's AutoresetMode"),
        (SaysNextStep, "the step that begins an episode has a reward or ends it"),
        (SaysSameStep, "infos hold no 'final_obs'"),
        (SaysDisabled, "a step is taken although an episode has ended"),
        (IgnoresSeeds, "twice with one seed gives two beginnings"),
        (TakesOptionsApart, "changes the options of its caller"),
        (ResetsAll, "of environments that are not reset"),
        (OneArray, "overwrites the observations of the one before"),
        (WholeRewards, "rewards are no array of floats"),
        (FlagsAsNumbers, "terminated is no array of bool"),
        (DoubleObservations, "observations of step are float64"),
        (OutOfBounds, "observations of step are not in observation_space"),
        (NotFinite, "a reward is not finite"),
        (NoMasks, "has no mask '_"),
        (NoFinals, "infos hold no 'final_obs'"),
        (WritesActions, "writes into the actions"),
        (ClosesOnce, "a second close raises RuntimeError"),
        (FourThings, "step does not return five things"),
    ],
)
def test_what_is_broken_is_named(broken, wanted):
    with pytest.raises(AssertionError, match="breaks Gymnasium's contract") as raised:
        check_vector_env(broken())
    assert wanted in str(raised.value)
