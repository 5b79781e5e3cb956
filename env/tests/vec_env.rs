//! The engine's promises, over whatever it is asked to run.

use daladala_env::rules::{Classic, ClassicLayout, ClassicState};
use daladala_env::{
    Autoreset, Batch, Buffers, EnvError, EpisodeStats, Generator, ResetOptions, RuleSet, RuleSpec, Rules, ScalarBatch,
    Seeds, Snapshot, VecEnv, VecEnvConfig,
};
use proptest::prelude::*;

fn env(envs: usize, config: VecEnvConfig) -> (VecEnv<Classic>, Buffers) {
    let mut env = VecEnv::new(Classic, envs, config);
    let mut buffers = Buffers::for_env(&env);
    env.reset(&mut buffers.observations);
    (env, buffers)
}

fn actions(envs: usize, step: usize, first: usize) -> Vec<u8> {
    (0..envs).map(|index| (((index + first) * 7 + step * 3 + (index + first) * step) % 5) as u8).collect()
}

proptest! {
    #[test]
    fn a_trajectory_does_not_depend_on_the_environments_beside_it(
        seed: u64, envs in 1usize..40, split in 0usize..40, steps in 1usize..70,
    ) {
        let split = split.min(envs);
        let config = VecEnvConfig { seed, ..VecEnvConfig::default() };
        let (mut whole, mut rows) = env(envs, config);
        let (mut left, mut left_rows) = env(split, config);
        let (mut right, mut right_rows) = env(envs - split, VecEnvConfig { first_index: split as u64, ..config });
        for step in 0..steps {
            whole.step(&actions(envs, step, 0), rows.as_step()).unwrap();
            left.step(&actions(split, step, 0), left_rows.as_step()).unwrap();
            right.step(&actions(envs - split, step, split), right_rows.as_step()).unwrap();
            prop_assert_eq!(&rows.observations, &[&left_rows.observations[..], &right_rows.observations].concat());
            prop_assert_eq!(&rows.rewards, &[&left_rows.rewards[..], &right_rows.rewards].concat());
            prop_assert_eq!(&rows.terminated, &[&left_rows.terminated[..], &right_rows.terminated].concat());
        }
    }

    #[test]
    fn observations_stay_within_their_bounds(seed: u64, steps in 1usize..90) {
        let (mut env, mut rows) = env(16, VecEnvConfig { seed, ..VecEnvConfig::default() });
        let features = Classic.spaces().observation;
        for step in 0..steps {
            env.step(&actions(16, step, 0), rows.as_step()).unwrap();
            for row in rows.observations.chunks_exact(features.len()) {
                for (value, feature) in row.iter().zip(&features) {
                    prop_assert!((feature.low..=feature.high).contains(value), "{}: {}", feature.name, value);
                }
            }
        }
    }

    #[test]
    fn the_three_autoresets_tell_the_same_episodes(seed: u64) {
        let config = |autoreset| VecEnvConfig { seed, autoreset, ..VecEnvConfig::default() };
        let (mut same, mut same_rows) = env(1, config(Autoreset::SameStep));
        let (mut next, mut next_rows) = env(1, config(Autoreset::NextStep));
        let (mut none, mut none_rows) = env(1, config(Autoreset::Disabled));
        for step in 0..100 {
            let action = actions(1, step, 0);
            same.step(&action, same_rows.as_step()).unwrap();
            next.step(&action, next_rows.as_step()).unwrap();
            none.step(&action, none_rows.as_step()).unwrap();
            prop_assert_eq!(&same_rows.rewards, &next_rows.rewards);
            prop_assert_eq!(&same_rows.rewards, &none_rows.rewards);
            if same_rows.ended(0) {
                prop_assert_eq!(&same_rows.final_observations, &next_rows.observations);
                prop_assert_eq!(&same_rows.final_observations, &none_rows.observations);
                prop_assert_eq!(same.last_episode(0), none.last_episode(0));
                let error = none.step(&action, none_rows.as_step()).unwrap_err();
                prop_assert_eq!(error, EnvError::NeedsReset { index: 0 });
                next.step(&action, next_rows.as_step()).unwrap();
                prop_assert_eq!((next_rows.rewards[0], next_rows.ended(0)), (0.0, false));
                none.reset(&mut none_rows.observations);
            }
            prop_assert_eq!(&same_rows.observations, &next_rows.observations);
            prop_assert_eq!(&same_rows.observations, &none_rows.observations);
        }
    }
}

#[test]
fn bad_input_is_an_error_and_changes_nothing() {
    let (mut env, mut rows) = env(3, VecEnvConfig::default());
    let before: Vec<_> = (0..3).map(|index| env.state(index)).collect();
    let error = env.step(&[0, 5, 0], rows.as_step()).unwrap_err();
    assert_eq!(error, EnvError::InvalidAction { index: 1, action: 5, actions: 5 });
    let error = env.step(&[0, 0], rows.as_step()).unwrap_err();
    assert_eq!(error, EnvError::WrongLength { what: "actions", given: 2, needed: 3 });
    rows.rewards.pop();
    assert!(matches!(env.step(&[0; 3], rows.as_step()), Err(EnvError::WrongLength { what: "rewards", .. })));
    assert!((0..3).all(|index| env.state(index) == before[index]));
}

#[test]
fn a_new_environment_must_be_reset_first() {
    for autoreset in [Autoreset::SameStep, Autoreset::NextStep, Autoreset::Disabled] {
        let mut env = VecEnv::new(Classic, 2, VecEnvConfig { autoreset, ..VecEnvConfig::default() });
        let mut rows = Buffers::for_env(&env);
        assert_eq!(env.step(&[0; 2], rows.as_step()), Err(EnvError::NeedsReset { index: 0 }));
        env.reset_with(&with(Seeds::Continue, Some(&[true, false])), &mut rows.observations).unwrap();
        assert_eq!(env.step(&[0; 2], rows.as_step()), Err(EnvError::NeedsReset { index: 1 }));
        env.reset_with(&with(Seeds::Continue, Some(&[false, true])), &mut rows.observations).unwrap();
        assert_eq!(env.step(&[0; 2], rows.as_step()), Ok(()));
    }
}

#[test]
fn episode_figures_are_the_sums_of_the_steps() {
    let (mut env, mut rows) = env(8, VecEnvConfig::default());
    let mut returns = [0.0; 8];
    let mut ended = 0;
    for step in 0..100 {
        env.step(&actions(8, step, 0), rows.as_step()).unwrap();
        let told: Vec<_> = env.ended_episodes(&rows.terminated, &rows.truncated).collect();
        let expected = (0..8).filter(|&index| rows.ended(index)).map(|index| (index, env.last_episode(index).unwrap()));
        assert_eq!(told, expected.collect::<Vec<_>>());
        for (index, total) in returns.iter_mut().enumerate() {
            *total += rows.rewards[index];
            if rows.ended(index) {
                assert_eq!(env.last_episode(index).unwrap().episode_return, *total);
                *total = 0.0;
                ended += 1;
            }
        }
    }
    assert!(ended >= 24);
}

#[test]
fn a_frame_tells_the_step_and_the_layout() {
    let (mut env, mut rows) = env(1, VecEnvConfig::default());
    let reset = env.frame(0, 1, None);
    assert_eq!((reset.step, reset.position, reset.action, reset.episode), (0, (0, 14), None, 1));
    env.step(&[4], rows.as_step()).unwrap();
    let transition = daladala_env::Transition { reward: rows.rewards[0], ..daladala_env::Transition::default() };
    let frame = env.frame(0, 1, Some((4, transition)));
    assert_eq!((frame.step, frame.position, frame.route_index, frame.action), (1, (1, 14), 1, Some(4)));
    assert_eq!((frame.reward, frame.total_reward), (rows.rewards[0], rows.rewards[0]));
    assert_eq!((frame.police.len() + frame.lights.len(), frame.waiting.len()), (7, 4));
    let info = env.info();
    assert_eq!((info.frame_fields[0].name.as_str(), frame.own.len()), ("must_stop", 1));
    assert_eq!(info.stops, [(4, 14), (8, 14), (14, 8), (14, 3)]);
}

fn with<'a>(seeds: Seeds<'a>, mask: Option<&'a [bool]>) -> ResetOptions<'a, ClassicLayout> {
    ResetOptions { seeds, mask, layouts: None }
}

#[test]
fn a_list_of_seeds_runs_each_environment_as_the_first_of_its_seed() {
    let (mut listed, mut rows) = env(3, VecEnvConfig::default());
    listed.reset_with(&with(Seeds::Each(&[Some(7), None, Some(9)]), None), &mut rows.observations).unwrap();
    for (index, seed) in [(0, 7), (2, 9)] {
        let (alone, alone_rows) = env(1, VecEnvConfig { seed, ..VecEnvConfig::default() });
        assert_eq!(listed.snapshot(index), alone.snapshot(0));
        assert_eq!(rows.observations[index * 14..][..14], alone_rows.observations);
    }
}

#[test]
fn one_seed_begins_the_run_again() {
    let (mut again, mut rows) = env(5, VecEnvConfig { seed: 1, ..VecEnvConfig::default() });
    for step in 0..40 {
        again.step(&actions(5, step, 0), rows.as_step()).unwrap();
    }
    again.reset_with(&with(Seeds::One(4), None), &mut rows.observations).unwrap();
    let (fresh, fresh_rows) = env(5, VecEnvConfig { seed: 4, ..VecEnvConfig::default() });
    assert_eq!(rows.observations, fresh_rows.observations);
    assert!((0..5).all(|index| again.state(index) == fresh.state(index)));
}

#[test]
fn a_mask_resets_only_what_it_names() {
    let (mut env, mut rows) = env(4, VecEnvConfig { autoreset: Autoreset::Disabled, ..VecEnvConfig::default() });
    for step in 0..29 {
        env.step(&[0; 4], rows.as_step()).unwrap();
        assert_eq!(rows.ended(0), step == 28);
    }
    let before: Vec<_> = (0..4).map(|index| env.snapshot(index)).collect();
    let observations = rows.observations.clone();
    env.reset_with(&with(Seeds::Continue, Some(&[false, true, false, true])), &mut rows.observations).unwrap();
    for index in [0, 2] {
        assert_eq!(env.snapshot(index), before[index]);
        assert_eq!(rows.observations[index * 14..][..14], observations[index * 14..][..14]);
    }
    assert!([1, 3].iter().all(|&index| env.state(index).steps == 0 && !env.snapshot(index).needs_reset));
    assert_eq!(env.step(&[0; 4], rows.as_step()), Err(EnvError::NeedsReset { index: 0 }));
}

#[test]
fn layouts_can_be_given_to_some_and_asked_for() {
    let (mut env, mut rows) = env(3, VecEnvConfig::default());
    let given = ClassicLayout { police: 1, lights: 2, red: 2, waiting: [40, 30, 20, 10] };
    let options = ResetOptions { layouts: Some(&[None, Some(given), None]), ..ResetOptions::default() };
    env.reset_with(&options, &mut rows.observations).unwrap();
    assert_eq!(env.layout(1), given);
    assert!(env.layout(0) != given && env.layout(0).waiting == [8, 5, 1, 1]);

    let before: Vec<_> = (0..3).map(|index| env.snapshot(index)).collect();
    let bad = ClassicLayout { police: 1 << 29, ..given };
    let options = ResetOptions { layouts: Some(&[None, None, Some(bad)]), ..ResetOptions::default() };
    assert!(matches!(env.reset_with(&options, &mut rows.observations), Err(EnvError::InvalidLayout(_))));
    assert!(env.reset_with(&with(Seeds::Each(&[None]), None), &mut rows.observations).is_err());
    assert!(env.reset_with(&with(Seeds::Continue, Some(&[true])), &mut rows.observations).is_err());
    assert!(env.reset_with(&ResetOptions::default(), &mut [0.0]).is_err());
    assert!((0..3).all(|index| env.snapshot(index) == before[index]), "an error changes nothing");
}

#[test]
fn a_saved_run_goes_on_from_json_as_if_never_interrupted() {
    let (mut run, mut rows) = env(6, VecEnvConfig { seed: 5, ..VecEnvConfig::default() });
    for step in 0..50 {
        run.step(&actions(6, step, 0), rows.as_step()).unwrap();
    }
    let saved: Vec<String> = (0..6).map(|index| serde_json::to_string(&run.snapshot(index)).unwrap()).collect();
    let (mut restored, mut restored_rows) = env(6, VecEnvConfig { seed: 99, ..VecEnvConfig::default() });
    let snapshots: Vec<Snapshot<ClassicState>> = saved.iter().map(|json| serde_json::from_str(json).unwrap()).collect();
    restored.restore(&[0, 1, 2, 3, 4, 5], &snapshots).unwrap();
    restored.observe(&mut restored_rows.observations);
    assert_eq!(restored_rows.observations, rows.observations);
    for step in 50..150 {
        run.step(&actions(6, step, 0), rows.as_step()).unwrap();
        restored.step(&actions(6, step, 0), restored_rows.as_step()).unwrap();
        assert_eq!(restored_rows.observations, rows.observations);
        assert_eq!(restored_rows.rewards, rows.rewards);
    }
}

#[test]
fn a_snapshot_that_no_run_makes_is_refused() {
    let (mut env, _) = env(2, VecEnvConfig::default());
    let good = env.snapshot(0);
    let with = |change: fn(&mut ClassicState)| {
        let mut bad = good.clone();
        change(&mut bad.state);
        [good.clone(), bad]
    };
    for bad in [
        with(|state| state.position = 29),
        with(|state| state.passengers = 51),
        with(|state| state.speed = 4),
        with(|state| state.paid = 255),
        with(|state| state.steps = 29),
        with(|state| state.crashed = true),
        with(|state| (state.position, state.steps) = (28, 29)),
        with(|state| state.layout.red = !0),
    ] {
        assert!(env.restore(&[0, 1], &bad).is_err());
    }
    let ended = EpisodeStats { episode_return: 1.0, length: 2, ending: 0, figures: [0.0; 5].into_iter().collect() };
    let bad = |last: EpisodeStats| [good.clone(), Snapshot { last_episode: Some(last), ..good.clone() }];
    for last in [
        EpisodeStats { ending: 4, ..ended.clone() },
        EpisodeStats { episode_return: f32::NAN, ..ended.clone() },
        EpisodeStats { figures: [0.0; 4].into_iter().collect(), ..ended.clone() },
        EpisodeStats { figures: [f32::INFINITY; 5].into_iter().collect(), ..ended.clone() },
    ] {
        assert!(env.restore(&[0, 1], &bad(last)).is_err());
    }
    assert_eq!(env.restore(&[1], &bad(ended)[1..]), Ok(()));
    assert!(serde_json::from_str::<Generator>("[0,0,0,0]").is_err());
    assert_eq!(env.restore(&[2], std::slice::from_ref(&good)), Err(EnvError::NoSuchEnvironment { index: 2, envs: 2 }));
    assert!(matches!(env.restore(&[0], &[]), Err(EnvError::WrongLength { .. })));
    assert_eq!(env.snapshot(0), good);
}

#[test]
fn masks_tell_where_passengers_can_get_on_and_off() {
    let (mut env, mut rows) = env(1, VecEnvConfig::default());
    let mut masks = [0];
    for cell in 0..29 {
        env.action_masks(&mut masks);
        let at_stop = [4, 8, 20, 25].contains(&cell);
        let open = [true, at_stop, at_stop && cell > 4, true, true];
        assert_eq!([0, 1, 2, 3, 4].map(|action| masks[0] >> action & 1 == 1), open, "cell {cell}");
        env.step(&[u8::from(at_stop)], rows.as_step()).unwrap();
    }
}

/// Whoever asks for these in every step must not pay for memory.
#[test]
fn what_is_lent_every_step_costs_no_allocation() {
    fn allocations<B: Batch<Classic>>(mut env: VecEnv<Classic, B>) -> u64 {
        let envs = env.envs();
        let mut rows = Buffers::for_env(&env);
        env.reset(&mut rows.observations);
        let (mut masks, mut figures) = (vec![0; envs], [0.0; 5]);
        let mut ended = 0;
        let actions: Vec<_> = (0..40).map(|step| actions(envs, step, 0)).collect();
        let counted = allocation_counter::measure(|| {
            for actions in &actions {
                env.step(actions, rows.as_step()).unwrap();
                env.observe(&mut rows.observations);
                env.action_masks(&mut masks);
                env.figures(envs - 1, &mut figures);
                let _ = (env.layout(0), env.episode_return(0), env.state(0));
                ended += env.ended_episodes(&rows.terminated, &rows.truncated).count();
            }
        });
        assert!(ended >= envs);
        counted.count_total
    }
    let config = VecEnvConfig::default();
    assert_eq!(allocations(VecEnv::new(Classic, 70, config)), 0);
    assert_eq!(allocations(VecEnv::<_, ScalarBatch<_>>::with_batch(Classic, 70, config)), 0);
}

/// Whoever knows the rules by name alone gets the same rows, and errors instead of panics for JSON that is none of theirs.
#[test]
fn an_environment_without_its_type_does_what_the_typed_one_does() {
    let config = VecEnvConfig { seed: 9, ..VecEnvConfig::default() };
    let (mut typed, mut rows) = env(3, config);
    let mut any = RuleSpec::of(RuleSet::Classic).vec_env(3, config);
    let mut any_rows = Buffers::new(3, any.info());
    any.reset_with(&ResetOptions::default(), &mut any_rows.observations).unwrap();
    let mut saved = Vec::new();
    for step in 0..80 {
        if step == 40 {
            saved = vec![any.snapshot(1), any.snapshot(2)];
        }
        typed.step(&actions(3, step, 0), rows.as_step_with_terms()).unwrap();
        any.step(&actions(3, step, 0), any_rows.as_step_with_terms()).unwrap();
        assert_eq!((&rows.observations, &rows.reward_terms), (&any_rows.observations, &any_rows.reward_terms));
        assert_eq!(typed.last_episode(1), any.last_episode(1));
        assert_eq!(serde_json::to_value(typed.layout(2)).unwrap(), any.layout(2));
        assert_eq!(typed.frame(0, 1, None), any.frame(0, 1, None));
    }
    let mut branch = any.boxed_clone();
    branch.restore(&[2, 1], &saved).unwrap();
    assert_eq!((branch.snapshot(2), branch.snapshot(1)), (saved[0].clone(), saved[1].clone()));
    assert_eq!(any.snapshot(1), serde_json::to_value(typed.snapshot(1)).unwrap());

    let given = serde_json::json!({"police": [3], "lights": [], "red": []});
    let layouts = [None, Some(given), None];
    let options = ResetOptions { layouts: Some(&layouts), ..ResetOptions::default() };
    any.reset_with(&options, &mut any_rows.observations).unwrap();
    assert_eq!(any.layout(1)["police"], serde_json::json!([3]));
    let before = any.snapshot(0);
    for bad in [serde_json::json!({"police": [99], "lights": [], "red": []}), serde_json::json!("a text")] {
        let layouts = [None, None, Some(bad.clone())];
        let options = ResetOptions { layouts: Some(&layouts), ..ResetOptions::default() };
        let refused = any.reset_with(&options, &mut any_rows.observations);
        assert!(matches!(refused, Err(EnvError::InvalidLayout(_))), "{refused:?}");
        assert!(matches!(any.restore(&[0], &[bad]), Err(EnvError::InvalidState(_))));
    }
    assert_eq!(any.snapshot(0), before);
}

#[test]
fn a_shared_batch_runs_as_one_on_one_thread_does() {
    let envs = 40_000;
    let config = VecEnvConfig { seed: 3, ..VecEnvConfig::default() };
    let (mut alone, mut rows) = env(envs, config);
    let (mut shared, mut shared_rows) = env(envs, VecEnvConfig { threads: 2, ..config });
    assert_eq!((alone.threads(), shared.threads()), (1, 2));
    assert_eq!(env(1000, VecEnvConfig { threads: 8, ..config }).0.threads(), 1, "too little work to share");
    for step in 0..64 {
        let actions = actions(envs, step, 0);
        alone.step(&actions, rows.as_step()).unwrap();
        shared.step(&actions, shared_rows.as_step()).unwrap();
        assert!(rows.observations == shared_rows.observations && rows.rewards == shared_rows.rewards);
        assert!(rows.terminated == shared_rows.terminated && rows.final_observations == shared_rows.final_observations);
    }
    for index in [0, 19_999, 20_000, 20_031, 20_032, 39_999] {
        assert_eq!(alone.snapshot(index), shared.snapshot(index));
    }
    let mut actions = actions(envs, 0, 0);
    actions[30_000] = 5;
    let error = shared.step(&actions, shared_rows.as_step()).unwrap_err();
    assert_eq!(error, EnvError::InvalidAction { index: 30_000, action: 5, actions: 5 });
}
