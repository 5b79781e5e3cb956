//! A limit to the mean cost of an episode, kept by a Lagrangian multiplier: PPO-Lagrangian (Ray, Achiam and Amodei, 2019,
//! "Benchmarking Safe Exploration in Deep Reinforcement Learning").
//!
//! The policy goes up reward − λ · cost, and λ, the price of a unit of cost, rises while episodes cost more than the limit
//! and falls while they cost less. Costs have a critic of their own.

use daladala_agents::network::FusedMlp;
use daladala_env::Rules;
use serde::{Deserialize, Serialize};

use crate::collector::Collector;
use crate::learner::{Learner, LearnerState};
use crate::loss::ValueLoss;
use crate::rollout::{generalized_advantages, values_of};

/// What is told of an update beside what PPO tells.
pub(crate) const DETAILS: [&str; 3] = ["train/cost_multiplier", "rollout/ep_cost_mean", "train/cost_value_loss"];

/// What of the hyperparameters is about the limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConstraintSettings {
    /// The greatest mean cost of an episode.
    pub(crate) limit: f32,
    /// λ at the start.
    pub(crate) price: f32,
    /// How much λ moves in an update in which episodes cost twice the limit.
    pub(crate) multiplier_learning_rate: f32,
}

pub(crate) struct Constraint {
    settings: ConstraintSettings,
    /// Its values are costs, in units of the limit.
    pub(crate) critic: Learner,
    /// λ: reward that a unit of cost is worth.
    multiplier: f32,
}

/// What a [`Constraint`] goes on from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ConstraintState {
    critic: LearnerState,
    multiplier: f32,
}

/// What a rollout is worth under a constraint, row by row.
pub(crate) struct Priced {
    /// Advantages of reward less the price of cost.
    pub(crate) advantages: Vec<f32>,
    /// What the cost critic is to expect.
    pub(crate) cost_returns: Vec<f32>,
}

/// Discount of a step, and λ of the advantage estimation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Discounts {
    pub(crate) gamma: f32,
    pub(crate) lambda: f32,
}

impl Constraint {
    pub(crate) fn new(settings: ConstraintSettings, critic: Learner) -> Self {
        Self { multiplier: settings.price, settings, critic }
    }

    /// Moves λ by what the last episodes cost.
    pub(crate) fn adjust<R: Rules>(&mut self, collector: &Collector<R>) {
        let excess = collector.environments.recent.mean_cost() / self.settings.limit - 1.0;
        // Before the first episode has ended, nothing is known.
        if excess.is_finite() {
            self.multiplier = (self.multiplier + self.settings.multiplier_learning_rate * excess).max(0.0);
        }
    }

    /// Takes the price of cost off the `advantages` of reward.
    pub(crate) fn price<R: Rules>(
        &self,
        collector: &Collector<R>,
        critic: &FusedMlp,
        advantages: &[f32],
        discounts: Discounts,
    ) -> Priced {
        let limit = self.settings.limit;
        let rollout = &collector.rollout;
        let costs: Vec<f32> = rollout.costs.iter().map(|cost| cost / limit).collect();
        let values = values_of(critic, rollout.observations.view());
        let last_values = values_of(critic, collector.environments.observations());
        let mut ends = rollout.ends.clone();
        for (&row, value) in rollout.truncated.iter().zip(values_of(critic, rollout.final_observations.view())) {
            ends[row] = Some(value);
        }
        let of_costs = generalized_advantages(&costs, &values, &ends, &last_values, discounts.gamma, discounts.lambda);
        let (reward_scale, price) = (collector.reward_scale(), self.multiplier * limit);
        let both = advantages.iter().zip(&of_costs);
        Priced {
            advantages: both.map(|(reward, cost)| reward / reward_scale - price * cost).collect(),
            cost_returns: of_costs.iter().zip(&values).map(|(advantage, value)| advantage + value).collect(),
        }
    }

    /// A gradient step of the cost critic for each of the `batches` of rows. Returns the mean of their losses.
    pub(crate) fn learn<R: Rules>(
        &mut self,
        collector: &Collector<R>,
        batches: &[Vec<usize>],
        cost_returns: &[f32],
        max_gradient_norm: f32,
        learning_rate: f64,
    ) -> f32 {
        let observations = collector.normalized_observations();
        let loss = ValueLoss { returns: cost_returns, near: None };
        let steps = batches.iter().map(|rows| {
            let step = self.critic.gradient_step(observations.view(), rows, &loss, max_gradient_norm, learning_rate);
            step[0]
        });
        (steps.sum::<f64>() / batches.len() as f64) as f32
    }

    /// λ.
    pub(crate) fn multiplier(&self) -> f32 {
        self.multiplier
    }

    pub(crate) fn state(&self) -> ConstraintState {
        ConstraintState { critic: self.critic.state(), multiplier: self.multiplier }
    }

    pub(crate) fn restore(&mut self, state: ConstraintState) -> Result<(), String> {
        if !(state.multiplier >= 0.0 && state.multiplier.is_finite()) {
            return Err(format!("the multiplier is {}", state.multiplier));
        }
        self.multiplier = state.multiplier;
        self.critic.restore(state.critic)
    }
}
