//! Deep Q-learning (Mnih et al., 2015) with a target network, the double estimator of van Hasselt et al. (2016) and the
//! dueling network of Wang et al. (2016). The two streams of the latter share all hidden layers.

use std::collections::BTreeMap;

use burn::nn::loss::{HuberLossConfig, Reduction};
use burn::tensor::{Device, Tensor};
use daladala_env::{Action, Generator, Rules};
use serde::{Deserialize, Serialize};

use crate::environments::{Environments, EnvironmentsState};
use crate::learner::{Learner, LearnerState};
use crate::method::{Method, MethodState, Schedule, Update};
use crate::replay_buffer::{Batch, ReplayBuffer};
use daladala_agents::network::{Activation, FusedMlp, MlpWeights, values};
use daladala_agents::{argmax, policy_generators};

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// Learn the value of a state apart from the advantages of the actions in it.
    pub dueling: bool,
    /// The greatest norm of the gradient of one tensor.
    pub max_gradient_norm: f32,
    /// Rewards are multiplied by this, so that values are of the order of 1.
    pub reward_scale: f32,
    /// Sizes of the hidden layers.
    pub hidden: Vec<usize>,
    /// What follows each of them.
    pub activation: Activation,
}

/// Environment steps of an advance, at least: enough that looking up between them costs nothing.
const STEPS_AT_ONCE: u64 = 1024;

/// What is told of an advance.
pub(crate) const DETAILS: [&str; 1] = ["rollout/exploration_rate"];

pub(crate) struct Dqn<R: Rules> {
    config: DqnConfig,
    environments: Environments<R>,
    learner: Learner,
    /// The learning network as it was last, to act on the CPU.
    acting: FusedMlp,
    /// As it was at the last update of the target network.
    target: MlpWeights,
    target_network: FusedMlp,
    /// Gradient steps so far.
    updates: u64,
    memory: ReplayBuffer,
    /// Of the exploration, one an environment.
    exploring: Vec<Generator>,
    /// Of the minibatches.
    sampling: Generator,
}

/// What a [`Dqn`] goes on from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DqnState<S> {
    environments: EnvironmentsState<S>,
    learner: LearnerState,
    target: MlpWeights,
    updates: u64,
    memory: ReplayBuffer,
    exploring: Vec<Generator>,
    sampling: Generator,
}

impl<R: Rules> Dqn<R> {
    pub(crate) fn new(config: &DqnConfig, rules: &R, seed: u64, device: &Device) -> Self {
        let environments = Environments::new(rules, config.envs, seed);
        // With dueling the first output is the value, and what follows are the advantages.
        let outputs = environments.actions() + usize::from(config.dueling);
        let sizes = [&[environments.observation_size()], &config.hidden[..], &[outputs]].concat();
        let weights = MlpWeights::init(&sizes, config.activation, 1.0, &mut Generator::new(seed, u64::MAX));
        let acting = folded(&weights, config.dueling);
        Self {
            memory: ReplayBuffer::new(config.buffer_size, environments.observation_size()),
            environments,
            learner: Learner::new(&weights, config.max_gradient_norm, device),
            target_network: FusedMlp::new(&acting),
            acting: FusedMlp::new(&acting),
            target: acting,
            updates: 0,
            exploring: policy_generators(seed, 0..config.envs),
            sampling: Generator::new(seed, u64::MAX - 1),
            config: config.clone(),
        }
    }

    /// `[rows, actions]` of `[rows, observation_size]`.
    fn action_values(&self, network: &FusedMlp, observations: &[f32]) -> Vec<f32> {
        let rows = observations.len() / self.environments.observation_size();
        let mut values = vec![0.0; rows * self.environments.actions()];
        network.forward(observations, &mut values);
        values
    }

    /// One step of all environments, with a random action with the chance `epsilon`.
    fn act(&mut self, epsilon: f32) {
        let (size, count) = (self.environments.observation_size(), self.environments.actions());
        let observations = self.environments.buffers.observations.clone();
        let action_values = self.action_values(&self.acting, &observations);
        let rows = action_values.chunks_exact(count).zip(&mut self.exploring);
        let choose = |(values, generator): (&[f32], &mut Generator)| {
            if generator.uniform() < epsilon { generator.below(count as u32) as Action } else { argmax(values) }
        };
        let actions: Vec<Action> = rows.map(choose).collect();
        self.environments.step(&actions);
        let buffers = &self.environments.buffers;
        for (index, observation) in observations.chunks_exact(size).enumerate() {
            let next = if buffers.ended(index) { &buffers.final_observations } else { &buffers.observations };
            let reward = buffers.rewards[index] * self.config.reward_scale;
            let next = &next[index * size..][..size];
            self.memory.push(observation, actions[index], reward, next, buffers.terminated[index]);
        }
    }

    /// One gradient step; returns its loss.
    fn learn(&mut self, learning_rate: f64) -> Tensor<1> {
        if self.updates.is_multiple_of(self.config.target_update_interval) {
            self.target = folded(&self.learner.weights(), self.config.dueling);
            self.target_network = FusedMlp::new(&self.target);
        }
        self.updates += 1;
        let batch = self.memory.sample(self.config.batch_size, &mut self.sampling);
        let targets = self.learner.rows(self.targets(&batch), 1);
        let input = self.learner.rows(batch.observations, self.environments.observation_size());
        let outputs = self.learner.forward(input);
        let action_values = if self.config.dueling { dueling(outputs) } else { outputs };
        let expected = action_values.gather(1, self.learner.actions(batch.actions));
        let loss = HuberLossConfig::new(1.0).init().forward(expected, targets, Reduction::Mean);
        self.learner.step(&loss, learning_rate);
        self.acting = FusedMlp::new(&folded(&self.learner.weights(), self.config.dueling));
        loss
    }

    /// What the values of the batch's actions should be: reward and discounted value of what followed.
    fn targets(&self, batch: &Batch) -> Vec<f32> {
        let target_values = self.action_values(&self.target_network, &batch.next_observations);
        let choosing = if self.config.double {
            self.action_values(&self.acting, &batch.next_observations)
        } else {
            target_values.clone()
        };
        let count = self.environments.actions();
        let rows = choosing.chunks_exact(count).zip(target_values.chunks_exact(count));
        rows.zip(batch.rewards.iter().zip(&batch.continues))
            .map(|((choosing, values), (reward, continues))| {
                reward + self.config.gamma * continues * values[usize::from(argmax(choosing))]
            })
            .collect()
    }
}

impl<R: Rules> Method<R> for Dqn<R> {
    fn advance(&mut self, schedule: Schedule) -> Update {
        let mut now = schedule;
        let mut update = Update { steps: 0, loss: f32::NAN, learning_rate: 0.0, details: Vec::new() };
        let mut epsilon = 1.0;
        let mut loss = None;
        while now.done < schedule.steps.min(schedule.done + STEPS_AT_ONCE) {
            let explored = (now.fraction() as f32 / self.config.exploration_fraction).min(1.0);
            epsilon = 1.0 + (self.config.final_epsilon - 1.0) * explored;
            self.act(epsilon);
            update.learning_rate = now.falling(self.config.learning_rate);
            if self.memory.len() >= self.config.learning_starts {
                loss = Some(self.learn(update.learning_rate));
            }
            now.done += self.config.envs as u64;
        }
        update.steps = now.done - schedule.done;
        update.loss = loss.map_or(f32::NAN, |loss| values(loss.inner())[0]);
        update.details.push(epsilon);
        update
    }

    fn environments(&self) -> &Environments<R> {
        &self.environments
    }

    fn networks(&self) -> BTreeMap<String, MlpWeights> {
        [("q".to_owned(), folded(&self.learner.weights(), self.config.dueling))].into()
    }

    fn state(&self) -> MethodState<R::State> {
        MethodState::Dqn(DqnState {
            environments: self.environments.state(),
            learner: self.learner.state(),
            target: self.target.clone(),
            updates: self.updates,
            memory: self.memory.clone(),
            exploring: self.exploring.clone(),
            sampling: self.sampling.clone(),
        })
    }

    fn restore(&mut self, state: MethodState<R::State>) -> Result<(), String> {
        let DqnState { environments, learner, target, updates, memory, exploring, sampling } = state.dqn()?;
        let actions = self.environments.actions();
        if !target.holds_together()
            || exploring.len() != self.exploring.len()
            || target.sizes() != self.target.sizes()
            || !memory.is_like(&self.memory, actions)
        {
            return Err("it is not the state of these hyperparameters".to_owned());
        }
        self.environments.restore(environments).map_err(|error| error.to_string())?;
        self.learner.restore(learner)?;
        self.acting = FusedMlp::new(&folded(&self.learner.weights(), self.config.dueling));
        self.target_network = FusedMlp::new(&target);
        (self.target, self.updates, self.memory) = (target, updates, memory);
        (self.exploring, self.sampling) = (exploring, sampling);
        Ok(())
    }
}

/// Action values of the outputs of a dueling network: the value of the state, and by how much each action is better
/// than the average (Wang et al., 2016, equation 9).
fn dueling(outputs: Tensor<2>) -> Tensor<2> {
    let actions = outputs.dims()[1] - 1;
    let value = outputs.clone().narrow(1, 0, 1);
    let advantages = outputs.narrow(1, 1, actions);
    value + advantages.clone() - advantages.mean_dim(1)
}

/// The network that gives action values. What makes them of a value and advantages is linear, and so becomes part of
/// the last layer: a checkpoint need not know how its network has learnt.
fn folded(weights: &MlpWeights, dueling: bool) -> MlpWeights {
    let mut weights = weights.clone();
    if let (true, Some(last)) = (dueling, weights.layers.last_mut()) {
        last.weight = fold(&last.weight, last.inputs);
        last.bias = fold(&last.bias, 1);
        last.outputs -= 1;
    }
    weights
}

/// Rows of `size`: to each but the first the first is added, and the mean of these taken away.
fn fold(rows: &[f32], size: usize) -> Vec<f32> {
    let (value, advantages) = rows.split_at(size);
    let count = (advantages.len() / size) as f32;
    let mean = |column| advantages.iter().skip(column).step_by(size).sum::<f32>() / count;
    let shift: Vec<f32> = (0..size).map(|column| value[column] - mean(column)).collect();
    advantages.iter().zip(shift.iter().cycle()).map(|(advantage, shift)| advantage + shift).collect()
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use daladala_agents::network::Mlp;

    #[test]
    fn a_folded_dueling_network_gives_the_same_values() {
        let mut generator = Generator::new(2, 0);
        let weights = MlpWeights::init(&[7, 16, 8, 5], Activation::Relu, 1.0, &mut generator);
        let observations: Vec<f32> = (0..3 * 7).map(|_| generator.uniform() * 2.0 - 1.0).collect();
        let device = Device::flex();
        let input = Tensor::from_data(TensorData::new(observations.clone(), [3, 7]), &device);
        let learnt = values(dueling(Mlp::new(&weights, &device).forward(input)));
        let mut acting = vec![0.0; 3 * 4];
        FusedMlp::new(&folded(&weights, true)).forward(&observations, &mut acting);
        for (learnt, acting) in learnt.iter().zip(acting) {
            assert!((learnt - acting).abs() < 1e-5, "{learnt} and {acting}");
        }
    }
}
