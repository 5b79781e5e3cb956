//! Advantage actor-critic (Mnih et al., 2016, arXiv:1602.01783), all environments in step: short rollouts, one gradient
//! step each. Adam instead of `RMSProp`.

use std::collections::BTreeMap;

use burn::tensor::Device;
use daladala_env::Rules;
use serde::{Deserialize, Serialize};

use super::collector::Collector;
use super::environments::Environments;
use super::method::{Method, MethodState, Schedule, Update};
use super::on_policy::{Networks, OnPolicy, Weights};
use crate::network::{Activation, MlpWeights};

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct A2cConfig {
    /// Environments stepped together.
    pub envs: usize,
    /// Steps of each environment in a rollout.
    pub rollout_steps: usize,
    /// Adam's learning rate at the start; it falls linearly to zero.
    pub learning_rate: f64,
    /// Discount of a step.
    pub gamma: f32,
    /// λ of the advantage estimation; 1 is the paper's.
    pub gae_lambda: f32,
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
    /// What follows each of them.
    pub activation: Activation,
}

pub(super) struct A2c<R: Rules> {
    config: A2cConfig,
    on_policy: OnPolicy<R>,
}

impl<R: Rules> A2c<R> {
    pub(super) fn new(config: &A2cConfig, rules: &R, seed: u64, device: &Device) -> Self {
        let collector = Collector::new(rules, config.envs, config.reward_scale, seed);
        let A2cConfig { activation, max_gradient_norm, .. } = *config;
        let networks = Networks { hidden: &config.hidden, activation, max_gradient_norm };
        Self { config: config.clone(), on_policy: OnPolicy::new(collector, &networks, seed, device) }
    }
}

impl<R: Rules> Method<R> for A2c<R> {
    fn advance(&mut self, schedule: Schedule) -> Update {
        let Self { config, on_policy } = self;
        let weights = Weights {
            learning_rate: schedule.falling(config.learning_rate),
            entropy: config.entropy_coefficient,
            value: config.value_coefficient,
        };
        let (actor, critic) = (on_policy.actor.acting(), on_policy.critic.acting());
        let last_values = on_policy.collector.collect(&actor, &critic, config.rollout_steps);
        let rollout = &on_policy.collector.rollout;
        let advantages = rollout.advantages(&last_values, config.gamma, config.gae_lambda);
        let rows = (0..rollout.rows()).collect();
        let last = on_policy
            .learn(&[rows], &advantages, &weights, &|batch| (batch.log_probabilities * batch.advantages).mean());
        last.update(&on_policy.collector.rollout, &advantages, &weights)
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
