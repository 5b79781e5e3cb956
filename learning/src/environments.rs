//! The environments that experience comes from, and the episodes that ended in them last.

use std::collections::VecDeque;
use std::ops::Range;

use daladala_agents::SeedStream;
use daladala_env::{
    Action, Autoreset, Buffers, EnvError, EpisodeStats, ResetOptions, Rules, Snapshot, VecEnv, VecEnvConfig,
};
use ndarray::{ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

/// Episodes whose means are reported while training goes on.
const RECENT_EPISODES: usize = 100;

/// Environments of one training, stepped together.
#[derive(Debug)]
pub(crate) struct Environments<R: Rules> {
    env: VecEnv<R>,
    /// The open actions, where the agent learns to choose among them.
    masks: Option<Masks>,
    /// Which of an episode's figures is the sum of its costs, where one is.
    cost: Option<usize>,
    /// What the last step or reset wrote.
    pub(crate) buffers: Buffers,
    /// The episodes that ended with the last step, in the order of the environments.
    ended: Vec<EndedEpisode>,
    pub(crate) recent: RecentEpisodes,
}

/// An episode that is over, exploration included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EndedEpisode {
    /// The sum of its rewards, as the rules tell them.
    pub episode_return: f32,
    /// Steps.
    pub length: u32,
    /// The sum of its costs; NaN where the rules have no figure for it.
    pub cost: f32,
}

/// Which actions are open, `[envs]`: bit `a` for action `a`.
#[derive(Debug)]
struct Masks {
    /// Now.
    now: Vec<u32>,
    /// In the states that the last step led to, final ones included.
    next: Vec<u32>,
    /// Which environments begin anew.
    beginning: Vec<bool>,
}

/// What [`Environments`] go on from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EnvironmentsState<S> {
    snapshots: Vec<Snapshot<S>>,
    observations: Vec<f32>,
    recent: RecentEpisodes,
}

impl<R: Rules> Environments<R> {
    /// Those of a training that have these indices, at the beginning of their first episodes.
    pub(crate) fn new(rules: &R, indices: Range<usize>, action_masks: bool, seed: u64) -> Self {
        // The masks of final states can be read as long as nothing has begun in their place.
        let autoreset = if action_masks { Autoreset::Disabled } else { Autoreset::SameStep };
        let (seed, first_index) = (SeedStream::Training.seed(seed), indices.start as u64);
        let config = VecEnvConfig { seed, first_index, autoreset, ..VecEnvConfig::default() };
        let envs = indices.len();
        let env = VecEnv::new(rules.clone(), envs, config);
        let buffers = Buffers::for_env(&env);
        let masks =
            action_masks.then(|| Masks { now: vec![0; envs], next: vec![0; envs], beginning: vec![false; envs] });
        let info = env.info();
        let cost = info.cost_terms.first().and_then(|cost| info.figure(&cost.name));
        let (ended, recent) = (Vec::new(), RecentEpisodes::default());
        let mut environments = Self { env, masks, cost, buffers, ended, recent };
        environments.reset();
        environments
    }

    /// What is seen now, `[envs, observation_size]`.
    pub(crate) fn observations(&self) -> ArrayView2<'_, f32> {
        let shape = (self.envs(), self.observation_size());
        ArrayView2::from_shape(shape, &self.buffers.observations).expect("buffers are made for the environments")
    }

    /// Which actions are open now, `[envs]`, where the agent learns to choose among them.
    pub(crate) fn masks(&self) -> Option<&[u32]> {
        self.masks.as_ref().map(|masks| &masks.now[..])
    }

    /// Which actions were open in the states that the last step led to, final ones included.
    pub(crate) fn next_masks(&self) -> Option<&[u32]> {
        self.masks.as_ref().map(|masks| &masks.next[..])
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
        if let Some(masks) = &mut self.masks {
            self.env.action_masks(&mut masks.now);
        }
    }

    /// One step of all of them.
    ///
    /// # Panics
    /// If an action is none of the rules'.
    pub(crate) fn step(&mut self, actions: &[Action]) {
        self.env.step(actions, self.buffers.as_step()).expect("chosen among the actions of the rules");
        let episode = |(_, stats): (_, EpisodeStats)| EndedEpisode {
            episode_return: stats.episode_return,
            length: stats.length,
            cost: self.cost.map_or(f32::NAN, |cost| stats.figures[cost]),
        };
        self.ended.clear();
        self.ended.extend(self.env.ended_episodes(&self.buffers.terminated, &self.buffers.truncated).map(episode));
        self.ended.iter().for_each(|&episode| self.recent.push(episode));
        self.begin_ended();
    }

    /// The episodes that ended with the last step, in the order of the environments.
    pub(crate) fn ended(&self) -> &[EndedEpisode] {
        &self.ended
    }

    /// What was seen last in an episode that ended with the last step.
    pub(crate) fn final_observation(&self, index: usize) -> ArrayView1<'_, f32> {
        let size = self.observation_size();
        ArrayView1::from(&self.buffers.final_observations[index * size..][..size])
    }

    /// Does what auto-reset in the same step does, once masks have been read.
    fn begin_ended(&mut self) {
        let Some(Masks { now, next, beginning }) = &mut self.masks else { return };
        self.env.action_masks(next);
        let size = self.env.observation_size();
        for (index, beginning) in beginning.iter_mut().enumerate() {
            *beginning = self.buffers.ended(index);
            if *beginning {
                let row = index * size..(index + 1) * size;
                self.buffers.final_observations[row.clone()].copy_from_slice(&self.buffers.observations[row]);
            }
        }
        let options = ResetOptions { mask: Some(&beginning[..]), ..ResetOptions::default() };
        self.env.reset_with(&options, &mut self.buffers.observations).expect("a mask of all environments");
        self.env.action_masks(now);
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
        if let Some(masks) = &mut self.masks {
            self.env.action_masks(&mut masks.now);
        }
        self.recent = state.recent;
        Ok(())
    }
}

/// Return, length and cost of the last episodes, exploration included.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct RecentEpisodes {
    episodes: VecDeque<EndedEpisode>,
}

impl RecentEpisodes {
    pub(crate) fn push(&mut self, episode: EndedEpisode) {
        if self.episodes.len() == RECENT_EPISODES {
            self.episodes.pop_front();
        }
        self.episodes.push_back(episode);
    }

    /// NaN before the first has ended.
    pub(crate) fn mean_return(&self) -> f32 {
        self.episodes.iter().map(|episode| episode.episode_return).sum::<f32>() / self.episodes.len() as f32
    }

    /// NaN before the first has ended, and where the rules have no figure for it.
    pub(crate) fn mean_cost(&self) -> f32 {
        self.episodes.iter().map(|episode| episode.cost).sum::<f32>() / self.episodes.len() as f32
    }

    /// NaN before the first has ended.
    pub(crate) fn mean_length(&self) -> f32 {
        self.episodes.iter().map(|episode| episode.length as f32).sum::<f32>() / self.episodes.len() as f32
    }
}
