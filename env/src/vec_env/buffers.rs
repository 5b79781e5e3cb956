//! The rows that a step writes.

use super::{Batch, VecEnv};
use crate::error::EnvError;
use crate::rules::Rules;

/// Where a step writes its results: slices of the caller, row `i` for environment `i`.
#[derive(Debug)]
pub struct StepBuffers<'a> {
    /// `[envs, observation_size]`.
    pub observations: &'a mut [f32],
    /// `[envs]`.
    pub rewards: &'a mut [f32],
    /// `[envs]`: the rules ended the episode.
    pub terminated: &'a mut [bool],
    /// `[envs]`: the step limit cut the episode off.
    pub truncated: &'a mut [bool],
    /// `[envs, observation_size]`: under [`Autoreset::SameStep`](super::Autoreset::SameStep) the last observation of
    /// each episode that ended in this step. Rows of episodes that go on are left as they are.
    pub final_observations: &'a mut [f32],
}

impl<'a> StepBuffers<'a> {
    pub(super) fn observation(&mut self, index: usize, size: usize) -> &mut [f32] {
        &mut self.observations[index * size..][..size]
    }

    pub(super) fn final_observation(&mut self, index: usize, size: usize) -> &mut [f32] {
        &mut self.final_observations[index * size..][..size]
    }

    /// The rows of `envs` environments at a time.
    pub(super) fn chunks(self, envs: usize) -> impl Iterator<Item = StepBuffers<'a>> {
        let size = self.observations.len() / self.rewards.len().max(1);
        let rows = (envs * size).max(1);
        let observations = self.observations.chunks_mut(rows).zip(self.final_observations.chunks_mut(rows));
        let flags = self.terminated.chunks_mut(envs).zip(self.truncated.chunks_mut(envs));
        observations.zip(self.rewards.chunks_mut(envs)).zip(flags).map(
            |(((observations, final_observations), rewards), (terminated, truncated))| StepBuffers {
                observations,
                rewards,
                terminated,
                truncated,
                final_observations,
            },
        )
    }

    pub(super) fn check(&self, envs: usize, observation_size: usize) -> Result<(), EnvError> {
        let lengths = [
            ("observations", self.observations.len(), envs * observation_size),
            ("rewards", self.rewards.len(), envs),
            ("terminated", self.terminated.len(), envs),
            ("truncated", self.truncated.len(), envs),
            ("final_observations", self.final_observations.len(), envs * observation_size),
        ];
        match lengths.into_iter().find(|(_, given, needed)| given != needed) {
            Some((what, given, needed)) => Err(EnvError::WrongLength { what, given, needed }),
            None => Ok(()),
        }
    }
}

/// Owned rows for callers that have none of their own.
#[derive(Debug, Clone, Default)]
pub struct Buffers {
    /// `[envs, observation_size]`.
    pub observations: Vec<f32>,
    /// `[envs]`.
    pub rewards: Vec<f32>,
    /// `[envs]`.
    pub terminated: Vec<bool>,
    /// `[envs]`.
    pub truncated: Vec<bool>,
    /// `[envs, observation_size]`.
    pub final_observations: Vec<f32>,
}

impl Buffers {
    /// Rows that fit `env`.
    #[must_use]
    pub fn for_env<R: Rules, B: Batch<R>>(env: &VecEnv<R, B>) -> Self {
        let (envs, size) = (env.envs(), env.observation_size());
        Self {
            observations: vec![0.0; envs * size],
            rewards: vec![0.0; envs],
            terminated: vec![false; envs],
            truncated: vec![false; envs],
            final_observations: vec![0.0; envs * size],
        }
    }

    /// The rows as a step takes them.
    pub fn as_step(&mut self) -> StepBuffers<'_> {
        StepBuffers {
            observations: &mut self.observations,
            rewards: &mut self.rewards,
            terminated: &mut self.terminated,
            truncated: &mut self.truncated,
            final_observations: &mut self.final_observations,
        }
    }

    /// Whether the episode of environment `index` ended in the last step.
    #[must_use]
    pub fn ended(&self, index: usize) -> bool {
        self.terminated[index] || self.truncated[index]
    }
}
