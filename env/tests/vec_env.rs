//! The engine's promises, over whatever it is asked to run.

use daladala_env::rules::Classic;
use daladala_env::{Autoreset, Buffers, EnvError, Rules, VecEnv, VecEnvConfig};
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
                for (value, feature) in row.iter().zip(features) {
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
    let mut env = VecEnv::new(Classic, 1, VecEnvConfig::default());
    let mut rows = Buffers::for_env(&env);
    assert_eq!(env.step(&[0], rows.as_step()), Err(EnvError::NeedsReset { index: 0 }));
}

#[test]
fn episode_figures_are_the_sums_of_the_steps() {
    let (mut env, mut rows) = env(8, VecEnvConfig::default());
    let mut returns = [0.0; 8];
    let mut ended = 0;
    for step in 0..100 {
        env.step(&actions(8, step, 0), rows.as_step()).unwrap();
        for (index, total) in returns.iter_mut().enumerate() {
            *total += rows.rewards[index];
            if rows.ended(index) {
                assert_eq!(env.last_episode(index).episode_return, *total);
                *total = 0.0;
                ended += 1;
            }
        }
    }
    assert!(ended >= 24);
}

#[test]
fn a_frame_has_the_fields_of_the_original() {
    let (mut env, mut rows) = env(1, VecEnvConfig::default());
    env.step(&[4], rows.as_step()).unwrap();
    let transition = daladala_env::Transition { reward: rows.rewards[0], terminated: false, truncated: false };
    let frame = serde_json::to_value(env.frame(0, 1, Some((4, transition)))).unwrap();
    let fields = "step position passengers capacity money speed light_red police_here must_stop fined hazards \
                  police_checkpoints traffic_lights traffic_light_states high_demand_stops light_cycle episode action \
                  reward total_reward terminated x y pos_x pos_y";
    for field in fields.split_whitespace() {
        assert!(!frame[field].is_null(), "{field} is missing in {frame}");
    }
    assert_eq!(frame["position"], serde_json::json!([1, 14]));
    assert_eq!(frame["action_name"], "Speed up");
    assert_eq!(frame["hazards"].as_array().unwrap().len(), 7);
    assert!(frame["hazards"][0][2] == "police" && frame["hazards"][6][2] == "trafficLight");
    let back: daladala_env::StateFrame = serde_json::from_value(frame).unwrap();
    assert_eq!(back.position, (1, 14));
}
