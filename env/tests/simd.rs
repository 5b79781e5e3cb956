//! The fast batch of the classic rules behind the engine, held equal to the plain one, bit for bit.

use daladala_env::rules::{Classic, ClassicBatch, ClassicLayout, LayoutSpec};
use daladala_env::{Autoreset, Batch, Buffers, Generator, ResetOptions, ScalarBatch, VecEnv, VecEnvConfig};
use proptest::prelude::*;

/// Picking up, picking up and speeding up, and so on to all five.
const ACTIONS: [u8; 8] = [1, 4, 1, 2, 0, 1, 3, 4];

type Plain = ScalarBatch<Classic>;

fn start<B: Batch<Classic>>(envs: usize, config: VecEnvConfig) -> (VecEnv<Classic, B>, Buffers) {
    let mut env = VecEnv::with_batch(Classic, envs, config);
    let mut rows = Buffers::for_env(&env);
    env.reset(&mut rows.observations);
    (env, rows)
}

/// Layouts with hazards on stops and with crowds, which no draw brings.
fn layouts() -> impl Strategy<Value = ClassicLayout> {
    let cells = || prop::collection::btree_set(0u8..29, 0..20);
    (cells(), cells(), any::<u32>(), any::<[u8; 4]>()).prop_map(|(police, lights, colours, waiting)| {
        let red = lights.iter().map(|light| (colours >> light & 1) as u8).collect();
        let spec =
            LayoutSpec { police: police.into_iter().collect(), lights: lights.into_iter().collect(), red, waiting };
        ClassicLayout::try_from(spec).expect("each cell is on the route and named once")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_fast_batch_runs_as_the_plain_one(
        seed: u64,
        envs in prop_oneof![1usize..200, 62usize..67, 126usize..131],
        autoreset in prop_oneof![Just(Autoreset::SameStep), Just(Autoreset::NextStep), Just(Autoreset::Disabled)],
        kinds in 1u32..=8,
        given in prop::collection::vec((0usize..80, layouts()), 0..8),
    ) {
        let config = VecEnvConfig { seed, autoreset, ..VecEnvConfig::default() };
        let (mut plain, mut plain_rows) = start::<Plain>(envs, config);
        let (mut fast, mut fast_rows) = start::<ClassicBatch>(envs, config);
        let mut random = Generator::new(seed, u64::MAX);
        for step in 0..80 {
            let layout = given.iter().find(|(when, _)| *when == step).map(|(_, layout)| *layout);
            let mask: Vec<_> = (0..envs)
                .map(|index| {
                    let must = autoreset == Autoreset::Disabled && plain_rows.ended(index);
                    must || layout.is_some() && random.below(3) == 0
                })
                .collect();
            let layouts = vec![layout; envs];
            let options = ResetOptions { mask: Some(&mask), layouts: Some(&layouts), ..ResetOptions::default() };
            plain.reset_with(&options, &mut plain_rows.observations).unwrap();
            fast.reset_with(&options, &mut fast_rows.observations).unwrap();

            // The fewer kinds, the more picking up: so buses are overloaded, fined, impounded and crashed.
            let actions: Vec<_> = (0..envs).map(|_| ACTIONS[random.below(kinds) as usize]).collect();
            plain.step(&actions, plain_rows.as_step()).unwrap();
            fast.step(&actions, fast_rows.as_step()).unwrap();
            prop_assert_eq!(&fast_rows.observations, &plain_rows.observations);
            prop_assert_eq!(&fast_rows.final_observations, &plain_rows.final_observations);
            prop_assert_eq!(&fast_rows.rewards, &plain_rows.rewards);
            prop_assert_eq!(&fast_rows.terminated, &plain_rows.terminated);
            prop_assert_eq!(&fast_rows.truncated, &plain_rows.truncated);
            for index in 0..envs {
                prop_assert_eq!(fast.snapshot(index), plain.snapshot(index), "step {}, environment {}", step, index);
            }
        }
    }
}
