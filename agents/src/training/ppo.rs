//! Proximal policy optimization (Schulman et al., 2017, arXiv:1707.06347) with the clipped objective and
//! generalized advantage estimation.

use burn::grad_clipping::GradientClippingConfig;
use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use daladala_env::{Autoreset, Buffers, Generator, Rules, VecEnv, VecEnvConfig};

use super::rollout::Rollout;
use super::shuffle::{gather, shuffle};
use super::{Progress, RecentReturns};
use crate::algorithm::Algorithm;
use crate::checkpoint::{Checkpoint, ModelInfo};
use crate::network::{Activation, Mlp, MlpWeights, values};
use crate::neural::sample;
use crate::policy::policy_generators;

/// Hyperparameters. The defaults are tuned on `classic`.
#[derive(Debug, Clone, PartialEq)]
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

#[derive(Module, Debug)]
struct ActorCritic {
    actor: Mlp,
    critic: Mlp,
}

impl ActorCritic {
    fn new(config: &PpoConfig, observation_size: usize, actions: usize, seed: u64, device: &Device) -> Self {
        let mut generator = Generator::new(seed, u64::MAX);
        let mut network = |outputs, gain| {
            let sizes = [&[observation_size], &config.hidden[..], &[outputs]].concat();
            Mlp::new(&MlpWeights::init(&sizes, config.activation, gain, &mut generator), device)
        };
        // A small gain makes the first policy nearly uniform.
        Self { actor: network(actions, 0.01), critic: network(1, 1.0) }
    }
}

pub(super) fn train<R: Rules>(
    config: &PpoConfig,
    rules: &R,
    seed: u64,
    steps: u64,
    progress: &mut dyn FnMut(Progress),
) -> Checkpoint {
    let mut trainer = Trainer::new(config, rules, seed);
    let rows = (config.envs * config.rollout_steps) as u64;
    let mut done = 0;
    while done < steps {
        let advantages = trainer.collect();
        let learning_rate = config.learning_rate * (1.0 - done as f64 / steps as f64);
        let loss = trainer.update(&advantages, learning_rate);
        done += rows;
        progress(Progress { steps: done, mean_return: trainer.recent.mean(), loss });
    }
    trainer.checkpoint(seed, done)
}

struct Trainer<'a, R: Rules> {
    config: &'a PpoConfig,
    device: Device,
    env: VecEnv<R>,
    buffers: Buffers,
    model: ActorCritic,
    optimizer: ModuleOptimizer,
    rollout: Rollout,
    /// Of the choices, one an environment.
    choosing: Vec<Generator>,
    /// Of the minibatches.
    shuffling: Generator,
    recent: RecentReturns,
}

impl<'a, R: Rules> Trainer<'a, R> {
    fn new(config: &'a PpoConfig, rules: &R, seed: u64) -> Self {
        let device = Device::flex();
        let env_config = VecEnvConfig { seed, autoreset: Autoreset::SameStep, ..VecEnvConfig::default() };
        let mut env = VecEnv::new(rules.clone(), config.envs, env_config);
        let mut buffers = Buffers::for_env(&env);
        env.reset(&mut buffers.observations);
        let actions = rules.spaces().actions.len();
        let clipping = GradientClippingConfig::Norm(config.max_gradient_norm);
        Self {
            config,
            model: ActorCritic::new(config, env.observation_size(), actions, seed, &device.clone().autodiff()),
            device,
            env,
            buffers,
            optimizer: AdamConfig::new().with_grad_clipping(Some(clipping)).init(),
            rollout: Rollout::default(),
            choosing: policy_generators(seed, 0..config.envs),
            shuffling: Generator::new(seed, u64::MAX - 1),
            recent: RecentReturns::default(),
        }
    }

    /// Drives all environments for a rollout and returns its advantages.
    fn collect(&mut self) -> Vec<f32> {
        let acting = self.model.valid();
        let envs = self.config.envs;
        let size = self.env.observation_size();
        let mut actions = vec![0; envs];
        self.rollout.clear();
        for _ in 0..self.config.rollout_steps {
            let input = self.tensor(&self.buffers.observations);
            let logits = acting.actor.forward(input.clone());
            let log_probabilities = values(log_softmax(logits, 1));
            self.rollout.values.extend(values(acting.critic.forward(input)));
            let rows = log_probabilities.chunks_exact(log_probabilities.len() / envs);
            for ((row, generator), action) in rows.zip(&mut self.choosing).zip(&mut actions) {
                *action = sample(row, generator);
                self.rollout.log_probabilities.push(row[usize::from(*action)]);
            }
            self.rollout.observations.extend_from_slice(&self.buffers.observations);
            self.rollout.actions.extend_from_slice(&actions);
            self.env.step(&actions, self.buffers.as_step()).expect("sampled among the actions of the rules");
            for index in 0..envs {
                self.rollout.rewards.push(self.buffers.rewards[index] * self.config.reward_scale);
                let end = if self.buffers.terminated[index] {
                    Some(0.0)
                } else if self.buffers.truncated[index] {
                    let last = &self.buffers.final_observations[index * size..][..size];
                    Some(values(acting.critic.forward(self.tensor(last)))[0])
                } else {
                    None
                };
                self.rollout.ends.push(end);
                if end.is_some() {
                    self.recent.push(self.env.last_episode(index).episode_return);
                }
            }
        }
        let last_values = values(acting.critic.forward(self.tensor(&self.buffers.observations)));
        self.rollout.advantages(&last_values, self.config.gamma, self.config.gae_lambda)
    }

    /// Learns from the rollout; returns the loss of the last gradient step.
    fn update(&mut self, advantages: &[f32], learning_rate: f64) -> f32 {
        let mut rows: Vec<usize> = (0..advantages.len()).collect();
        let mut last = None;
        for _ in 0..self.config.epochs {
            shuffle(&mut rows, &mut self.shuffling);
            for minibatch in rows.chunks(self.config.minibatch_size) {
                let loss = self.loss(advantages, minibatch);
                let gradients = GradientsParams::from_grads(loss.backward(), &self.model);
                self.model = self.optimizer.step(learning_rate, self.model.clone(), gradients);
                last = Some(loss);
            }
        }
        last.map_or(f32::NAN, |loss| values(loss.inner())[0])
    }

    fn loss(&self, advantages: &[f32], rows: &[usize]) -> Tensor<1> {
        let device = self.device.clone().autodiff();
        let count = rows.len();
        let column = |column: Vec<f32>| Tensor::<2>::from_data(TensorData::new(column, [count, 1]), &device);
        let picked = |source: &[f32]| rows.iter().map(|&row| source[row]).collect::<Vec<f32>>();

        let size = self.env.observation_size();
        let observations = gather(&self.rollout.observations, size, rows);
        let observations = Tensor::<2>::from_data(TensorData::new(observations, [count, size]), &device);
        let actions: Vec<i64> = rows.iter().map(|&row| i64::from(self.rollout.actions[row])).collect();
        let actions = Tensor::<2, Int>::from_data(TensorData::new(actions, [count, 1]), &device);
        let old_log_probabilities = column(picked(&self.rollout.log_probabilities));
        let advantages = picked(advantages);
        let returns = advantages.iter().zip(rows).map(|(advantage, &row)| advantage + self.rollout.values[row]);
        let returns = column(returns.collect());
        let advantages = column(normalized(advantages));

        let logits = self.model.actor.forward(observations.clone());
        let log_probabilities = log_softmax(logits.clone(), 1);
        let entropy = -(softmax(logits, 1) * log_probabilities.clone()).sum_dim(1).mean();
        let ratio = (log_probabilities.gather(1, actions) - old_log_probabilities).exp();
        let clipped = ratio.clone().clamp(1.0 - self.config.clip_range, 1.0 + self.config.clip_range);
        let policy_loss = -(ratio * advantages.clone()).min_pair(clipped * advantages).mean();
        let error = self.model.critic.forward(observations) - returns;
        let value_loss = (error.clone() * error).mean();
        policy_loss + value_loss * self.config.value_coefficient - entropy * self.config.entropy_coefficient
    }

    fn tensor(&self, observations: &[f32]) -> Tensor<2> {
        let size = self.env.observation_size();
        let shape = [observations.len() / size, size];
        Tensor::from_data(TensorData::new(observations.to_vec(), shape), &self.device)
    }

    fn checkpoint(&self, seed: u64, steps: u64) -> Checkpoint {
        let spaces = self.env.rules().spaces();
        let info = ModelInfo {
            algorithm: Algorithm::Ppo,
            rules: self.env.rules().name().to_owned(),
            observation_size: spaces.observation.len(),
            actions: spaces.actions.len(),
            seed: Some(seed),
            steps: Some(steps),
            mean_return: f64::from(self.recent.mean()),
            source: None,
        };
        let model = self.model.valid();
        let networks = [("actor".to_owned(), model.actor.weights()), ("critic".to_owned(), model.critic.weights())];
        Checkpoint { info, networks: networks.into() }
    }
}

/// Mean 0 and standard deviation 1, over a minibatch.
fn normalized(mut values: Vec<f32>) -> Vec<f32> {
    let count = values.len() as f32;
    let mean = values.iter().sum::<f32>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
    let scale = 1.0 / (variance.sqrt() + 1e-8);
    for value in &mut values {
        *value = (*value - mean) * scale;
    }
    values
}
