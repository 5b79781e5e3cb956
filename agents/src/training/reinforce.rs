//! REINFORCE with a baseline (Williams, 1992; Sutton and Barto, 2018, 13.4): whole episodes, and what really followed
//! each action instead of what a critic expects. The baseline is a network that learns the mean; it takes no part in
//! the returns but where an episode was truncated, whose rest it stands for.

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
pub struct ReinforceConfig {
    /// Environments stepped together: each drives an episode at least for every gradient step.
    pub envs: usize,
    /// Adam's learning rate at the start; it falls linearly to zero.
    pub learning_rate: f64,
    /// Discount of a step.
    pub gamma: f32,
    /// Weight of the entropy in the loss.
    pub entropy_coefficient: f32,
    /// Weight of the baseline's squared error in the loss.
    pub value_coefficient: f32,
    /// The greatest norm of the gradient of one tensor.
    pub max_gradient_norm: f32,
    /// Rewards are multiplied by this, so that returns are of the order of 1.
    pub reward_scale: f32,
    /// Sizes of the hidden layers, of the policy and of the baseline.
    pub hidden: Vec<usize>,
    /// What follows each of them.
    pub activation: Activation,
}

pub(super) struct Reinforce<R: Rules> {
    config: ReinforceConfig,
    on_policy: OnPolicy<R>,
}

impl<R: Rules> Reinforce<R> {
    pub(super) fn new(config: &ReinforceConfig, rules: &R, seed: u64, device: &Device) -> Self {
        let collector = Collector::new(rules, config.envs, config.reward_scale, seed);
        let ReinforceConfig { activation, max_gradient_norm, .. } = *config;
        let networks = Networks { hidden: &config.hidden, activation, max_gradient_norm };
        Self { config: config.clone(), on_policy: OnPolicy::new(collector, &networks, seed, device) }
    }
}

impl<R: Rules> Method<R> for Reinforce<R> {
    fn advance(&mut self, schedule: Schedule) -> Update {
        let Self { config, on_policy } = self;
        let weights = Weights {
            learning_rate: schedule.falling(config.learning_rate),
            entropy: config.entropy_coefficient,
            value: config.value_coefficient,
        };
        let (actor, critic) = (on_policy.actor.acting(), on_policy.critic.acting());
        on_policy.collector.collect_episodes(&actor, &critic);
        let rollout = &on_policy.collector.rollout;
        // Later episodes are left out, whatever those that are not over are taken to be worth.
        let advantages = rollout.advantages(&vec![0.0; config.envs], config.gamma, 1.0);
        let rows = rollout.rows_of_first_episodes(config.envs);
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
