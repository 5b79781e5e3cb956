//! How the policy-gradient methods gather experience: many environments, driven on the CPU by the policy that learns.

use daladala_env::{EnvError, Generator, Rules};
use serde::{Deserialize, Serialize};

use crate::environments::{Environments, EnvironmentsState};
use crate::rollout::{Rollout, values_of};
use daladala_agents::network::FusedMlp;
use daladala_agents::policy_generators;
use daladala_agents::sample;

#[derive(Debug)]
pub(crate) struct Collector<R: Rules> {
    pub(crate) environments: Environments<R>,
    /// What has been gathered since it was last cleared.
    pub(crate) rollout: Rollout,
    /// Of the choices, one an environment.
    choosing: Vec<Generator>,
    reward_scale: f32,
}

/// What a [`Collector`] goes on from, between two rollouts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CollectorState<S> {
    environments: EnvironmentsState<S>,
    choosing: Vec<Generator>,
}

impl<R: Rules> Collector<R> {
    pub(crate) fn new(rules: &R, envs: usize, reward_scale: f32, seed: u64) -> Self {
        Self {
            environments: Environments::new(rules, envs, seed),
            rollout: Rollout::default(),
            choosing: policy_generators(seed, 0..envs),
            reward_scale,
        }
    }

    /// Gathers a rollout of `steps` steps of each environment, and values what it ends with, `[envs]`.
    pub(crate) fn collect(&mut self, actor: &FusedMlp, critic: &FusedMlp, steps: usize) -> Vec<f32> {
        self.rollout.clear();
        for _ in 0..steps {
            self.step(actor);
        }
        self.rollout.value_by(critic);
        values_of(critic, &self.environments.buffers.observations, self.environments.envs())
    }

    /// Gathers new episodes until each environment has ended one, and begins new ones everywhere.
    pub(crate) fn collect_episodes(&mut self, actor: &FusedMlp, critic: &FusedMlp) {
        self.rollout.clear();
        let mut going_on = vec![true; self.environments.envs()];
        while going_on.contains(&true) {
            self.step(actor);
            for (index, going_on) in going_on.iter_mut().enumerate() {
                *going_on &= !self.environments.buffers.ended(index);
            }
        }
        self.rollout.value_by(critic);
        self.environments.reset();
    }

    /// One step of all environments.
    fn step(&mut self, actor: &FusedMlp) {
        let Self { environments, rollout, choosing, reward_scale } = self;
        let mut logits = vec![0.0; environments.envs() * environments.actions()];
        actor.forward(&environments.buffers.observations, &mut logits);
        rollout.observations.extend_from_slice(&environments.buffers.observations);
        let first = rollout.actions.len();
        for (logits, generator) in logits.chunks_exact(environments.actions()).zip(choosing) {
            let action = sample(logits, generator);
            rollout.log_probabilities.push(log_probability(logits, usize::from(action)));
            rollout.actions.push(action);
        }
        environments.step(&rollout.actions[first..]);
        for index in 0..environments.envs() {
            rollout.push_outcome(&environments.buffers, index, *reward_scale);
        }
    }

    pub(crate) fn state(&self) -> CollectorState<R::State> {
        CollectorState { environments: self.environments.state(), choosing: self.choosing.clone() }
    }

    /// Goes on from a state of as many environments.
    pub(crate) fn restore(&mut self, state: CollectorState<R::State>) -> Result<(), EnvError> {
        let (given, needed) = (state.choosing.len(), self.choosing.len());
        if given != needed {
            return Err(EnvError::WrongLength { what: "generators", given, needed });
        }
        self.environments.restore(state.environments)?;
        self.choosing = state.choosing;
        Ok(())
    }
}

/// Of an action among those that `logits` speak of.
fn log_probability(logits: &[f32], action: usize) -> f32 {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = logits.iter().map(|logit| (logit - greatest).exp()).sum();
    logits[action] - greatest - total.ln()
}
