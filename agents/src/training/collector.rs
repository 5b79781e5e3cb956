//! How the policy-gradient methods gather experience: many environments, driven by the policy that learns.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use daladala_env::{Autoreset, Buffers, Generator, Rules, VecEnv, VecEnvConfig};

use super::RecentReturns;
use super::actor_critic::ActorCritic;
use super::rollout::Rollout;
use crate::algorithm::Algorithm;
use crate::checkpoint::{Checkpoint, ModelInfo};
use crate::network::values;
use crate::neural::sample;
use crate::policy::policy_generators;

pub(super) struct Collector<R: Rules> {
    env: VecEnv<R>,
    buffers: Buffers,
    /// What has been gathered since it was last cleared.
    pub(super) rollout: Rollout,
    /// Of the choices, one an environment.
    choosing: Vec<Generator>,
    reward_scale: f32,
    pub(super) recent: RecentReturns,
}

impl<R: Rules> Collector<R> {
    pub(super) fn new(rules: &R, envs: usize, reward_scale: f32, seed: u64) -> Self {
        let config = VecEnvConfig { seed, autoreset: Autoreset::SameStep, ..VecEnvConfig::default() };
        let mut env = VecEnv::new(rules.clone(), envs, config);
        let mut buffers = Buffers::for_env(&env);
        env.reset(&mut buffers.observations);
        Self {
            env,
            buffers,
            rollout: Rollout::default(),
            choosing: policy_generators(seed, 0..envs),
            reward_scale,
            recent: RecentReturns::default(),
        }
    }

    /// Sizes of an observation and of the actions.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.env.observation_size(), self.env.rules().spaces().actions.len())
    }

    /// Gathers a rollout of `steps` steps of each environment, and values the observations it ends with.
    pub(super) fn collect(&mut self, acting: &ActorCritic, steps: usize) -> Vec<f32> {
        self.rollout.clear();
        for _ in 0..steps {
            self.step(acting);
        }
        self.value(acting, &self.buffers.observations)
    }

    /// Gathers new episodes until each environment has ended one.
    pub(super) fn collect_episodes(&mut self, acting: &ActorCritic) {
        self.rollout.clear();
        self.env.reset(&mut self.buffers.observations);
        let mut going_on = vec![true; self.env.envs()];
        while going_on.contains(&true) {
            self.step(acting);
            let ended = (0..going_on.len()).filter(|&index| self.buffers.ended(index)).collect::<Vec<_>>();
            for index in ended {
                going_on[index] = false;
            }
        }
    }

    /// One step of all environments.
    fn step(&mut self, acting: &ActorCritic) {
        let (size, envs) = (self.env.observation_size(), self.env.envs());
        let input = tensor(&self.buffers.observations, size);
        let log_probabilities = values(log_softmax(acting.actor.forward(input.clone()), 1));
        self.rollout.values.extend(values(acting.critic.forward(input)));
        self.rollout.observations.extend_from_slice(&self.buffers.observations);
        let first = self.rollout.actions.len();
        let rows = log_probabilities.chunks_exact(log_probabilities.len() / envs);
        for (row, generator) in rows.zip(&mut self.choosing) {
            let action = sample(row, generator);
            self.rollout.log_probabilities.push(row[usize::from(action)]);
            self.rollout.actions.push(action);
        }
        let chosen = &self.rollout.actions[first..];
        self.env.step(chosen, self.buffers.as_step()).expect("sampled among the actions of the rules");
        for index in 0..envs {
            self.rollout.rewards.push(self.buffers.rewards[index] * self.reward_scale);
            let end = if self.buffers.terminated[index] {
                Some(0.0)
            } else if self.buffers.truncated[index] {
                let last = &self.buffers.final_observations[index * size..][..size];
                Some(self.value(acting, last)[0])
            } else {
                None
            };
            self.rollout.ends.push(end);
            if end.is_some() {
                self.recent.push(self.env.last_episode(index).episode_return);
            }
        }
    }

    fn value(&self, acting: &ActorCritic, observations: &[f32]) -> Vec<f32> {
        values(acting.critic.forward(tensor(observations, self.env.observation_size())))
    }

    /// The networks `model`, which `algorithm` has learnt from `steps` steps.
    pub(super) fn checkpoint(&self, algorithm: Algorithm, model: &ActorCritic, seed: u64, steps: u64) -> Checkpoint {
        let (observation_size, actions) = self.sizes();
        let info = ModelInfo {
            algorithm,
            rules: self.env.rules().name().to_owned(),
            observation_size,
            actions,
            seed: Some(seed),
            steps: Some(steps),
            source: None,
            mean_return: f64::from(self.recent.mean()),
        };
        let networks = [("actor".to_owned(), model.actor.weights()), ("critic".to_owned(), model.critic.weights())];
        Checkpoint { info, networks: networks.into() }
    }
}

fn tensor(observations: &[f32], size: usize) -> Tensor<2> {
    let shape = [observations.len() / size, size];
    Tensor::from_data(TensorData::new(observations.to_vec(), shape), &Device::flex())
}
