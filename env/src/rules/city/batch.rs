//! How environments of the `city` rules are stored: in SIMD lanes, but for a single one.

use super::simd::LaneBatch;
use super::{City, CityState};
use crate::episode::EpisodeStats;
use crate::rules::Action;
use crate::vec_env::{Autoreset, Batch, ScalarBatch, Snapshot, StepBuffers};

/// The fewest environments that are stepped in lanes. A step takes the plain rules 0.20 µs for each environment, and lanes
/// 0.31 µs for one and 0.33 µs for two (AVX-512; AVX2 0.33 and 0.34, SSE4.2 0.41 for either).
const LEAST_IN_LANES: usize = 2;

/// Environments of the `city` rules.
#[derive(Debug, Clone)]
pub struct CityBatch(Storage);

#[derive(Debug, Clone)]
enum Storage {
    Plain(ScalarBatch<City>),
    Lanes(LaneBatch),
}

/// Does the same with either.
macro_rules! either {
    ($storage:expr, $batch:ident => $work:expr) => {
        match $storage {
            Storage::Plain($batch) => $work,
            Storage::Lanes($batch) => $work,
        }
    };
}

impl Batch<City> for CityBatch {
    fn new(rules: &City, snapshots: Vec<Snapshot<CityState>>) -> Self {
        if snapshots.len() < LEAST_IN_LANES {
            Self(Storage::Plain(Batch::new(rules, snapshots)))
        } else {
            Self(Storage::Lanes(Batch::new(rules, snapshots)))
        }
    }

    fn envs(&self) -> usize {
        either!(&self.0, batch => batch.envs())
    }

    fn snapshot(&self, rules: &City, index: usize) -> Snapshot<CityState> {
        either!(&self.0, batch => batch.snapshot(rules, index))
    }

    fn with_state<T>(&self, rules: &City, index: usize, read: impl FnOnce(&CityState) -> T) -> T {
        either!(&self.0, batch => batch.with_state(rules, index, read))
    }

    fn action_masks(&self, rules: &City, masks: &mut [u32]) {
        either!(&self.0, batch => batch.action_masks(rules, masks));
    }

    fn episode_return(&self, index: usize) -> f32 {
        either!(&self.0, batch => Batch::<City>::episode_return(batch, index))
    }

    fn last_episode(&self, index: usize) -> Option<EpisodeStats> {
        either!(&self.0, batch => Batch::<City>::last_episode(batch, index))
    }

    fn restore(&mut self, rules: &City, index: usize, snapshot: &Snapshot<CityState>) {
        either!(&mut self.0, batch => batch.restore(rules, index, snapshot));
    }

    fn first_that_needs_reset(&self) -> Option<usize> {
        either!(&self.0, batch => Batch::<City>::first_that_needs_reset(batch))
    }

    fn step(&mut self, rules: &City, autoreset: Autoreset, actions: &[Action], out: StepBuffers<'_>) {
        either!(&mut self.0, batch => batch.step(rules, autoreset, actions, out));
    }
}
