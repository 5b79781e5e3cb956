//! The rows that a step writes.

use super::{Batch, VecEnv};
use crate::error::EnvError;
use crate::info::RulesInfo;
use crate::rules::{Rules, StepTerms, Transition};

/// Where a step writes its results: slices of the caller, row `i` for environment `i`.
#[derive(Debug)]
pub struct StepBuffers<'a> {
    /// `[envs, observation_size]`.
    pub observations: &'a mut [f32],
    /// `[envs]`.
    pub rewards: &'a mut [f32],
    /// `[envs]`: the cost of the step beside its reward, where it is asked for. Rules without costs write zeros.
    pub costs: Option<&'a mut [f32]>,
    /// `[envs]`: the rules ended the episode.
    pub terminated: &'a mut [bool],
    /// `[envs]`: the step limit cut the episode off.
    pub truncated: &'a mut [bool],
    /// `[envs, observation_size]`: under [`Autoreset::SameStep`](super::Autoreset::SameStep) the last observation of
    /// each episode that ended in this step. Rows of episodes that go on are left as they are.
    pub final_observations: &'a mut [f32],
    /// What rewards and costs are made of, where it is asked for.
    pub terms: Option<TermBuffers<'a>>,
}

/// Where a step writes what rewards and costs are made of.
#[derive(Debug)]
pub struct TermBuffers<'a> {
    /// `[envs, reward terms]`.
    pub reward: &'a mut [f32],
    /// `[envs, cost terms]`.
    pub cost: &'a mut [f32],
}

/// The row of one environment.
#[derive(Debug)]
pub(crate) struct StepRow<'a> {
    pub(super) observation: &'a mut [f32],
    pub(super) reward: &'a mut f32,
    pub(super) cost: Option<&'a mut f32>,
    pub(super) terminated: &'a mut bool,
    pub(super) truncated: &'a mut bool,
    pub(crate) final_observation: &'a mut [f32],
    pub(crate) terms: Option<StepTerms<'a>>,
}

impl StepRow<'_> {
    /// What a step brings that begins an episode: nothing.
    pub(crate) fn rest(&mut self) {
        if let Some(terms) = &mut self.terms {
            terms.reward.fill(0.0);
            terms.cost.fill(0.0);
        }
        self.tell(Transition::default());
    }

    /// Writes what a step brought, but for terms and observations.
    pub(crate) fn tell(&mut self, transition: Transition) {
        *self.reward = transition.reward;
        if let Some(cost) = &mut self.cost {
            **cost = transition.cost;
        }
        *self.terminated = transition.terminated;
        *self.truncated = transition.truncated;
    }
}

impl<'a> StepBuffers<'a> {
    pub(crate) fn row(&mut self, index: usize) -> StepRow<'_> {
        let envs = self.rewards.len();
        let size = self.observations.len() / envs;
        StepRow {
            observation: &mut self.observations[index * size..][..size],
            reward: &mut self.rewards[index],
            cost: self.costs.as_mut().map(|costs| &mut costs[index]),
            terminated: &mut self.terminated[index],
            truncated: &mut self.truncated[index],
            final_observation: &mut self.final_observations[index * size..][..size],
            terms: self.terms.as_mut().map(|terms| {
                let (reward, cost) = (terms.reward.len() / envs, terms.cost.len() / envs);
                StepTerms {
                    reward: &mut terms.reward[index * reward..][..reward],
                    cost: &mut terms.cost[index * cost..][..cost],
                }
            }),
        }
    }

    /// The rows of `envs` environments at a time.
    pub(super) fn chunks(self, envs: usize) -> Vec<StepBuffers<'a>> {
        let mut pieces = Vec::with_capacity(self.rewards.len().div_ceil(envs));
        let mut rest = self;
        while rest.rewards.len() > envs {
            let (piece, after) = rest.split_at(envs);
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        pieces
    }

    fn split_at(self, envs: usize) -> (Self, Self) {
        let all = self.rewards.len();
        let cut = |slice: &'a mut [f32]| {
            let size = slice.len() / all;
            slice.split_at_mut(envs * size)
        };
        let (observations, rewards) = (cut(self.observations), cut(self.rewards));
        let final_observations = cut(self.final_observations);
        let (terminated, truncated) = (self.terminated.split_at_mut(envs), self.truncated.split_at_mut(envs));
        let costs = self.costs.map(cut).unzip();
        let terms = self.terms.map(|terms| {
            let (reward, cost) = (cut(terms.reward), cut(terms.cost));
            (TermBuffers { reward: reward.0, cost: cost.0 }, TermBuffers { reward: reward.1, cost: cost.1 })
        });
        let terms = terms.unzip();
        let part = |observations, rewards, costs, terminated, truncated, final_observations, terms| Self {
            observations,
            rewards,
            costs,
            terminated,
            truncated,
            final_observations,
            terms,
        };
        (
            part(observations.0, rewards.0, costs.0, terminated.0, truncated.0, final_observations.0, terms.0),
            part(observations.1, rewards.1, costs.1, terminated.1, truncated.1, final_observations.1, terms.1),
        )
    }

    pub(super) fn check(&self, envs: usize, info: &RulesInfo) -> Result<(), EnvError> {
        let size = envs * info.observation_size();
        let (reward_terms, cost_terms) = (envs * info.reward_terms.len(), envs * info.cost_terms.len());
        let terms = self.terms.as_ref().map(|terms| (terms.reward.len(), terms.cost.len()));
        let (given_reward_terms, given_cost_terms) = terms.unwrap_or((reward_terms, cost_terms));
        let lengths = [
            ("observations", self.observations.len(), size),
            ("rewards", self.rewards.len(), envs),
            ("costs", self.costs.as_ref().map_or(envs, |costs| costs.len()), envs),
            ("terminated", self.terminated.len(), envs),
            ("truncated", self.truncated.len(), envs),
            ("final_observations", self.final_observations.len(), size),
            ("reward terms", given_reward_terms, reward_terms),
            ("cost terms", given_cost_terms, cost_terms),
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
    /// `[envs]`; empty where the rules have no costs.
    pub costs: Vec<f32>,
    /// `[envs]`.
    pub terminated: Vec<bool>,
    /// `[envs]`.
    pub truncated: Vec<bool>,
    /// `[envs, observation_size]`.
    pub final_observations: Vec<f32>,
    /// `[envs, reward terms]`; written by [`Buffers::as_step_with_terms`] alone.
    pub reward_terms: Vec<f32>,
    /// `[envs, cost terms]`; written by [`Buffers::as_step_with_terms`] alone.
    pub cost_terms: Vec<f32>,
}

impl Buffers {
    /// Rows that fit `env`.
    #[must_use]
    pub fn for_env<R: Rules, B: Batch<R>>(env: &VecEnv<R, B>) -> Self {
        Self::new(env.envs(), env.info())
    }

    /// Rows for `envs` environments of rules that `info` describes.
    #[must_use]
    pub fn new(envs: usize, info: &RulesInfo) -> Self {
        let size = info.observation_size();
        Self {
            observations: vec![0.0; envs * size],
            rewards: vec![0.0; envs],
            costs: vec![0.0; if info.cost_terms.is_empty() { 0 } else { envs }],
            terminated: vec![false; envs],
            truncated: vec![false; envs],
            final_observations: vec![0.0; envs * size],
            reward_terms: vec![0.0; envs * info.reward_terms.len()],
            cost_terms: vec![0.0; envs * info.cost_terms.len()],
        }
    }

    /// The rows as a step takes them: costs where the rules have some, no terms.
    pub fn as_step(&mut self) -> StepBuffers<'_> {
        StepBuffers { terms: None, ..self.as_step_with_terms() }
    }

    /// The same, with what rewards and costs are made of.
    pub fn as_step_with_terms(&mut self) -> StepBuffers<'_> {
        StepBuffers {
            observations: &mut self.observations,
            rewards: &mut self.rewards,
            costs: (!self.costs.is_empty()).then_some(&mut self.costs),
            terminated: &mut self.terminated,
            truncated: &mut self.truncated,
            final_observations: &mut self.final_observations,
            terms: Some(TermBuffers { reward: &mut self.reward_terms, cost: &mut self.cost_terms }),
        }
    }

    /// Whether the episode of environment `index` ended in the last step.
    #[must_use]
    pub fn ended(&self, index: usize) -> bool {
        self.terminated[index] || self.truncated[index]
    }
}
