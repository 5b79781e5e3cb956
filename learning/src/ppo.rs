//! Proximal policy optimization (Schulman et al., 2017, arXiv:1707.06347) with the clipped objective and
//! generalized advantage estimation.

use daladala_env::{Generator, Rules};
use serde::{Deserialize, Serialize};

use crate::method::{Schedule, Update};
use crate::on_policy::{self, Coefficients, Networks, OnPolicy, Recipe};
use crate::shuffle::shuffle;
use daladala_agents::network::Activation;

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PpoConfig {
    /// Environments stepped together.
    pub envs: usize,
    /// Steps of each environment in a rollout: about an episode of `classic`.
    pub rollout_steps: usize,
    /// Passes over a rollout.
    pub epochs: usize,
    /// Rows of a gradient step.
    pub minibatch_size: usize,
    /// Adam's learning rate at the start; it falls linearly to zero.
    pub learning_rate: f64,
    /// Discount of a step.
    pub gamma: f32,
    /// λ of the advantage estimation.
    pub gae_lambda: f32,
    /// How far the probability of an action may move in a rollout, as a ratio from 1.
    pub clip_range: f32,
    /// Weight of the entropy in the loss.
    pub entropy_coefficient: f32,
    /// Weight of the critic's squared error in the loss.
    pub value_coefficient: f32,
    /// The greatest norm of the gradient of one tensor.
    pub max_gradient_norm: f32,
    /// Rewards are multiplied by this, so that values are of the order of 1.
    pub reward_scale: f32,
    /// Sizes of the hidden layers, of the actor and of the critic.
    pub hidden: Vec<usize>,
    /// What follows each of them. ReLU takes a fraction of tanh's time here and learns as well.
    pub activation: Activation,
}

/// What is told of an update.
pub(crate) const DETAILS: [&str; 6] = [
    on_policy::DETAILS[0],
    on_policy::DETAILS[1],
    on_policy::DETAILS[2],
    on_policy::DETAILS[3],
    "train/approx_kl",
    "train/clip_fraction",
];

impl PpoConfig {
    /// The rows of each gradient step: in every epoch all of them, in another order.
    fn minibatches(&self, shuffling: &mut Generator) -> Vec<Vec<usize>> {
        let mut rows: Vec<usize> = (0..self.envs * self.rollout_steps).collect();
        let mut minibatches = Vec::new();
        for _ in 0..self.epochs {
            shuffle(&mut rows, shuffling);
            minibatches.extend(rows.chunks(self.minibatch_size).map(<[usize]>::to_vec));
        }
        minibatches
    }
}

impl Recipe for PpoConfig {
    fn envs(&self) -> usize {
        self.envs
    }

    fn reward_scale(&self) -> f32 {
        self.reward_scale
    }

    fn networks(&self) -> Networks<'_> {
        let Self { activation, max_gradient_norm, .. } = *self;
        Networks { hidden: &self.hidden, activation, max_gradient_norm }
    }

    fn advance<R: Rules>(&self, on_policy: &mut OnPolicy<R>, schedule: Schedule) -> Update {
        let minibatches = self.minibatches(&mut on_policy.shuffling);
        let coefficients = Coefficients {
            learning_rate: schedule.falling(self.learning_rate),
            entropy: self.entropy_coefficient,
            value: self.value_coefficient,
        };
        let (actor, critic) = (on_policy.actor.acting(), on_policy.critic.acting());
        let last_values = on_policy.collector.collect(&actor, &critic, self.rollout_steps);
        let advantages = on_policy.collector.rollout.advantages(&last_values, self.gamma, self.gae_lambda);
        let clip_range = self.clip_range;
        let last = on_policy.learn(&minibatches, &advantages, &coefficients, &|batch| {
            let ratio = (batch.log_probabilities - batch.old_log_probabilities).exp();
            let clipped = ratio.clone().clamp(1.0 - clip_range, 1.0 + clip_range);
            (ratio * batch.advantages.clone()).min_pair(clipped * batch.advantages).mean()
        });
        let mut update = last.update(&on_policy.collector.rollout, &advantages, &coefficients);
        let count = last.log_ratios.len() as f32;
        let mean = |value: &dyn Fn(f32) -> f32| last.log_ratios.iter().map(|&log| value(log)).sum::<f32>() / count;
        update.details.push(mean(&|log| log.exp() - 1.0 - log));
        let is_clipped = |log: f32| f32::from(u8::from((log.exp() - 1.0).abs() > clip_range));
        update.details.push(mean(&is_clipped));
        update
    }
}
