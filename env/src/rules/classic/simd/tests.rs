//! Holds the fast batch equal to the plain one, bit for bit, on every instruction set that this machine has.

use fearless_simd::Level;
use proptest::prelude::*;

use super::ClassicBatch;
use crate::episode::EpisodeStats;
use crate::generator::Generator;
use crate::rules::lanes::levels;
use crate::rules::{Classic, ClassicLayout, ClassicState, Rules};
use crate::vec_env::{Autoreset, Batch, ScalarBatch, Snapshot, StepBuffers};

/// What a step writes, over a pattern that shows what it leaves alone.
#[derive(Debug, Clone, PartialEq)]
struct Rows {
    observations: Vec<f32>,
    rewards: Vec<f32>,
    terminated: Vec<bool>,
    truncated: Vec<bool>,
    final_observations: Vec<f32>,
}

impl Rows {
    /// Observation and final observation of each environment.
    fn rows(&self) -> impl Iterator<Item = (&[f32], &[f32])> {
        let size = Classic.spaces().observation.len();
        self.observations.chunks(size).zip(self.final_observations.chunks(size))
    }

    fn step<B: Batch<Classic>>(batch: &mut B, autoreset: Autoreset, actions: &[u8]) -> Self {
        let (envs, size) = (batch.envs(), Classic.spaces().observation.len());
        let mut rows = Self {
            observations: vec![7.5; envs * size],
            rewards: vec![7.5; envs],
            terminated: vec![true; envs],
            truncated: vec![true; envs],
            final_observations: vec![7.5; envs * size],
        };
        let out = StepBuffers {
            observations: &mut rows.observations,
            rewards: &mut rows.rewards,
            costs: None,
            terminated: &mut rows.terminated,
            truncated: &mut rows.truncated,
            final_observations: &mut rows.final_observations,
            terms: None,
        };
        batch.step(&Classic, autoreset, actions, out);
        rows
    }
}

/// Any layout that the rules can play: hazards on every second cell, on stops too, and crowds.
fn layouts() -> impl Strategy<Value = ClassicLayout> {
    (0u32..1 << 29, 0u32..1 << 29, any::<u32>(), any::<[u8; 4]>())
        .prop_map(|(police, lights, red, waiting)| ClassicLayout { police, lights, red: red & lights, waiting })
}

/// Any environment in the middle of an episode or after its end, whether driving gets there or not.
fn snapshots() -> impl Strategy<Value = Snapshot<ClassicState>> {
    let bus = (0u8..29, 0u8..=50, 0u8..100, 0u8..4, any::<bool>(), any::<[u8; 4]>());
    let ended = prop_oneof![5 => Just((false, false)), 1 => any::<bool>().prop_map(|crashed| (true, crashed))];
    (layouts(), bus, ended, any::<u64>(), -300i16..500).prop_map(|(layout, bus, ended, seed, episode_return)| {
        let (needs_reset, crashed) = ended;
        let (position, passengers, paid, speed, fined, waiting) = bus;
        let steps = u16::from(position);
        let fresh = ClassicState::new(layout);
        Snapshot {
            state: ClassicState { waiting, position, passengers, paid, speed, fined, crashed, steps, ..fresh },
            generator: Generator::new(seed, 0),
            episode_return: f32::from(episode_return),
            length: u32::from(steps),
            needs_reset,
            last_episode: None,
        }
    })
}

/// Any number of environments, more often near a whole number of blocks.
fn sizes() -> impl Strategy<Value = usize> {
    prop_oneof![1usize..200, (1usize..4, 0usize..3).prop_map(|(blocks, off)| blocks * 64 + off - 1)]
}

fn autoresets() -> impl Strategy<Value = Autoreset> {
    prop_oneof![Just(Autoreset::SameStep), Just(Autoreset::NextStep), Just(Autoreset::Disabled)]
}

/// Drives both batches alike and compares all they tell after every step.
fn compare(
    level: Level,
    mut environments: Vec<Snapshot<ClassicState>>,
    autoreset: Autoreset,
    steps: usize,
    weights: [u32; 5],
    restored: &[(usize, usize, Snapshot<ClassicState>)],
) -> Result<(), TestCaseError> {
    let envs = environments.len();
    for environment in environments.iter_mut().step_by(2) {
        environment.begin(&Classic);
    }
    let mut plain = <ScalarBatch<Classic> as Batch<Classic>>::new(&Classic, environments.clone());
    let mut fast = ClassicBatch::at_level(level, &environments);
    let mut random = Generator::new(steps as u64, envs as u64);
    for step in 0..steps {
        for (_, index, snapshot) in restored.iter().filter(|(when, ..)| *when == step) {
            plain.restore(&Classic, index % envs, snapshot);
            fast.restore(&Classic, index % envs, snapshot);
        }
        let actions: Vec<_> = (0..envs).map(|_| weighted(&mut random, weights)).collect();
        let told = Rows::step(&mut plain, autoreset, &actions);
        let ours = Rows::step(&mut fast, autoreset, &actions);
        prop_assert_eq!(&ours.rewards, &told.rewards, "step {}", step);
        prop_assert_eq!(&ours.terminated, &told.terminated, "step {}", step);
        prop_assert_eq!(&ours.truncated, &told.truncated, "step {}", step);
        for (index, (ours, told)) in ours.rows().zip(told.rows()).enumerate() {
            prop_assert_eq!(ours, told, "step {}, environment {} of {}", step, index, envs);
        }
        prop_assert_eq!(fast.first_that_needs_reset(), plain.first_that_needs_reset());
        let (mut ours, mut told) = (vec![0; envs], vec![0; envs]);
        fast.action_masks(&Classic, &mut ours);
        plain.action_masks(&Classic, &mut told);
        prop_assert_eq!(ours, told, "masks of step {}", step);
        for index in 0..envs {
            prop_assert_eq!(fast.snapshot(&Classic, index), plain.snapshot(&Classic, index), "step {}", step);
        }
    }
    Ok(())
}

fn weighted(random: &mut Generator, weights: [u32; 5]) -> u8 {
    let mut left = random.below(weights.iter().sum());
    let chosen = weights.iter().position(|&weight| {
        let chosen = left < weight;
        left = left.saturating_sub(weight);
        chosen
    });
    chosen.expect("what is left is below the sum of all") as u8
}

proptest! {
    #[test]
    fn every_level_is_the_plain_batch_bit_for_bit(
        environments in sizes().prop_flat_map(|envs| prop::collection::vec(snapshots(), envs)),
        autoreset in autoresets(),
        steps in 1usize..70,
        weights in prop_oneof![Just([1; 5]), Just([1, 8, 1, 1, 3]), prop::array::uniform5(1u32..9)],
        restored in prop::collection::vec((0usize..70, 0usize..300, snapshots()), 0..20),
    ) {
        for (name, level) in levels() {
            let compared = compare(level, environments.clone(), autoreset, steps, weights, &restored);
            prop_assert!(compared.is_ok(), "{}: {:?}", name, compared);
        }
    }

    #[test]
    fn a_snapshot_that_no_episode_reaches_is_taken_without_harm(
        layout in layouts(), bus: [u8; 4], steps: u16, crashed: bool, needs_reset: bool, money: i64, length: u32,
    ) {
        let [position, passengers, paid, speed] = bus;
        let fresh = ClassicState::new(layout);
        let figures = [f32::from(passengers), money as f32, f32::NAN, f32::INFINITY, -1.0];
        let last = EpisodeStats { episode_return: 0.0, length, ending: 9, figures: figures.into_iter().collect() };
        let snapshot = Snapshot {
            state: ClassicState { position, passengers, paid, speed, crashed, steps, ..fresh },
            generator: Generator::new(0, 0),
            episode_return: f32::NAN,
            length,
            needs_reset,
            last_episode: Some(last),
        };
        let mut batch = ClassicBatch::new(&Classic, vec![snapshot]);
        for _ in 0..70 {
            Rows::step(&mut batch, Autoreset::NextStep, &[1]);
        }
        prop_assert!(batch.snapshot(&Classic, 0).state.position < 29);
    }
}
