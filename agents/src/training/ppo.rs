//! Proximal policy optimization (Schulman et al., 2017, arXiv:1707.06347) with the clipped objective and
//! generalized advantage estimation.

use std::collections::BTreeMap;

use burn::tensor::Device;
use daladala_env::Rules;
use serde::{Deserialize, Serialize};

use super::collector::Collector;
use super::environments::Environments;
use super::method::{Method, MethodState, Schedule, Update};
use super::on_policy::{self, Networks, OnPolicy, Weights};
use super::shuffle::shuffle;
use crate::network::{Activation, MlpWeights};

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
pub(super) const DETAILS: [&str; 6] = [
    on_policy::DETAILS[0],
    on_policy::DETAILS[1],
    on_policy::DETAILS[2],
    on_policy::DETAILS[3],
    "train/approx_kl",
    "train/clip_fraction",
];

pub(super) struct Ppo<R: Rules> {
    config: PpoConfig,
    on_policy: OnPolicy<R>,
}

impl<R: Rules> Ppo<R> {
    pub(super) fn new(config: &PpoConfig, rules: &R, seed: u64, device: &Device) -> Self {
        let collector = Collector::new(rules, config.envs, config.reward_scale, seed);
        let PpoConfig { activation, max_gradient_norm, .. } = *config;
        let networks = Networks { hidden: &config.hidden, activation, max_gradient_norm };
        Self { config: config.clone(), on_policy: OnPolicy::new(collector, &networks, seed, device) }
    }

    /// The rows of each gradient step: in every epoch all of them, in another order.
    fn minibatches(&mut self) -> Vec<Vec<usize>> {
        let mut rows: Vec<usize> = (0..self.config.envs * self.config.rollout_steps).collect();
        let mut minibatches = Vec::new();
        for _ in 0..self.config.epochs {
            shuffle(&mut rows, &mut self.on_policy.shuffling);
            minibatches.extend(rows.chunks(self.config.minibatch_size).map(<[usize]>::to_vec));
        }
        minibatches
    }
}

impl<R: Rules> Method<R> for Ppo<R> {
    fn advance(&mut self, schedule: Schedule) -> Update {
        let minibatches = self.minibatches();
        let Self { config, on_policy } = self;
        let weights = Weights {
            learning_rate: schedule.falling(config.learning_rate),
            entropy: config.entropy_coefficient,
            value: config.value_coefficient,
        };
        let (actor, critic) = (on_policy.actor.acting(), on_policy.critic.acting());
        let last_values = on_policy.collector.collect(&actor, &critic, config.rollout_steps);
        let advantages = on_policy.collector.rollout.advantages(&last_values, config.gamma, config.gae_lambda);
        let clip_range = config.clip_range;
        let last = on_policy.learn(&minibatches, &advantages, &weights, &|batch| {
            let ratio = (batch.log_probabilities - batch.old_log_probabilities).exp();
            let clipped = ratio.clone().clamp(1.0 - clip_range, 1.0 + clip_range);
            (ratio * batch.advantages.clone()).min_pair(clipped * batch.advantages).mean()
        });
        let mut update = last.update(&on_policy.collector.rollout, &advantages, &weights);
        let count = last.log_ratios.len() as f32;
        let mean = |value: &dyn Fn(f32) -> f32| last.log_ratios.iter().map(|&log| value(log)).sum::<f32>() / count;
        update.details.push(mean(&|log| log.exp() - 1.0 - log));
        let is_clipped = |log: f32| f32::from(u8::from((log.exp() - 1.0).abs() > clip_range));
        update.details.push(mean(&is_clipped));
        update
    }

    fn environments(&self) -> &Environments<R> {
        &self.on_policy.collector.environments
    }

    fn networks(&self) -> BTreeMap<String, MlpWeights> {
        self.on_policy.networks()
    }

    fn state(&self) -> MethodState<R::State> {
        MethodState::OnPolicy(self.on_policy.state())
    }

    fn restore(&mut self, state: MethodState<R::State>) -> Result<(), String> {
        self.on_policy.restore(state.on_policy()?)
    }
}
