//! How the policy-gradient methods gather experience: many environments, driven on the CPU by the policy that learns.

use daladala_agents::network::FusedMlp;
use daladala_agents::{Policy, mask_logits, policy_generators, sample};
use daladala_env::{Generator, Rules};
use ndarray::{CowArray, Ix2};
use serde::{Deserialize, Serialize};

use crate::environments::{Environments, EnvironmentsState};
use crate::normalizer::{Normalizers, Normalizing};
use crate::rollout::{Rollout, values_of};

/// What experience is gathered with.
pub(crate) struct CollectorOptions {
    /// Environments stepped together.
    pub(crate) envs: usize,
    /// Rewards are multiplied by this.
    pub(crate) reward_scale: f32,
    /// Discount of a step.
    pub(crate) gamma: f32,
    pub(crate) normalize_observations: bool,
    pub(crate) normalize_rewards: bool,
    /// Choose among open actions alone.
    pub(crate) action_masks: bool,
}

#[derive(Debug)]
pub(crate) struct Collector<R: Rules> {
    pub(crate) environments: Environments<R>,
    /// What has been gathered since it was last cleared.
    pub(crate) rollout: Rollout,
    pub(crate) normalizers: Normalizers,
    /// Of the choices, one an environment.
    choosing: Vec<Generator>,
    reward_scale: f32,
}

/// What a [`Collector`] goes on from, between two rollouts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CollectorState<S> {
    environments: EnvironmentsState<S>,
    normalizers: Normalizers,
    choosing: Vec<Generator>,
}

impl<R: Rules> Collector<R> {
    pub(crate) fn new(rules: &R, options: &CollectorOptions, seed: u64) -> Self {
        let &CollectorOptions { envs, reward_scale, gamma, .. } = options;
        let environments = Environments::new(rules, envs, options.action_masks, seed);
        let size = environments.observation_size();
        let (observations, rewards) = (options.normalize_observations, options.normalize_rewards);
        let normalizing = Normalizing { observations, rewards, envs, gamma };
        Self {
            environments,
            rollout: Rollout::new(size),
            normalizers: Normalizers::new(&normalizing, size),
            choosing: policy_generators(seed, 0..envs),
            reward_scale,
        }
    }

    /// Gathers a rollout of `steps` steps of each environment, and values what it ends with, `[envs]`.
    /// Where there is a `teacher`, what it would have done is noted in place of what the actor did (`DAgger`, Ross, Gordon
    /// and Bagnell, 2011): the actor learns from it wherever it goes by itself.
    pub(crate) fn collect(
        &mut self,
        actor: &FusedMlp,
        critic: &FusedMlp,
        steps: usize,
        teacher: Option<&dyn Policy>,
    ) -> Vec<f32> {
        self.rollout.clear();
        for _ in 0..steps {
            self.step(actor, teacher);
        }
        self.rollout.value_by(critic);
        values_of(critic, self.environments.observations())
    }

    /// Gathers new episodes until each environment has ended one, and begins new ones everywhere.
    pub(crate) fn collect_episodes(&mut self, actor: &FusedMlp, critic: &FusedMlp) {
        self.rollout.clear();
        let mut going_on = vec![true; self.environments.envs()];
        while going_on.contains(&true) {
            self.step(actor, None);
            for (index, going_on) in going_on.iter_mut().enumerate() {
                *going_on &= !self.environments.buffers.ended(index);
            }
        }
        self.rollout.value_by(critic);
        self.environments.reset();
    }

    /// What was seen, as the networks see it while they learn.
    pub(crate) fn normalized_observations(&self) -> CowArray<'_, f32, Ix2> {
        let mut observations = CowArray::from(self.rollout.observations.view());
        if self.normalizers.changes_observations() {
            self.normalizers.apply(observations.view_mut());
        }
        observations
    }

    /// Takes what was gathered into the statistics, once it has been learnt from.
    pub(crate) fn learnt(&mut self) {
        self.normalizers.add_observations(self.rollout.observations.view());
    }

    /// One step of all environments.
    fn step(&mut self, actor: &FusedMlp, teacher: Option<&dyn Policy>) {
        let Self { environments, rollout, choosing, .. } = self;
        let mut logits = vec![0.0; environments.envs() * environments.actions()];
        actor.forward(&environments.buffers.observations, &mut logits);
        let rows = logits.chunks_exact_mut(environments.actions());
        if let Some(masks) = environments.masks() {
            rollout.masks.extend_from_slice(masks);
            rows.zip(masks).for_each(|(logits, &mask)| mask_logits(logits, mask));
        }
        rollout.push_observations(environments.observations());
        let first = rollout.actions.len();
        let rows = logits.chunks_exact(environments.actions());
        let choices = rows.clone().zip(&mut *choosing);
        let done: Vec<u8> = choices.map(|(logits, generator)| sample(logits, generator)).collect();
        rollout.actions.extend_from_slice(&done);
        let noted = &mut rollout.actions[first..];
        if let Some(teacher) = teacher {
            teacher.act(&environments.buffers.observations, environments.masks(), choosing, noted);
        }
        let noted = rows.zip(noted).map(|(logits, &mut action)| log_probability(logits, usize::from(action)));
        rollout.log_probabilities.extend(noted);
        environments.step(&done);
        self.take_outcome();
    }

    /// Adds what the step brought to the rollout.
    fn take_outcome(&mut self) {
        let Self { environments, rollout, normalizers, reward_scale, .. } = self;
        let buffers = &environments.buffers;
        normalizers.add_rewards(&buffers.rewards, |index| buffers.ended(index));
        let scale = *reward_scale * normalizers.reward_scale();
        for index in 0..environments.envs() {
            rollout.push_outcome(buffers, index, buffers.rewards[index] * scale);
        }
    }

    /// What the last rewards were multiplied by.
    pub(crate) fn reward_scale(&self) -> f32 {
        self.reward_scale * self.normalizers.reward_scale()
    }

    pub(crate) fn state(&self) -> CollectorState<R::State> {
        CollectorState {
            environments: self.environments.state(),
            normalizers: self.normalizers.clone(),
            choosing: self.choosing.clone(),
        }
    }

    /// Goes on from a state of as many environments.
    pub(crate) fn restore(&mut self, state: CollectorState<R::State>) -> Result<(), String> {
        if state.choosing.len() != self.choosing.len() || !state.normalizers.is_like(&self.normalizers) {
            return Err("it is not the state of these hyperparameters".to_owned());
        }
        self.environments.restore(state.environments).map_err(|error| error.to_string())?;
        self.choosing = state.choosing;
        self.normalizers = state.normalizers;
        Ok(())
    }
}

/// Of an action among those that `logits` speak of.
fn log_probability(logits: &[f32], action: usize) -> f32 {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = logits.iter().map(|logit| (logit - greatest).exp()).sum();
    logits[action] - greatest - total.ln()
}
