//! The vectorized engine: many environments of one rule set, stepped together into slices that the caller owns.
//!
//! The engine owns what every rule set needs alike: generators, auto-reset, episode figures and the checks on what
//! the caller hands in. Rules never see a batch, callers never see a state they did not ask for.

mod batch;
mod buffers;
mod scalar;

pub use batch::{Batch, Snapshot};
pub use buffers::{Buffers, StepBuffers};
pub use scalar::ScalarBatch;

use crate::episode::EpisodeStats;
use crate::error::EnvError;
use crate::frame::StateFrame;
use crate::generator::Generator;
use crate::rules::{Action, FrameContext, Rules, Transition};

/// What happens to an environment whose episode has ended, with the meaning that Gymnasium 1.x gives the names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Autoreset {
    /// The next step ignores the action and returns the new episode's first observation with reward 0.
    NextStep,
    /// The same step returns the new episode's first observation; the last one of the old episode is in
    /// [`StepBuffers::final_observations`].
    #[default]
    SameStep,
    /// Nothing: stepping it again is [`EnvError::NeedsReset`].
    Disabled,
}

/// How a [`VecEnv`] is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VecEnvConfig {
    /// The seed of all generators.
    pub seed: u64,
    /// The index of the first environment. A batch split in several engines keeps the trajectories of the whole
    /// when each part starts at its place.
    pub first_index: u64,
    /// What follows the end of an episode.
    pub autoreset: Autoreset,
}

/// Many environments of one rule set, stored as `B`.
#[derive(Debug, Clone)]
pub struct VecEnv<R: Rules, B: Batch<R> = <R as Rules>::Batch> {
    rules: R,
    autoreset: Autoreset,
    observation_size: usize,
    actions: usize,
    batch: B,
}

impl<R: Rules> VecEnv<R> {
    /// `envs` environments. Their first episodes begin with [`VecEnv::reset`].
    #[must_use]
    pub fn new(rules: R, envs: usize, config: VecEnvConfig) -> Self {
        Self::with_batch(rules, envs, config)
    }
}

impl<R: Rules, B: Batch<R>> VecEnv<R, B> {
    /// The same, stored as a batch of the caller's choice: `VecEnv::<_, ScalarBatch<_>>::with_batch(…)`.
    #[must_use]
    pub fn with_batch(rules: R, envs: usize, config: VecEnvConfig) -> Self {
        let spaces = rules.spaces();
        let fresh = |index| {
            let generator = Generator::new(config.seed, config.first_index.wrapping_add(index));
            let mut drawing = generator.clone();
            let layout = rules.draw(&mut drawing);
            Snapshot {
                state: rules.start(&layout, &mut drawing),
                generator,
                episode_return: 0.0,
                length: 0,
                needs_reset: true,
                last_episode: EpisodeStats::default(),
            }
        };
        let batch = B::new(&rules, (0..envs as u64).map(fresh).collect());
        Self {
            autoreset: config.autoreset,
            observation_size: spaces.observation.len(),
            actions: spaces.actions.len(),
            batch,
            rules,
        }
    }

    /// How many environments there are.
    #[must_use]
    pub fn envs(&self) -> usize {
        self.batch.envs()
    }

    /// Entries of one observation.
    #[must_use]
    pub fn observation_size(&self) -> usize {
        self.observation_size
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &R {
        &self.rules
    }

    /// Environment `index`, whole.
    ///
    /// # Panics
    /// If there is no such environment.
    #[must_use]
    pub fn snapshot(&self, index: usize) -> Snapshot<R::State> {
        assert!(index < self.envs(), "there is no environment {index}");
        self.batch.snapshot(&self.rules, index)
    }

    /// The state of environment `index`.
    #[must_use]
    pub fn state(&self, index: usize) -> R::State {
        self.snapshot(index).state
    }

    /// The figures of the last finished episode of environment `index`.
    #[must_use]
    pub fn last_episode(&self, index: usize) -> EpisodeStats {
        self.snapshot(index).last_episode
    }

    /// Starts a new episode everywhere and writes the first observations, `[envs, observation_size]`.
    ///
    /// # Panics
    /// If `observations` has another length.
    pub fn reset(&mut self, observations: &mut [f32]) {
        assert_eq!(observations.len(), self.envs() * self.observation_size, "observations have another length");
        for (index, observation) in observations.chunks_exact_mut(self.observation_size).enumerate() {
            let mut snapshot = self.snapshot(index);
            snapshot.begin(&self.rules);
            self.batch.restore(&self.rules, index, &snapshot);
            self.rules.observe(&snapshot.state, observation);
        }
    }

    /// Starts a new episode of environment `index` on a given layout.
    ///
    /// # Panics
    /// If there is no such environment.
    pub fn reset_to(&mut self, index: usize, layout: &R::Layout, observation: &mut [f32]) {
        let mut snapshot = self.snapshot(index);
        snapshot.begin_on(&self.rules, layout);
        self.batch.restore(&self.rules, index, &snapshot);
        self.rules.observe(&snapshot.state, observation);
    }

    /// Moves every environment on by one step.
    ///
    /// On an error nothing has changed.
    pub fn step(&mut self, actions: &[Action], out: StepBuffers<'_>) -> Result<(), EnvError> {
        self.check(actions, &out)?;
        self.batch.step(&self.rules, self.autoreset, actions, out);
        Ok(())
    }

    /// The frame of environment `index` after a step that brought `transition`, or after a reset.
    #[must_use]
    pub fn frame(&self, index: usize, episode: u64, step: Option<(Action, Transition)>) -> StateFrame {
        let (action, transition) = step.unzip();
        let snapshot = self.snapshot(index);
        let transition = transition.unwrap_or_default();
        let context = FrameContext { episode, action, transition, total_reward: snapshot.episode_return };
        self.rules.frame(&snapshot.state, &context)
    }

    fn check(&self, actions: &[Action], out: &StepBuffers<'_>) -> Result<(), EnvError> {
        let envs = self.envs();
        if actions.len() != envs {
            return Err(EnvError::WrongLength { what: "actions", given: actions.len(), needed: envs });
        }
        out.check(envs, self.observation_size)?;
        if let Some(index) = actions.iter().position(|&action| usize::from(action) >= self.actions) {
            return Err(EnvError::InvalidAction { index, action: actions[index], actions: self.actions });
        }
        if self.autoreset != Autoreset::NextStep
            && let Some(index) = self.batch.first_that_needs_reset()
        {
            return Err(EnvError::NeedsReset { index });
        }
        Ok(())
    }
}
