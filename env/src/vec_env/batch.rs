//! How a batch of environments is stored and stepped: the seam between the engine and its fast paths.
//!
//! The engine checks what callers hand in and knows no layout in memory; a batch trusts the engine and knows nothing
//! else. [`ScalarBatch`](super::ScalarBatch) stores states as they are and is the oracle; a rule set may bring a
//! batch of its own that does the same, faster, bit for bit.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use super::{Autoreset, StepBuffers};
use crate::episode::EpisodeStats;
use crate::generator::Generator;
use crate::rules::{Action, Rules};

/// One environment, whole: a run that goes on from it goes on as the original would have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot<S> {
    /// The running episode.
    pub state: S,
    /// Where its random numbers stand.
    pub generator: Generator,
    /// The sum of rewards of the running episode.
    pub episode_return: f32,
    /// Steps of the running episode.
    pub length: u32,
    /// The episode has ended and nothing has begun yet.
    pub needs_reset: bool,
    /// The figures of the last finished episode, once there is one.
    pub last_episode: Option<EpisodeStats>,
}

/// Many environments of one rule set.
pub trait Batch<R: Rules>: Clone + Debug + Send + Sync {
    /// A batch of the given environments.
    fn new(rules: &R, snapshots: Vec<Snapshot<R::State>>) -> Self;

    /// How many there are.
    fn envs(&self) -> usize;

    /// Reads environment `index`, which exists.
    fn snapshot(&self, rules: &R, index: usize) -> Snapshot<R::State>;

    /// Lends the running episode of environment `index`, which exists, without a copy where states are stored whole.
    fn with_state<T>(&self, rules: &R, index: usize, read: impl FnOnce(&R::State) -> T) -> T;

    /// Writes the action masks of the running episodes, `[envs]`.
    fn action_masks(&self, rules: &R, masks: &mut [u32]) {
        for (index, mask) in masks.iter_mut().enumerate() {
            *mask = self.with_state(rules, index, |state| rules.action_mask(state));
        }
    }

    /// The sum of rewards of the running episode of environment `index`, which exists.
    fn episode_return(&self, index: usize) -> f32;

    /// The figures of the last finished episode of environment `index`, which exists.
    fn last_episode(&self, index: usize) -> Option<EpisodeStats>;

    /// Replaces environment `index`, which exists.
    fn restore(&mut self, rules: &R, index: usize, snapshot: &Snapshot<R::State>);

    /// The first environment that needs a reset, if any.
    fn first_that_needs_reset(&self) -> Option<usize>;

    /// Moves all on by one step and writes every row of `out` but `final_observations`, of which only the rows of
    /// episodes that end under [`Autoreset::SameStep`] are written. An environment that needs a reset begins its
    /// next episode instead, with reward 0. All actions are the rules', and all slices fit.
    fn step(&mut self, rules: &R, autoreset: Autoreset, actions: &[Action], out: StepBuffers<'_>);
}
