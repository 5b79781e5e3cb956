//! Proximal policy optimization (Schulman et al., 2017, arXiv:1707.06347) with the clipped objective and
//! generalized advantage estimation.

use burn::grad_clipping::GradientClippingConfig;
use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::Tensor;
use daladala_env::{Generator, Rules};
use serde::{Deserialize, Serialize};

use super::Progress;
use super::actor_critic::{ActorCritic, Judged, Minibatch};
use super::collector::Collector;
use super::rollout::Rollout;
use super::shuffle::shuffle;
use crate::algorithm::Algorithm;
use crate::checkpoint::Checkpoint;
use crate::network::{Activation, values};

/// Hyperparameters. The defaults are tuned on `classic`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
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

impl Default for PpoConfig {
    fn default() -> Self {
        Self {
            envs: 64,
            rollout_steps: 32,
            epochs: 4,
            minibatch_size: 256,
            learning_rate: 2e-3,
            gamma: 0.95,
            gae_lambda: 0.9,
            clip_range: 0.2,
            entropy_coefficient: 0.002,
            value_coefficient: 0.5,
            max_gradient_norm: 0.5,
            reward_scale: 0.05,
            hidden: vec![64, 64],
            activation: Activation::Relu,
        }
    }
}

pub(super) fn train<R: Rules>(
    config: &PpoConfig,
    rules: &R,
    seed: u64,
    steps: u64,
    progress: &mut dyn FnMut(Progress),
) -> Checkpoint {
    let mut collector = Collector::new(rules, config.envs, config.reward_scale, seed);
    let clipping = GradientClippingConfig::Norm(config.max_gradient_norm);
    let mut learner = Learner {
        config,
        model: ActorCritic::new(&config.hidden, config.activation, collector.sizes(), seed),
        optimizer: AdamConfig::new().with_grad_clipping(Some(clipping)).init(),
        shuffling: Generator::new(seed, u64::MAX - 1),
    };
    let rows = (config.envs * config.rollout_steps) as u64;
    let mut done = 0;
    while done < steps {
        let last_values = collector.collect(&learner.model.valid(), config.rollout_steps);
        let advantages = collector.rollout.advantages(&last_values, config.gamma, config.gae_lambda);
        let learning_rate = config.learning_rate * (1.0 - done as f64 / steps as f64);
        let loss = learner.update(&collector.rollout, &advantages, learning_rate);
        done += rows;
        progress(Progress { steps: done, mean_return: collector.recent.mean(), loss });
    }
    collector.checkpoint(Algorithm::Ppo, &learner.model.valid(), seed, done)
}

struct Learner<'a> {
    config: &'a PpoConfig,
    model: ActorCritic,
    optimizer: ModuleOptimizer,
    /// Of the minibatches.
    shuffling: Generator,
}

impl Learner<'_> {
    /// Learns from a rollout; returns the loss of the last gradient step.
    fn update(&mut self, rollout: &Rollout, advantages: &[f32], learning_rate: f64) -> f32 {
        let mut rows: Vec<usize> = (0..advantages.len()).collect();
        let mut last = None;
        for _ in 0..self.config.epochs {
            shuffle(&mut rows, &mut self.shuffling);
            for rows in rows.chunks(self.config.minibatch_size) {
                let loss = self.loss(&Minibatch::new(rollout, advantages, rows));
                let gradients = GradientsParams::from_grads(loss.backward(), &self.model);
                self.model = self.optimizer.step(learning_rate, self.model.clone(), gradients);
                last = Some(loss);
            }
        }
        last.map_or(f32::NAN, |loss| values(loss.inner())[0])
    }

    fn loss(&self, minibatch: &Minibatch) -> Tensor<1> {
        let Judged { log_probabilities, entropy, value_loss } = self.model.judge(minibatch);
        let ratio = (log_probabilities - minibatch.old_log_probabilities.clone()).exp();
        let clipped = ratio.clone().clamp(1.0 - self.config.clip_range, 1.0 + self.config.clip_range);
        let advantages = minibatch.advantages.clone();
        let policy_loss = -(ratio * advantages.clone()).min_pair(clipped * advantages).mean();
        policy_loss + value_loss * self.config.value_coefficient - entropy * self.config.entropy_coefficient
    }
}
