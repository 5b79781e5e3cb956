//! Deep Q-learning (Mnih et al., 2015) with a target network, the double estimator of van Hasselt et al. (2016) and the
//! dueling network of Wang et al. (2016). The two streams of the latter share all hidden layers.

mod dueling;
mod n_step;

use std::collections::BTreeMap;

use burn::tensor::Device;
use daladala_agents::network::{Activation, FusedMlp, MlpWeights};
use daladala_agents::{argmax, masked_argmax, policy_generators, random_open_action};
use daladala_env::{Action, Generator, Rules};
use ndarray::{ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::environments::{Environments, EnvironmentsState};
use crate::fragment::{Fragment, FragmentShape};
use crate::learner::{Learner, LearnerState};
use crate::loss::ActionValueLoss;
use crate::method::{Method, MethodState, Update};
use crate::normalizer::{Normalizers, Normalizing};
use crate::replay_buffer::{Batch, ReplayBuffer};
use crate::schedule::{Schedule, TrainingProgress};
use n_step::{NStepReturns, Next};

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent options, each a line of a file of hyperparameters")]
pub struct DqnConfig {
    /// Environments stepped together; there is one gradient step for each of their common steps.
    pub envs: usize,
    /// Transitions that are remembered.
    pub buffer_size: usize,
    /// Transitions that are gathered before learning starts.
    pub learning_starts: usize,
    /// Rows of a gradient step.
    pub batch_size: usize,
    /// Adam's learning rate at the start.
    pub learning_rate: f64,
    /// What it does over the training.
    #[serde(default)]
    pub learning_rate_schedule: Schedule,
    /// Discount of a step.
    pub gamma: f32,
    /// Steps whose rewards are counted before the value of what follows.
    #[serde(default = "one_step")]
    pub n_steps: usize,
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
    /// The greatest norm of all gradients together.
    pub max_gradient_norm: f32,
    /// Rewards are multiplied by this, so that values are of the order of 1.
    pub reward_scale: f32,
    /// Divide rewards by the running standard deviation of the discounted return as well.
    #[serde(default)]
    pub normalize_rewards: bool,
    /// Shift and scale observations to mean 0 and standard deviation 1.
    #[serde(default)]
    pub normalize_observations: bool,
    /// Choose among open actions alone, while learning and, as the weights file says, ever after.
    #[serde(default)]
    pub action_masks: bool,
    /// Sizes of the hidden layers.
    pub hidden: Vec<usize>,
    /// What follows each of them.
    pub activation: Activation,
}

impl DqnConfig {
    fn normalizing(&self) -> Normalizing {
        let &Self { normalize_observations, normalize_rewards, envs, gamma, .. } = self;
        Normalizing { observations: normalize_observations, rewards: normalize_rewards, envs, gamma }
    }
}

/// Of plain DQN.
fn one_step() -> usize {
    1
}

/// Added to the denominators of Adam: PyTorch's.
const ADAM_EPSILON: f32 = 1e-8;
/// Environment steps of an advance, at least: enough that looking up between them costs nothing.
const STEPS_AT_ONCE: u64 = 1024;

/// What is told of an advance.
pub(crate) const DETAILS: [&str; 1] = ["rollout/exploration_rate"];

pub(crate) struct Dqn<R: Rules> {
    config: DqnConfig,
    environments: Environments<R>,
    normalizers: Normalizers,
    learner: Learner,
    /// The learning network as it was last, to act on the CPU.
    acting: FusedMlp,
    /// As it was at the last update of the target network.
    target: MlpWeights,
    target_network: FusedMlp,
    /// Gradient steps so far.
    updates: u64,
    returns: NStepReturns,
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
    returns: NStepReturns,
    memory: ReplayBuffer,
    exploring: Vec<Generator>,
    sampling: Generator,
    normalizers: Normalizers,
}

impl<R: Rules> Dqn<R> {
    pub(crate) fn new(config: &DqnConfig, rules: &R, seed: u64, device: Option<&Device>) -> Self {
        let environments = Environments::new(rules, 0..config.envs, config.action_masks, seed);
        // With dueling the first output is the value, and what follows are the advantages.
        let outputs = environments.actions() + usize::from(config.dueling);
        let sizes = [&[environments.observation_size()], &config.hidden[..], &[outputs]].concat();
        let weights = MlpWeights::init(&sizes, config.activation, 1.0, &mut Generator::new(seed, u64::MAX));
        let acting = dueling::folded(&weights, config.dueling);
        Self {
            returns: NStepReturns::new(config.n_steps, config.gamma, config.envs),
            memory: ReplayBuffer::new(config.buffer_size, environments.observation_size(), config.action_masks),
            normalizers: Normalizers::new(&config.normalizing(), environments.observation_size()),
            environments,
            learner: Learner::new(&weights, ADAM_EPSILON, device),
            target_network: FusedMlp::new(&acting),
            acting: FusedMlp::new(&acting),
            target: acting,
            updates: 0,
            exploring: policy_generators(seed, 0..config.envs),
            sampling: Generator::new(seed, u64::MAX - 1),
            config: config.clone(),
        }
    }

    /// `[rows, actions]` of `[rows, observation_size]`, as the networks see them.
    fn action_values(&self, network: &FusedMlp, observations: ArrayView2<f32>) -> Vec<f32> {
        let mut values = vec![0.0; observations.nrows() * self.environments.actions()];
        network.forward(observations.as_slice().expect("rows follow one another"), &mut values);
        values
    }

    /// Action values of what the environments show now.
    fn values_now(&self) -> Vec<f32> {
        let mut seen = self.environments.observations().to_owned();
        self.normalizers.apply(seen.view_mut());
        self.action_values(&self.acting, seen.view())
    }

    /// One step of all environments, with a random action with the chance `epsilon`.
    fn act(&mut self, epsilon: f32) {
        let (size, count) = (self.environments.observation_size(), self.environments.actions());
        let observations = self.environments.observations().to_owned();
        let action_values = self.values_now();
        let rows = action_values.chunks_exact(count).zip(&mut self.exploring).enumerate();
        let masks = self.environments.masks();
        let choose = |(row, (values, generator)): (usize, (&[f32], &mut Generator))| match masks {
            None => explore(values, epsilon, generator),
            Some(masks) => explore_open(values, masks[row], epsilon, generator),
        };
        let actions: Vec<Action> = rows.map(choose).collect();
        self.environments.step(&actions);
        let next_masks = self.environments.next_masks();
        let buffers = &self.environments.buffers;
        self.normalizers.add_observations(observations.view());
        self.normalizers.add_rewards(&buffers.rewards, |index| buffers.ended(index));
        for (index, observation) in observations.rows().into_iter().enumerate() {
            let next = if buffers.ended(index) { &buffers.final_observations } else { &buffers.observations };
            let next = Next {
                observation: ArrayView1::from(&next[index * size..][..size]),
                mask: next_masks.map(|masks| masks[index]),
                terminated: buffers.terminated[index],
                truncated: buffers.truncated[index],
            };
            let step = (observation, actions[index], buffers.rewards[index]);
            self.returns.push(index, step, &next, &mut self.memory);
        }
    }

    /// One gradient step; returns its loss.
    fn gradient_step(&mut self, learning_rate: f64) -> f64 {
        if self.updates.is_multiple_of(self.config.target_update_interval) {
            self.target = dueling::folded(&self.learner.weights(), self.config.dueling);
            self.target_network = FusedMlp::new(&self.target);
        }
        self.updates += 1;
        let mut batch = self.memory.sample(self.config.batch_size, &mut self.sampling);
        self.normalize(&mut batch);
        let targets = self.targets(&batch);
        let loss = ActionValueLoss { actions: &batch.actions, targets: &targets, is_dueling: self.config.dueling };
        let rows: Vec<usize> = (0..targets.len()).collect();
        let norm = self.config.max_gradient_norm;
        let [loss, ..] = self.learner.gradient_step(batch.observations.view(), &rows, &loss, norm, learning_rate);
        self.acting = FusedMlp::new(&dueling::folded(&self.learner.weights(), self.config.dueling));
        loss
    }

    /// The replay buffer keeps what the environments told, and batches are normalised by the statistics of when they are
    /// sampled: so old and new transitions are seen alike, by the target network too.
    fn normalize(&self, batch: &mut Batch) {
        self.normalizers.apply(batch.observations.view_mut());
        self.normalizers.apply(batch.next_observations.view_mut());
        let scale = self.config.reward_scale * self.normalizers.reward_scale();
        batch.rewards.iter_mut().for_each(|reward| *reward *= scale);
    }

    /// What the values of the batch's actions should be.
    fn targets(&self, batch: &Batch) -> Vec<f32> {
        let target_values = self.action_values(&self.target_network, batch.next_observations.view());
        let choosing = self.config.double.then(|| self.action_values(&self.acting, batch.next_observations.view()));
        let choosing = choosing.as_ref().unwrap_or(&target_values);
        targets(batch, choosing, &target_values, self.environments.actions())
    }
}

/// The greatest value, or with the chance `epsilon` any action.
fn explore(values: &[f32], epsilon: f32, generator: &mut Generator) -> Action {
    if generator.uniform() < epsilon { generator.below(values.len() as u32) as Action } else { argmax(values) }
}

/// The same among the actions that are open in `mask`.
fn explore_open(values: &[f32], mask: u32, epsilon: f32, generator: &mut Generator) -> Action {
    if generator.uniform() < epsilon {
        random_open_action(mask, values.len(), generator)
    } else {
        masked_argmax(values, mask)
    }
}

/// The chance of a random action, which falls from 1 to `last` over a part of the training.
fn epsilon(training: TrainingProgress, last: f32, exploration_fraction: f32) -> f32 {
    let explored = (training.fraction() as f32 / exploration_fraction).min(1.0);
    1.0 + (last - 1.0) * explored
}

/// Reward and discounted value of what followed: the `values` (`[rows, actions]`, by the target network) of the actions
/// that are best by `choosing`, among those that were open where masks are known. After termination nothing follows.
pub(crate) fn targets(batch: &Batch, choosing: &[f32], values: &[f32], actions: usize) -> Vec<f32> {
    let rows = choosing.chunks_exact(actions).zip(values.chunks_exact(actions)).enumerate();
    let target = |(row, (choosing, values)): (usize, (&[f32], &[f32]))| {
        let best = match &batch.next_masks {
            None => argmax(choosing),
            Some(masks) => masked_argmax(choosing, masks[row]),
        };
        batch.rewards[row] + batch.discounts[row] * values[usize::from(best)]
    };
    rows.map(target).collect()
}

impl<R: Rules> Method<R> for Dqn<R> {
    fn advance(&mut self, training: TrainingProgress) -> Update {
        let mut now = training;
        let mut update = Update { steps: 0, loss: f32::NAN, learning_rate: 0.0, details: Vec::new() };
        let mut exploring = 1.0;
        let mut losses = Vec::new();
        while now.done < training.steps.min(training.done + STEPS_AT_ONCE) {
            exploring = epsilon(now, self.config.final_epsilon, self.config.exploration_fraction);
            self.act(exploring);
            update.learning_rate = self.config.learning_rate_schedule.value(self.config.learning_rate, now);
            if self.memory.len() >= self.config.learning_starts {
                losses.push(self.gradient_step(update.learning_rate));
            }
            now.done += self.config.envs as u64;
        }
        update.steps = now.done - training.done;
        update.loss = mean(&losses) as f32;
        update.details.push(exploring);
        update
    }

    fn fragment_shape(&self) -> Result<FragmentShape, String> {
        Err("dqn learns from its replay buffer: ppo, ppo-lagrangian and a2c take fragments".to_owned())
    }

    fn offer(&mut self, _: Vec<Fragment>) -> Result<(), String> {
        Method::<R>::fragment_shape(self).map(drop)
    }

    fn environments(&self) -> &Environments<R> {
        &self.environments
    }

    fn networks(&self) -> BTreeMap<String, MlpWeights> {
        let acting = dueling::folded(&self.learner.weights(), self.config.dueling);
        [("q".to_owned(), self.normalizers.folded_into(&acting))].into()
    }

    fn state(&self) -> MethodState<R::State> {
        MethodState::Dqn(DqnState {
            environments: self.environments.state(),
            learner: self.learner.state(),
            target: self.target.clone(),
            updates: self.updates,
            returns: self.returns.clone(),
            memory: self.memory.clone(),
            exploring: self.exploring.clone(),
            sampling: self.sampling.clone(),
            normalizers: self.normalizers.clone(),
        })
    }

    fn restore(&mut self, state: MethodState<R::State>) -> Result<(), String> {
        let DqnState { environments, learner, target, updates, returns, memory, exploring, sampling, normalizers } =
            state.dqn()?;
        let actions = self.environments.actions();
        if !target.is_consistent()
            || exploring.len() != self.exploring.len()
            || target.sizes() != self.target.sizes()
            || !self.returns.is_like(&returns, self.environments.observation_size(), actions)
            || !memory.is_like(&self.memory, actions)
            || !normalizers.is_like(&self.normalizers)
        {
            return Err("it is not the state of these hyperparameters".to_owned());
        }
        self.environments.restore(environments).map_err(|error| error.to_string())?;
        self.learner.restore(learner)?;
        self.acting = FusedMlp::new(&dueling::folded(&self.learner.weights(), self.config.dueling));
        self.target_network = FusedMlp::new(&target);
        (self.target, self.updates, self.returns, self.memory) = (target, updates, returns, memory);
        (self.exploring, self.sampling, self.normalizers) = (exploring, sampling, normalizers);
        Ok(())
    }
}

/// NaN where there are none.
fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exploration_falls_from_1_over_its_part_of_the_training_and_stays() {
        let at = |done| epsilon(TrainingProgress { done, steps: 1000 }, 0.1, 0.5);
        for (done, expected) in [(0, 1.0), (250, 0.55), (500, 0.1), (900, 0.1), (1000, 0.1)] {
            assert!((at(done) - expected).abs() < 1e-6, "{} after {done} steps", at(done));
        }
    }

    #[test]
    fn closed_actions_are_neither_explored_nor_taken_for_the_best() {
        let mut generator = Generator::new(8, 0);
        for epsilon in [0.0, 0.5, 1.0] {
            let actions: Vec<_> =
                (0..200).map(|_| explore_open(&[9.0, 1.0, 2.0, 8.0], 0b0110, epsilon, &mut generator)).collect();
            assert!(actions.iter().all(|action| [1, 2].contains(action)), "{epsilon}: {actions:?}");
            assert_eq!(actions.contains(&1), epsilon > 0.0);
        }
    }

    fn tuned() -> DqnConfig {
        let crate::TrainConfig::Dqn(tuned) = crate::defaults(daladala_agents::Algorithm::Dqn, "classic").config else {
            unreachable!()
        };
        tuned
    }

    #[test]
    fn batches_are_normalised_and_what_is_saved_takes_raw_observations() {
        let config = DqnConfig { normalize_observations: true, normalize_rewards: true, learning_starts: 1, ..tuned() };
        let mut dqn = Dqn::new(&config, &daladala_env::rules::Classic, 0, None);
        for _ in 0..300 {
            dqn.act(1.0);
        }
        for _ in 0..20 {
            dqn.gradient_step(0.01);
        }
        let raw = dqn.memory.sample(2000, &mut Generator::new(4, 0));
        let mut seen = dqn.memory.sample(2000, &mut Generator::new(4, 0));
        dqn.normalize(&mut seen);
        for column in seen.observations.columns() {
            let values = || column.iter().map(|&value| f64::from(value));
            let mean = values().sum::<f64>() / 2000.0;
            let deviation = (values().map(|value| (value - mean).powi(2)).sum::<f64>() / 2000.0).sqrt();
            assert!(mean.abs() < 0.15 && (deviation < 1e-3 || (deviation - 1.0).abs() < 0.25), "{mean} ± {deviation}");
        }
        let scale = config.reward_scale * dqn.normalizers.reward_scale();
        assert!(dqn.normalizers.reward_scale() != 1.0);
        assert!(seen.rewards.iter().zip(&raw.rewards).all(|(seen, raw)| *seen == raw * scale));
        let saved = FusedMlp::new(&dqn.networks()["q"]);
        let now = dqn.environments.observations();
        let of_next = dqn.action_values(&dqn.acting, seen.next_observations.view());
        for (raw, seen) in [(raw.next_observations.view(), of_next), (now, dqn.values_now())] {
            let by_raw = dqn.action_values(&saved, raw);
            assert!(by_raw.iter().zip(&seen).all(|(raw, seen)| (raw - seen).abs() < 1e-3 * seen.abs().max(1.0)));
        }
        assert!(raw.observations != seen.observations);
    }

    #[test]
    fn greedy_steps_are_those_of_the_network_that_would_be_saved() {
        let config = DqnConfig { normalize_observations: true, learning_starts: 1, ..tuned() };
        // As many as one step brings, so that what is remembered is what was done last.
        let config = DqnConfig { buffer_size: config.envs, ..config };
        let mut dqn = Dqn::new(&config, &daladala_env::rules::Classic, 0, None);
        for _ in 0..300 {
            dqn.act(1.0);
            dqn.gradient_step(0.001);
        }
        let saved = FusedMlp::new(&dqn.networks()["q"]);
        dqn.act(0.0);
        let done = dqn.memory.sample(200, &mut Generator::new(4, 0));
        let values = dqn.action_values(&saved, done.observations.view());
        let best = values.chunks_exact(dqn.environments.actions()).map(|values| i64::from(argmax(values)));
        assert!(best.eq(done.actions));
    }

    #[test]
    fn the_target_network_is_the_learning_one_of_every_third_gradient_step() {
        let config = DqnConfig { target_update_interval: 3, learning_starts: 1, dueling: false, ..tuned() };
        let mut dqn = Dqn::new(&config, &daladala_env::rules::Classic, 0, None);
        dqn.act(1.0);
        let mut kept = dqn.learner.weights();
        for step in 0..8 {
            if step % 3 == 0 {
                kept = dqn.learner.weights();
            }
            dqn.gradient_step(0.01);
            assert_eq!(dqn.target, kept, "gradient step {step}");
            assert_ne!(dqn.learner.weights(), kept, "gradient step {step}");
        }
    }
}
