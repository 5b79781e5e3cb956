//! REINFORCE with a baseline (Williams, 1992; Sutton and Barto, 2018, 13.4): whole episodes, and what really followed
//! each action instead of what a critic expects. The baseline is a network that learns the mean; it takes no part in
//! the returns but where an episode was truncated, whose rest it stands for.

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

impl Default for ReinforceConfig {
    fn default() -> Self {
        Self {
            envs: 32,
            learning_rate: 2e-3,
            gamma: 0.7,
            entropy_coefficient: 0.05,
            value_coefficient: 0.5,
            max_gradient_norm: 0.5,
            reward_scale: 0.05,
            hidden: vec![64, 64],
            activation: Activation::Relu,
        }
    }
}

pub(super) fn train<R: Rules>(
    config: &ReinforceConfig,
    rules: &R,
    seed: u64,
    steps: u64,
    progress: &mut dyn FnMut(Progress),
) -> Checkpoint {
    let mut collector = Collector::new(rules, config.envs, config.reward_scale, seed);
    let model = ActorCritic::new(&config.hidden, config.activation, collector.sizes(), seed);
    let coefficients = (config.entropy_coefficient, config.value_coefficient);
    let mut learner = Learner::new(model, config.max_gradient_norm, coefficients);
    let unfinished = vec![0.0; config.envs];
    let mut done = 0;
    while done < steps {
        collector.collect_episodes(&learner.model.valid());
        let advantages = collector.rollout.advantages(&unfinished, config.gamma, 1.0);
        let rows = collector.rollout.rows_of_whole_episodes(config.envs);
        let learning_rate = config.learning_rate * (1.0 - done as f64 / steps as f64);
        let loss = learner.update(&Minibatch::new(&collector.rollout, &advantages, &rows), learning_rate);
        done += collector.rollout.actions.len() as u64;
        progress(Progress { steps: done, mean_return: collector.recent.mean(), loss });
    }
    collector.checkpoint(Algorithm::Reinforce, &learner.model.valid(), seed, done)
}
