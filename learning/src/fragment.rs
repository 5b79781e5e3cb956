//! Experience that is gathered apart from what learns from it: on another core, or on another machine.
//!
//! A [`Sampler`] drives some of the environments of a training with the weights that it is sent, and what it brings back is
//! what the training would have gathered of these itself, to the last bit: a training that is given all fragments of a
//! rollout ends with the same weights. What depends on all environments together (statistics, values, advantages) stays with
//! the learner.

use daladala_agents::network::FusedMlp;
use daladala_agents::{Checkpoint, policy_generators};
use daladala_env::{Generator, Rules};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::collector::act;
use crate::environments::{EndedEpisode, Environments, EnvironmentsState};
use crate::rollout::{Rollout, push_row};

/// The most rows of a fragment: beyond it memory ends.
const MOST_ROWS: usize = 1 << 26;

/// What is asked of all fragments of a rollout together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FragmentShape {
    /// Environments, of all samplers.
    pub envs: usize,
    /// Steps of each.
    pub steps: usize,
    /// Whether open actions alone are chosen among.
    pub action_masks: bool,
}

/// Some steps of some environments, time-major: row `t · envs + i` is step `t` of environment `i`.
#[derive(Debug, Clone, PartialEq)]
pub struct Fragment {
    /// Environments in it.
    pub envs: usize,
    /// What the policy saw, `[rows, observation_size]`.
    pub observations: Array2<f32>,
    /// Which actions were open, bit `a` for action `a`, `[rows]`; empty where it chose among all.
    pub masks: Vec<u32>,
    /// What it did, `[rows]`.
    pub actions: Vec<u8>,
    /// The log-probability that it gave this, `[rows]`.
    pub log_probabilities: Vec<f32>,
    /// What came, as the rules tell it, `[rows]`.
    pub rewards: Vec<f32>,
    /// What it cost, `[rows]`; empty where the rules have no costs.
    pub costs: Vec<f32>,
    /// Where an ending of the rules came, `[rows]`.
    pub terminated: Vec<bool>,
    /// Where the episode was cut off, `[rows]`.
    pub truncated: Vec<bool>,
    /// What was seen last in the episodes that ended, in the order of their rows, `[ended, observation_size]`.
    pub final_observations: Array2<f32>,
    /// These episodes, `[ended]`.
    pub episodes: Vec<EndedEpisode>,
    /// What is seen after the last step, `[envs, observation_size]`.
    pub last_observations: Array2<f32>,
}

impl Fragment {
    /// Steps of each environment.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.actions.len() / self.envs.max(1)
    }

    /// Whether the episode of a row ended with it.
    pub(crate) fn ended(&self, row: usize) -> bool {
        self.terminated[row] || self.truncated[row]
    }

    /// What does not fit together in it, or with what is asked, if anything.
    pub(crate) fn check(&self, asked: &Asked) -> Result<(), String> {
        let rows = self.envs * asked.shape.steps;
        let ended = self.terminated.iter().zip(&self.truncated).filter(|(over, cut)| **over || **cut).count();
        let lengths = [
            ("actions", self.actions.len(), rows),
            ("log_probabilities", self.log_probabilities.len(), rows),
            ("rewards", self.rewards.len(), rows),
            ("terminated", self.terminated.len(), rows),
            ("truncated", self.truncated.len(), rows),
            ("masks", self.masks.len(), if asked.shape.action_masks { rows } else { 0 }),
            ("costs", self.costs.len(), if asked.costs { rows } else { 0 }),
            ("observations", self.observations.nrows(), rows),
            ("final_observations", self.final_observations.nrows(), ended),
            ("episodes", self.episodes.len(), ended),
            ("last_observations", self.last_observations.nrows(), self.envs),
        ];
        if let Some((what, given, needed)) = lengths.into_iter().find(|(_, given, needed)| given != needed) {
            return Err(format!("a fragment has {given} {what}, needed are {needed}"));
        }
        let rows = [&self.observations, &self.final_observations, &self.last_observations];
        if let Some(wrong) = rows.into_iter().find(|rows| rows.ncols() != asked.observation_size) {
            let (given, needed) = (wrong.ncols(), asked.observation_size);
            return Err(format!("observations of a fragment have {given} entries, needed are {needed}"));
        }
        let is_open = |row: usize, action: u8| match self.masks.get(row) {
            Some(mask) => mask.checked_shr(action.into()).is_some_and(|rest| rest & 1 == 1),
            None => true,
        };
        let wrong = self
            .actions
            .iter()
            .enumerate()
            .find(|&(row, &action)| usize::from(action) >= asked.actions || !is_open(row, action));
        wrong.map_or(Ok(()), |(_, action)| Err(format!("action {action} of a fragment is none, or was not open")))
    }
}

/// What fragments have to be like to be learnt from.
pub(crate) struct Asked {
    pub(crate) shape: FragmentShape,
    pub(crate) observation_size: usize,
    pub(crate) actions: usize,
    /// Whether the rules have costs.
    pub(crate) costs: bool,
}

/// What gathers fragments, without the type of its rules.
pub trait Sample: Send {
    /// Drives all environments on by so many steps, with the weights of a checkpoint.
    fn sample(&mut self, weights: &Checkpoint, steps: usize) -> Result<Fragment, String>;

    /// All that the next fragments depend on, but the weights.
    fn state(&self) -> Result<Vec<u8>, String>;

    /// Goes on from a state of as many environments of the same rules.
    fn restore(&mut self, state: &[u8]) -> Result<(), String>;
}

/// Which of the environments of a training are driven, and how they begin.
#[derive(Debug, Clone, Copy)]
pub struct SamplerOptions {
    /// How many.
    pub envs: usize,
    /// The index of the first of them in the training.
    pub first: usize,
    /// Choose among open actions alone.
    pub action_masks: bool,
    /// The training's.
    pub seed: u64,
}

/// Some of the environments of a training.
#[derive(Debug)]
pub struct Sampler<R: Rules> {
    environments: Environments<R>,
    /// Of the choices, one an environment.
    choosing: Vec<Generator>,
}

#[derive(Serialize, Deserialize)]
struct SamplerState<S> {
    environments: EnvironmentsState<S>,
    choosing: Vec<Generator>,
}

impl<R: Rules> Sampler<R> {
    /// At the beginning of the episodes that a training of the seed begins with.
    pub fn new(rules: &R, options: SamplerOptions) -> Self {
        let SamplerOptions { envs, first, action_masks, seed } = options;
        Self {
            environments: Environments::new(rules, first..first + envs, action_masks, seed),
            choosing: policy_generators(seed, first..first + envs),
        }
    }
}

impl<R: Rules> Sample for Sampler<R> {
    fn sample(&mut self, weights: &Checkpoint, steps: usize) -> Result<Fragment, String> {
        let Self { environments, choosing } = self;
        let acting = weights.acting().map_err(|error| error.to_string())?;
        let (given, needed) = (
            (acting.inputs(), acting.outputs(), weights.info.action_masks),
            (environments.observation_size(), environments.actions(), environments.masks().is_some()),
        );
        if given != needed {
            return Err(format!("the weights have (observation, actions, masks) {given:?}, needed are {needed:?}"));
        }
        let rows = environments.envs().checked_mul(steps).filter(|rows| (1..=MOST_ROWS).contains(rows));
        rows.ok_or_else(|| format!("a fragment has to have 1 to {MOST_ROWS} rows"))?;
        let actor = FusedMlp::new(acting);
        let size = environments.observation_size();
        let mut rollout = Rollout::new(size);
        let (mut terminated, mut truncated, mut episodes) = (Vec::new(), Vec::new(), Vec::new());
        let mut final_observations = Array2::zeros((0, size));
        for _ in 0..steps {
            act(environments, choosing, &actor, None, &mut rollout);
            let buffers = &environments.buffers;
            rollout.rewards.extend_from_slice(&buffers.rewards);
            rollout.costs.extend_from_slice(&buffers.costs);
            terminated.extend_from_slice(&buffers.terminated);
            truncated.extend_from_slice(&buffers.truncated);
            for index in (0..environments.envs()).filter(|&index| buffers.ended(index)) {
                push_row(&mut final_observations, environments.final_observation(index));
            }
            episodes.extend_from_slice(environments.ended());
        }
        let Rollout { observations, masks, actions, log_probabilities, rewards, costs, .. } = rollout;
        Ok(Fragment {
            envs: environments.envs(),
            observations,
            masks,
            actions,
            log_probabilities,
            rewards,
            costs,
            terminated,
            truncated,
            final_observations,
            episodes,
            last_observations: environments.observations().to_owned(),
        })
    }

    fn state(&self) -> Result<Vec<u8>, String> {
        let state = SamplerState { environments: self.environments.state(), choosing: self.choosing.clone() };
        rmp_serde::to_vec_named(&state).map_err(|error| error.to_string())
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let state: SamplerState<R::State> = rmp_serde::from_slice(state).map_err(|error| error.to_string())?;
        if state.choosing.len() != self.choosing.len() {
            let (given, needed) = (state.choosing.len(), self.choosing.len());
            return Err(format!("it is the state of {given} environments, needed is one of {needed}"));
        }
        self.environments.restore(state.environments).map_err(|error| error.to_string())?;
        self.choosing = state.choosing;
        Ok(())
    }
}
