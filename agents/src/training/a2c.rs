//! Advantage actor-critic (Mnih et al., 2016, arXiv:1602.01783), all environments in step: short rollouts, one gradient
//! step each. Adam instead of `RMSProp`.

use burn::module::Module;
use daladala_env::Rules;
use serde::{Deserialize, Serialize};

use super::Progress;
use super::actor_critic::{ActorCritic, Minibatch};
use super::collector::Collector;
use super::policy_gradient::Learner;
use crate::algorithm::Algorithm;
use crate::checkpoint::Checkpoint;
use crate::network::Activation;

/// Hyperparameters. The defaults are tuned on `classic`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
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

impl Default for A2cConfig {
    fn default() -> Self {
        Self {
            envs: 64,
            rollout_steps: 8,
            learning_rate: 2e-3,
            gamma: 0.7,
            gae_lambda: 0.9,
            entropy_coefficient: 0.1,
            value_coefficient: 0.5,
            max_gradient_norm: 0.5,
            reward_scale: 0.05,
            hidden: vec![64, 64],
            activation: Activation::Relu,
        }
    }
}

pub(super) fn train<R: Rules>(
    config: &A2cConfig,
    rules: &R,
    seed: u64,
    steps: u64,
    progress: &mut dyn FnMut(Progress),
) -> Checkpoint {
    let mut collector = Collector::new(rules, config.envs, config.reward_scale, seed);
    let model = ActorCritic::new(&config.hidden, config.activation, collector.sizes(), seed);
    let coefficients = (config.entropy_coefficient, config.value_coefficient);
    let mut learner = Learner::new(model, config.max_gradient_norm, coefficients);
    let rows: Vec<usize> = (0..config.envs * config.rollout_steps).collect();
    let mut done = 0;
    while done < steps {
        let last_values = collector.collect(&learner.model.valid(), config.rollout_steps);
        let advantages = collector.rollout.advantages(&last_values, config.gamma, config.gae_lambda);
        let learning_rate = config.learning_rate * (1.0 - done as f64 / steps as f64);
        let loss = learner.update(&Minibatch::new(&collector.rollout, &advantages, &rows), learning_rate);
        done += rows.len() as u64;
        progress(Progress { steps: done, mean_return: collector.recent.mean(), loss });
    }
    collector.checkpoint(Algorithm::A2c, &learner.model.valid(), seed, done)
}
