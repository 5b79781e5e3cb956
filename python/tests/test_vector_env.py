"""The contract of Gymnasium's vector environments."""

import copy
import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import daladala

IDS = ["daladala/City-v0", "daladala/Classic-v0"]
MODES = list(AutoresetMode)


def driven(env, steps, seed=0):
    """Steps with random actions; all that each of them brought."""
    generator = np.random.default_rng(seed)
    for _ in range(steps):
        yield env.step(generator.integers(0, env.single_action_space.n, env.num_envs))


@pytest.mark.parametrize("name", IDS)
def test_make_vec_gives_batched_and_single_spaces_and_the_mode(name):
    env = gym.make_vec(name, num_envs=3, vectorization_mode="vector_entry_point")
    assert isinstance(env, daladala.VectorEnv)
    assert env.spec.id == name
    assert env.observation_space.shape == (3, *env.single_observation_space.shape)
    assert env.action_space.shape == (3,)
    assert env.metadata["autoreset_mode"] is env.autoreset_mode is AutoresetMode.NEXT_STEP
    other = gym.make_vec(name, num_envs=2, autoreset_mode=AutoresetMode.SAME_STEP)
    assert env.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP, "metadata are each environment's own"
    assert other.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    observations, _ = env.reset(seed=1)
    assert observations in env.observation_space
    for observations, rewards, terminated, truncated, infos in driven(env, 200):
        assert observations in env.observation_space
        assert (rewards.dtype, terminated.dtype, truncated.dtype) == (np.float64, bool, bool)
        assert "episode" not in infos
    env.close()
    env.close()


def test_the_module_form_of_the_name_is_known():
    assert gym.make("daladala:daladala/City-v0").unwrapped.actions
    assert gym.make_vec("daladala:daladala/Classic-v0", num_envs=2).num_envs == 2


def equal(left, right):
    """Whether two infos hold the same."""
    assert left.keys() == right.keys()
    for key, value in left.items():
        if isinstance(value, dict):
            equal(value, right[key])
        elif value.dtype == object:
            rows = [(a, b) for a, b in zip(value, right[key], strict=True) if a is not None]
            assert all(np.array_equal(a, b) for a, b in rows), key
        else:
            np.testing.assert_array_equal(value, right[key], err_msg=key)


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_it_does_what_gymnasiums_own_does_with_single_environments(name, mode):
    ours = gym.make_vec(name, num_envs=5, autoreset_mode=mode, terms=True)
    theirs = SyncVectorEnv([lambda: gym.make(name)] * 5, autoreset_mode=mode)
    seeds = [3, 1, 4, 1, 5]
    np.testing.assert_array_equal(ours.reset(seed=seeds)[0], theirs.reset(seed=seeds)[0])
    generator = np.random.default_rng(0)
    ended = 0
    for _ in range(400):
        actions = generator.integers(0, ours.single_action_space.n, 5)
        mine, other = ours.step(actions), theirs.step(actions)
        for left, right in zip(mine[:4], other[:4], strict=True):
            np.testing.assert_array_equal(left, right)
        over = mine[2] | mine[3]
        ended += over.sum()
        for name_of, column in other[4].get("final_info", other[4]).items():
            if name_of.startswith("episode_") or name_of in ("ending", "money"):
                np.testing.assert_array_equal(mine[4].get("final_info", mine[4])[name_of], column)
        np.testing.assert_array_equal("_ending" in mine[4].get("final_info", mine[4]), bool(over.any()))
        if mode is AutoresetMode.SAME_STEP and over.any():
            assert mine[4]["final_obs"].dtype == np.float32
            for index in np.flatnonzero(over):
                np.testing.assert_array_equal(mine[4]["final_obs"][index], other[4]["final_obs"][index])
            np.testing.assert_array_equal(mine[4]["_final_obs"], over)
    assert ended > 5


@pytest.mark.parametrize("mode", MODES)
def test_max_episode_steps_are_honoured(mode):
    env = gym.make_vec("daladala/Classic-v0", num_envs=4, max_episode_steps=7, autoreset_mode=mode)
    env.reset(seed=0)
    for step in range(1, 8):
        _, _, terminated, truncated, infos = env.step(np.full(4, 3))
        assert truncated.all() == (step == 7)
        assert not terminated.any()
    told = infos["final_info"] if mode is AutoresetMode.SAME_STEP else infos
    assert told["episode_length"].tolist() == [7] * 4
    if mode is AutoresetMode.DISABLED:
        with pytest.raises(gym.error.ResetNeeded):
            env.step(np.full(4, 3))
        env.reset(options={"reset_mask": np.ones(4, dtype=bool)})
    elif mode is AutoresetMode.NEXT_STEP:
        _, rewards, terminated, truncated, infos = env.step(np.full(4, 0))
        assert not (rewards.any() or terminated.any() or truncated.any())
        np.testing.assert_array_equal(env.observe(), env.reset(options={"layouts": env.layouts()})[0])
    for _ in range(6):
        assert not env.step(np.full(4, 3))[3].any()
    assert env.step(np.full(4, 3))[3].all()


def test_a_seed_gives_the_same_episodes_and_seeds_in_a_list_those_of_single_environments():
    env, other = (gym.make_vec("daladala/City-v0", num_envs=3) for _ in range(2))
    np.testing.assert_array_equal(env.reset(seed=5)[0], other.reset(seed=5)[0])
    assert not np.array_equal(env.reset(seed=5)[0], env.reset(seed=6)[0])
    assert not np.array_equal(env.reset()[0], env.reset()[0])
    assert not np.array_equal(gym.make_vec("daladala/City-v0").reset()[0], gym.make_vec("daladala/City-v0").reset()[0])
    rows = env.reset(seed=[7, None, np.int64(9)])[0]
    single = gym.make("daladala/City-v0")
    np.testing.assert_array_equal(rows[0], single.reset(seed=7)[0])
    np.testing.assert_array_equal(rows[2], single.reset(seed=9)[0])
    assert env.np_random_seed == 7


def test_a_masked_reset_leaves_the_others_and_the_callers_options_alone():
    env = gym.make_vec("daladala/City-v0", num_envs=4)
    env.reset(seed=0)
    for observations, *_ in driven(env, 10):
        pass
    mask = np.array([False, True, False, True])
    layouts = env.layouts()
    options = {"reset_mask": mask, "layouts": [None, layouts[0], None, None]}
    rows, _ = env.reset(options=options)
    assert options.keys() == {"reset_mask", "layouts"}
    np.testing.assert_array_equal(rows[~mask], observations[~mask])
    assert not np.array_equal(rows[mask], observations[mask])
    assert env.layouts()[1] == layouts[0]
    assert env.layouts()[2] == layouts[2]


def test_arrays_are_the_callers_own_unless_asked_otherwise():
    env = gym.make_vec("daladala/City-v0", num_envs=3)
    env.reset(seed=0)
    steps = list(driven(env, 4))
    kept = [step[0].copy() for step in steps]
    env.step(np.zeros(3, dtype=np.int64))
    for step, same in zip(steps, kept, strict=True):
        np.testing.assert_array_equal(step[0], same)
        assert step[0].flags.writeable
        assert np.from_dlpack(step[0]).shape == step[0].shape
        step[1][:] = 9
    shared = gym.make_vec("daladala/City-v0", num_envs=3, copy=False)
    first = shared.reset(seed=0)[0]
    given = [step[0] for step in driven(shared, 4)]
    assert given[0] is not given[1]
    assert given[0] is given[2]
    assert first is given[1]
    np.testing.assert_array_equal(given[3], kept[3])
    np.testing.assert_array_equal(given[2], kept[2])


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.int16, np.uint64, ">i4"])
def test_integers_of_any_type_and_stride_are_actions(dtype):
    env, other = (gym.make_vec("daladala/Classic-v0", num_envs=4) for _ in range(2))
    env.reset(seed=1), other.reset(seed=1)
    actions = np.array([4, 0, 3, 4])
    spread = np.zeros(8, dtype=dtype)
    spread[::2] = actions
    for given in (actions.astype(dtype), spread[::2]):
        np.testing.assert_array_equal(env.step(given)[0], other.step(actions)[0])
    np.testing.assert_array_equal(env.step(actions.tolist())[0], other.step(actions)[0])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("limit", [None, 5])
def test_copies_and_pickles_go_on_as_the_original(mode, limit):
    env = gym.make_vec("daladala/Classic-v0", num_envs=3, autoreset_mode=mode, max_episode_steps=limit)
    env.reset(seed=2)
    for _ in driven(env, 3):
        pass
    copies = [copy.deepcopy(env), pickle.loads(pickle.dumps(env))]
    # NEXT_STEP is the mode in which an episode that was cut off has yet to begin anew.
    steps = 2 if mode is AutoresetMode.DISABLED else 40
    wanted = list(driven(env, steps))
    for same in copies:
        for left, right in zip(driven(same, steps), wanted, strict=True):
            for one, other in zip(left[:4], right[:4], strict=True):
                np.testing.assert_array_equal(one, other)
            equal(left[4], right[4])


def test_a_snapshot_branches_off():
    env = gym.make_vec("daladala/City-v0", num_envs=2)
    env.reset(seed=3)
    env.restore([1], [env.snapshot(0)])
    observations = env.step(np.array([1, 1]))[0]
    np.testing.assert_array_equal(observations[0], observations[1])


def test_scenarios_and_fields_are_taken_by_name(tmp_path):
    env = gym.make_vec("daladala/City-v0", num_envs=2, scenario="night", overrides={"police.inspect": 0.3})
    assert "night" in env.rules_info["scenario"]
    assert "0.3" in env.rules_info["scenario"]


def test_pictures_and_texts_are_drawn_of_each():
    env = gym.make_vec("daladala/City-v0", num_envs=2, render_mode="rgb_array")
    env.reset(seed=0)
    env.step(np.array([0, 1]))
    pictures = env.render()
    assert [picture.shape for picture in pictures] == [(540, 960, 3)] * 2
    texts = gym.make_vec("daladala/Classic-v0", num_envs=2, render_mode="ansi")
    texts.reset(seed=0)
    assert all("step 0" in text for text in texts.render())


def test_threads_change_nothing():
    one, two = (gym.make_vec("daladala/City-v0", num_envs=2048, threads=threads) for threads in (1, 2))
    one.reset(seed=0), two.reset(seed=0)
    for left, right in zip(driven(one, 20), driven(two, 20), strict=True):
        np.testing.assert_array_equal(left[0], right[0])


def test_gymnasiums_wrappers_take_it():
    env = gym.wrappers.vector.RecordEpisodeStatistics(gym.make_vec("daladala/Classic-v0", num_envs=4))
    env.reset(seed=0)
    told = [step[4]["episode"] for step in driven(env, 120) if "episode" in step[4]]
    assert told
