//! Holds the fast batch equal to the plain one, bit for bit, on every instruction set that this machine has, and with
//! every rule that a scenario can turn on.

use proptest::prelude::*;

use super::LaneBatch;
use crate::generator::Generator;
use crate::rules::city::{CityBatch, CrashMode, SCENARIO_NAMES};
use crate::rules::lanes::levels;
use crate::rules::{City, CityState, Rules};
use crate::vec_env::{Autoreset, Batch, Buffers, ScalarBatch, Snapshot};

/// Any scenario of the library, with any of what a scenario can change.
fn rules() -> impl Strategy<Value = City> {
    let enforcement = (0u8..=12, 0.0..1.0, prop_oneof![Just(0.0), Just(0.2)], prop_oneof![Just(None), Just(Some(35))]);
    let money = (any::<bool>(), any::<bool>(), prop_oneof![Just(0.0), Just(0.3)]);
    let dangers = (
        prop_oneof![Just(1.6e-5), Just(0.01)],
        prop_oneof![Just(1e-4), Just(0.3)],
        prop_oneof![Just(0.05), Just(0.8)],
        prop_oneof![Just(0.005), Just(0.3)],
    );
    // How full stops get, and where checkpoints stand.
    let places = (prop_oneof![Just(1.0), Just(20.0)], prop::option::of(prop::array::uniform7(0.1..9.0)));
    (0..SCENARIO_NAMES.len(), enforcement, money, dangers, places).prop_map(
        |(
            name,
            (sight, inspect, rival, impound),
            (lease, expected, bribe),
            (hazard, radar, fined, red_crash),
            (crowds, placement),
        )| {
            let mut scenario = City::named(SCENARIO_NAMES[name]).unwrap().scenario().clone();
            scenario.police.sight = sight;
            scenario.police.inspect = inspect;
            scenario.police.impound = impound;
            scenario.demand.rival = rival;
            scenario.contract.lease = if lease { 3.0 } else { 0.0 };
            scenario.crash.mode = if expected { CrashMode::Expected } else { CrashMode::Sampled };
            scenario.crash.hazard = hazard;
            scenario.speed.radar = radar;
            scenario.lights.fined = fined;
            scenario.lights.crash = red_crash;
            for mean in &mut scenario.demand.arrivals {
                *mean *= crowds;
            }
            let stretches = scenario.route.stops.len() - 1;
            scenario.police.placement = placement.map(|weights: [f64; 7]| weights[..stretches].to_vec());
            scenario.bribe.chance = bribe;
            scenario.bribe.amount = 7.0;
            scenario.time.limit = 60;
            if lease {
                scenario.randomize.insert("speed.radar".to_owned(), [0.0, radar]);
                scenario.observation.hidden = vec!["inspect".to_owned(), "step".to_owned(), "speed".to_owned()];
            }
            City::new("any", scenario).unwrap()
        },
    )
}

/// Trips somewhere on their way.
fn snapshots(rules: &City, envs: usize, seed: u64) -> Vec<Snapshot<CityState>> {
    let mut random = Generator::new(seed, 7);
    (0..envs)
        .map(|index| {
            let mut generator = Generator::new(seed, index as u64);
            let layout = rules.draw(&mut generator);
            let state = rules.start(&layout, &mut generator);
            let mut snapshot =
                Snapshot { state, generator, episode_return: 0.0, length: 0, needs_reset: false, last_episode: None };
            for _ in 0..random.below(30) {
                let mut batch = <ScalarBatch<City> as Batch<City>>::new(rules, vec![snapshot]);
                step(rules, &mut batch, Autoreset::NextStep, &[random.below(5) as u8], false);
                snapshot = batch.snapshot(rules, 0);
            }
            snapshot
        })
        .collect()
}

fn step<B: Batch<City>>(rules: &City, batch: &mut B, autoreset: Autoreset, actions: &[u8], terms: bool) -> Buffers {
    let mut buffers = Buffers::new(batch.envs(), &rules.info());
    // A pattern that shows what is left alone.
    buffers.final_observations.fill(7.5);
    let out = if terms { buffers.as_step_with_terms() } else { buffers.as_step() };
    batch.step(rules, autoreset, actions, out);
    buffers
}

/// Holds a batch of `environments`, which were drawn with the same seed, equal to the plain one.
fn compare<B: Batch<City>>(
    mut fast: B,
    rules: &City,
    (environments, seed): (&[Snapshot<CityState>], u64),
    autoreset: Autoreset,
    likes: [u32; 5],
    restored: &[(usize, usize)],
) -> Result<(), TestCaseError> {
    let envs = environments.len();
    let mut plain = <ScalarBatch<City> as Batch<City>>::new(rules, environments.to_vec());
    let mut random = Generator::new(seed, 9);
    for tick in 0..120 {
        for &(_, index) in restored.iter().filter(|(when, _)| *when == tick) {
            let other = &environments[(index * 7 + 1) % envs];
            plain.restore(rules, index % envs, other);
            fast.restore(rules, index % envs, other);
        }
        if autoreset != Autoreset::NextStep {
            while let Some(index) = plain.first_that_needs_reset() {
                prop_assert_eq!(fast.first_that_needs_reset(), Some(index));
                let mut snapshot = plain.snapshot(rules, index);
                snapshot.begin(rules);
                plain.restore(rules, index, &snapshot);
                fast.restore(rules, index, &snapshot);
            }
        }
        let mut any = |_| {
            let mut left = random.below(likes.iter().sum());
            likes.iter().position(|&like| {
                let chosen = left < like;
                left = left.saturating_sub(like);
                chosen
            })
        };
        let actions: Vec<u8> = (0..envs).map(|index| any(index).unwrap() as u8).collect();
        let terms = tick % 7 == 6;
        let told = step(rules, &mut plain, autoreset, &actions, terms);
        let ours = step(rules, &mut fast, autoreset, &actions, terms);
        prop_assert_eq!(&ours.rewards, &told.rewards, "tick {}", tick);
        prop_assert_eq!(&ours.costs, &told.costs, "tick {}", tick);
        prop_assert_eq!(&ours.reward_terms, &told.reward_terms, "tick {}", tick);
        prop_assert_eq!(&ours.cost_terms, &told.cost_terms, "tick {}", tick);
        prop_assert_eq!(&ours.terminated, &told.terminated, "tick {}", tick);
        prop_assert_eq!(&ours.truncated, &told.truncated, "tick {}", tick);
        let size = rules.spaces().observation.len();
        let rows = |of: &Buffers| {
            let bits = |row: &[f32]| row.iter().map(|entry| entry.to_bits()).collect::<Vec<_>>();
            [&of.observations, &of.final_observations].map(|all| all.chunks(size).map(bits).collect::<Vec<_>>())
        };
        for (ours, told) in rows(&ours).iter().zip(rows(&told)) {
            for (index, (ours, told)) in ours.iter().zip(&told).enumerate() {
                prop_assert_eq!(ours, told, "tick {}, environment {} of {}", tick, index, envs);
            }
        }
        prop_assert_eq!(fast.first_that_needs_reset(), plain.first_that_needs_reset());
        let masks = |of: &mut dyn FnMut(&mut [u32])| {
            let mut masks = vec![0; envs];
            of(&mut masks);
            masks
        };
        let told = masks(&mut |masks| plain.action_masks(rules, masks));
        prop_assert_eq!(masks(&mut |masks| fast.action_masks(rules, masks)), told, "tick {}", tick);
        for index in 0..envs {
            prop_assert_eq!(fast.snapshot(rules, index), plain.snapshot(rules, index), "tick {}", tick);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_level_is_the_plain_batch_bit_for_bit(
        rules in rules(),
        envs in prop_oneof![1usize..70, 127usize..130],
        seed: u64,
        autoreset in prop_oneof![Just(Autoreset::SameStep), Just(Autoreset::NextStep), Just(Autoreset::Disabled)],
        // Drivers who hurry, who dawdle at stops, and who do anything.
        likes in prop_oneof![Just([1; 5]), Just([2, 6, 1, 1, 1]), Just([6, 1, 1, 9, 9]), prop::array::uniform5(1u32..9)],
        restored in prop::collection::vec((0usize..120, 0usize..200), 0..20),
    ) {
        let environments = snapshots(&rules, envs, seed);
        for (name, level) in levels() {
            let fast = LaneBatch::at_level(level, &rules, &environments);
            let compared = compare(fast, &rules, (&environments, seed), autoreset, likes, &restored);
            prop_assert!(compared.is_ok(), "{}: {:?}", name, compared);
        }
    }

    #[test]
    fn few_environments_are_the_plain_batch_however_they_are_stored(rules in rules(), envs in 1usize..4, seed: u64) {
        let environments = snapshots(&rules, envs, seed);
        let fast = <CityBatch as Batch<City>>::new(&rules, environments.clone());
        compare(fast, &rules, (&environments, seed), Autoreset::SameStep, [1; 5], &[])?;
    }
}
