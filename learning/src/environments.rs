//! The environments that experience comes from, and the episodes that ended in them last.

use std::collections::VecDeque;

use daladala_env::{Action, Autoreset, Buffers, EnvError, Rules, Snapshot, VecEnv, VecEnvConfig};
use serde::{Deserialize, Serialize};

/// Episodes whose means are reported while training goes on.
const RECENT_EPISODES: usize = 100;

/// Environments of one training, stepped together.
#[derive(Debug)]
pub(crate) struct Environments<R: Rules> {
    env: VecEnv<R>,
    /// What the last step or reset wrote.
    pub(crate) buffers: Buffers,
    pub(crate) recent: RecentEpisodes,
}

/// What [`Environments`] go on from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EnvironmentsState<S> {
    snapshots: Vec<Snapshot<S>>,
    observations: Vec<f32>,
    recent: RecentEpisodes,
}

impl<R: Rules> Environments<R> {
    /// At the beginning of their first episodes.
    pub(crate) fn new(rules: &R, envs: usize, seed: u64) -> Self {
        let config = VecEnvConfig { seed, autoreset: Autoreset::SameStep, ..VecEnvConfig::default() };
        let env = VecEnv::new(rules.clone(), envs, config);
        let buffers = Buffers::for_env(&env);
        let mut environments = Self { env, buffers, recent: RecentEpisodes::default() };
        environments.reset();
        environments
    }

    pub(crate) fn envs(&self) -> usize {
        self.env.envs()
    }

    pub(crate) fn observation_size(&self) -> usize {
        self.env.observation_size()
    }

    pub(crate) fn actions(&self) -> usize {
        self.env.info().actions()
    }

    /// Begins new episodes everywhere.
    pub(crate) fn reset(&mut self) {
        self.env.reset(&mut self.buffers.observations);
    }

    /// One step of all of them.
    ///
    /// # Panics
    /// If an action is none of the rules'.
    pub(crate) fn step(&mut self, actions: &[Action]) {
        self.env.step(actions, self.buffers.as_step()).expect("chosen among the actions of the rules");
        for (_, stats) in self.env.ended_episodes(&self.buffers.terminated, &self.buffers.truncated) {
            self.recent.push(stats.episode_return, stats.length);
        }
    }

    pub(crate) fn state(&self) -> EnvironmentsState<R::State> {
        EnvironmentsState {
            snapshots: (0..self.envs()).map(|index| self.env.snapshot(index)).collect(),
            observations: self.buffers.observations.clone(),
            recent: self.recent.clone(),
        }
    }

    /// Goes on from a state of as many environments.
    pub(crate) fn restore(&mut self, state: EnvironmentsState<R::State>) -> Result<(), EnvError> {
        let needed = self.buffers.observations.len();
        if state.observations.len() != needed {
            return Err(EnvError::WrongLength { what: "observations", given: state.observations.len(), needed });
        }
        self.env.restore(&(0..self.envs()).collect::<Vec<_>>(), &state.snapshots)?;
        self.buffers.observations = state.observations;
        self.recent = state.recent;
        Ok(())
    }
}

/// Return and length of the last episodes, exploration included.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct RecentEpisodes {
    episodes: VecDeque<(f32, u32)>,
}

impl RecentEpisodes {
    fn push(&mut self, episode_return: f32, length: u32) {
        if self.episodes.len() == RECENT_EPISODES {
            self.episodes.pop_front();
        }
        self.episodes.push_back((episode_return, length));
    }

    /// NaN before the first has ended.
    pub(crate) fn mean_return(&self) -> f32 {
        self.episodes.iter().map(|episode| episode.0).sum::<f32>() / self.episodes.len() as f32
    }

    /// NaN before the first has ended.
    pub(crate) fn mean_length(&self) -> f32 {
        self.episodes.iter().map(|episode| episode.1 as f32).sum::<f32>() / self.episodes.len() as f32
    }
}
