//! Deep Q-learning (Mnih et al., 2015) with a target network, and the double estimator of van Hasselt et al. (2016).

use burn::grad_clipping::GradientClippingConfig;
use burn::module::Module;
use burn::nn::loss::{HuberLossConfig, Reduction};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Int, Tensor, TensorData};
use daladala_env::{Action, Autoreset, Buffers, Generator, Rules, VecEnv, VecEnvConfig};
use serde::{Deserialize, Serialize};

use super::replay_buffer::{Batch, ReplayBuffer};
use super::{Progress, RecentReturns};
use crate::algorithm::Algorithm;
use crate::checkpoint::{Checkpoint, ModelInfo};
use crate::network::{Activation, Mlp, MlpWeights, values};
use crate::policy::{argmax, policy_generators};

/// Hyperparameters. The defaults are tuned on `classic`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DqnConfig {
    /// Environments stepped together; there is one gradient step for each of their common steps.
    pub envs: usize,
    /// Transitions that are remembered.
    pub buffer_size: usize,
    /// Transitions that are gathered before learning starts.
    pub learning_starts: usize,
    /// Rows of a gradient step.
    pub batch_size: usize,
    /// Adam's learning rate at the start; it falls linearly to zero.
    pub learning_rate: f64,
    /// Discount of a step.
    pub gamma: f32,
    /// Gradient steps between updates of the target network.
    pub target_update_interval: u64,
    /// Chance of a random action after the exploration; it starts at 1.
    pub final_epsilon: f32,
    /// The part of all steps over which that chance falls.
    pub exploration_fraction: f32,
    /// Choose the next action by the learning network and value it by the target network.
    pub double: bool,
    /// The greatest norm of the gradient of one tensor.
    pub max_gradient_norm: f32,
    /// Rewards are multiplied by this, so that values are of the order of 1.
    pub reward_scale: f32,
    /// Sizes of the hidden layers.
    pub hidden: Vec<usize>,
}

impl Default for DqnConfig {
    fn default() -> Self {
        Self {
            envs: 32,
            buffer_size: 50_000,
            learning_starts: 2_000,
            batch_size: 256,
            learning_rate: 2e-3,
            gamma: 0.8,
            target_update_interval: 50,
            final_epsilon: 0.2,
            exploration_fraction: 0.8,
            double: true,
            max_gradient_norm: 10.0,
            reward_scale: 0.05,
            hidden: vec![64, 64],
        }
    }
}

pub(super) fn train<R: Rules>(
    config: &DqnConfig,
    rules: &R,
    seed: u64,
    steps: u64,
    progress: &mut dyn FnMut(Progress),
) -> Checkpoint {
    let mut trainer = Trainer::new(config, rules, seed);
    let mut loss = f32::NAN;
    let mut done = 0;
    while done < steps {
        let fraction = done as f32 / steps as f32;
        let explored = (fraction / config.exploration_fraction).min(1.0);
        trainer.act(1.0 + (config.final_epsilon - 1.0) * explored);
        done += config.envs as u64;
        if trainer.memory.len() >= config.learning_starts {
            loss = trainer.update(config.learning_rate * f64::from(1.0 - fraction));
        }
        progress(Progress { steps: done, mean_return: trainer.recent.mean(), loss });
    }
    trainer.checkpoint(seed, done)
}

struct Trainer<'a, R: Rules> {
    config: &'a DqnConfig,
    device: Device,
    env: VecEnv<R>,
    buffers: Buffers,
    actions: usize,
    network: Mlp,
    target: Mlp,
    optimizer: ModuleOptimizer,
    updates: u64,
    memory: ReplayBuffer,
    /// Of the exploration, one an environment.
    exploring: Vec<Generator>,
    /// Of the minibatches.
    sampling: Generator,
    recent: RecentReturns,
}

impl<'a, R: Rules> Trainer<'a, R> {
    fn new(config: &'a DqnConfig, rules: &R, seed: u64) -> Self {
        let device = Device::flex();
        let env_config = VecEnvConfig { seed, autoreset: Autoreset::SameStep, ..VecEnvConfig::default() };
        let mut env = VecEnv::new(rules.clone(), config.envs, env_config);
        let mut buffers = Buffers::for_env(&env);
        env.reset(&mut buffers.observations);
        let actions = rules.spaces().actions.len();
        let sizes = [&[env.observation_size()], &config.hidden[..], &[actions]].concat();
        let weights = MlpWeights::init(&sizes, Activation::Relu, 1.0, &mut Generator::new(seed, u64::MAX));
        let clipping = GradientClippingConfig::Norm(config.max_gradient_norm);
        Self {
            config,
            memory: ReplayBuffer::new(config.buffer_size, env.observation_size()),
            env,
            buffers,
            actions,
            network: Mlp::new(&weights, &device.clone().autodiff()),
            target: Mlp::new(&weights, &device).no_grad(),
            device,
            optimizer: AdamConfig::new().with_grad_clipping(Some(clipping)).init(),
            updates: 0,
            exploring: policy_generators(seed, 0..config.envs),
            sampling: Generator::new(seed, u64::MAX - 1),
            recent: RecentReturns::default(),
        }
    }

    /// One step of all environments, with a random action with the chance `epsilon`.
    fn act(&mut self, epsilon: f32) {
        let size = self.env.observation_size();
        let observations = self.buffers.observations.clone();
        let input = tensor(observations.clone(), size, &self.device);
        let q_values = values(self.network.valid().forward(input));
        let count = self.actions as u32;
        let actions: Vec<Action> = q_values
            .chunks_exact(self.actions)
            .zip(&mut self.exploring)
            .map(
                |(q_values, generator)| {
                    if generator.uniform() < epsilon { generator.below(count) as Action } else { argmax(q_values) }
                },
            )
            .collect();
        self.env.step(&actions, self.buffers.as_step()).expect("chosen among the actions of the rules");
        for (index, observation) in observations.chunks_exact(size).enumerate() {
            let ended = self.buffers.ended(index);
            let next = if ended { &self.buffers.final_observations } else { &self.buffers.observations };
            let reward = self.buffers.rewards[index] * self.config.reward_scale;
            let next = &next[index * size..][..size];
            self.memory.push(observation, actions[index], reward, next, self.buffers.terminated[index]);
            if ended {
                self.recent.push(self.env.last_episode(index).episode_return);
            }
        }
    }

    /// One gradient step; returns its loss.
    fn update(&mut self, learning_rate: f64) -> f32 {
        if self.updates.is_multiple_of(self.config.target_update_interval) {
            self.target = self.network.valid();
        }
        self.updates += 1;
        let batch = self.memory.sample(self.config.batch_size, &mut self.sampling);
        let targets = self.targets(&batch);
        let count = batch.actions.len();
        let device = self.device.clone().autodiff();
        let input = tensor(batch.observations, self.env.observation_size(), &device);
        let actions = Tensor::<2, Int>::from_data(TensorData::new(batch.actions, [count, 1]), &device);
        let targets = Tensor::<2>::from_data(TensorData::new(targets, [count, 1]), &device);
        let q_values = self.network.forward(input).gather(1, actions);
        let loss = HuberLossConfig::new(1.0).init().forward(q_values, targets, Reduction::Mean);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        self.network = self.optimizer.step(learning_rate, self.network.clone(), gradients);
        values(loss.inner())[0]
    }

    /// What the values of the batch's actions should be: reward and discounted value of what followed.
    fn targets(&self, batch: &Batch) -> Vec<f32> {
        let next = tensor(batch.next_observations.clone(), self.env.observation_size(), &self.device);
        let target_values = values(self.target.forward(next.clone()));
        let choosing =
            if self.config.double { values(self.network.valid().forward(next)) } else { target_values.clone() };
        let rows = choosing.chunks_exact(self.actions).zip(target_values.chunks_exact(self.actions));
        rows.zip(batch.rewards.iter().zip(&batch.continues))
            .map(|((choosing, values), (reward, continues))| {
                reward + self.config.gamma * continues * values[usize::from(argmax(choosing))]
            })
            .collect()
    }

    fn checkpoint(&self, seed: u64, steps: u64) -> Checkpoint {
        let info = ModelInfo {
            algorithm: Algorithm::Dqn,
            rules: self.env.rules().name().to_owned(),
            observation_size: self.env.observation_size(),
            actions: self.actions,
            seed: Some(seed),
            steps: Some(steps),
            source: None,
            mean_return: f64::from(self.recent.mean()),
        };
        Checkpoint { info, networks: [("q".to_owned(), self.network.valid().weights())].into() }
    }
}

fn tensor(rows: Vec<f32>, size: usize, device: &Device) -> Tensor<2> {
    let shape = [rows.len() / size, size];
    Tensor::from_data(TensorData::new(rows, shape), device)
}
