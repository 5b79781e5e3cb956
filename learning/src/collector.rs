//! How the policy-gradient methods gather experience: many environments, driven on the CPU by the policy that learns.

use daladala_agents::network::FusedMlp;
use daladala_agents::{Policy, mask_logits, policy_generators, sample};
use daladala_env::{Generator, Rules};
use ndarray::{CowArray, Ix2, s};
use serde::{Deserialize, Serialize};

use crate::environments::{Environments, EnvironmentsState};
use crate::fragment::{Asked, Fragment, FragmentShape};
use crate::normalizer::{Normalizers, Normalizing};
use crate::rollout::{Outcome, Rollout, values_of};

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
    /// What the next rollout is made of, where that was gathered elsewhere.
    offered: Vec<Fragment>,
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
        let environments = Environments::new(rules, 0..envs, options.action_masks, seed);
        let size = environments.observation_size();
        let (observations, rewards) = (options.normalize_observations, options.normalize_rewards);
        let normalizing = Normalizing { observations, rewards, envs, gamma };
        Self {
            environments,
            rollout: Rollout::new(size),
            offered: Vec::new(),
            normalizers: Normalizers::new(&normalizing, size),
            choosing: policy_generators(seed, 0..envs),
            reward_scale,
        }
    }

    /// Has the next rollout be what was gathered elsewhere, in the order of the environments.
    pub(crate) fn offer(&mut self, fragments: Vec<Fragment>, shape: FragmentShape) -> Result<(), String> {
        let environments = &self.environments;
        let asked = Asked {
            shape,
            observation_size: environments.observation_size(),
            actions: environments.actions(),
            costs: !environments.buffers.costs.is_empty(),
        };
        let envs: usize = fragments.iter().map(|fragment| fragment.envs).sum();
        if envs != shape.envs {
            return Err(format!("the fragments are of {envs} environments, needed are {}", shape.envs));
        }
        fragments.iter().try_for_each(|fragment| fragment.check(&asked))?;
        self.offered = fragments;
        Ok(())
    }

    /// Gathers a rollout of `steps` steps of each environment, or takes what was offered, and values what it ends with, `[envs]`.
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
        match std::mem::take(&mut self.offered) {
            offered if offered.is_empty() => (0..steps).for_each(|_| self.step(actor, teacher)),
            offered => self.take_offered(&offered, steps),
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
        let Self { environments, rollout, choosing, normalizers, reward_scale, .. } = self;
        act(environments, choosing, actor, teacher, rollout);
        let buffers = &environments.buffers;
        normalizers.add_rewards(&buffers.rewards, |index| buffers.ended(index));
        let scale = *reward_scale * normalizers.reward_scale();
        for index in 0..environments.envs() {
            let is_cut_off = buffers.truncated[index] && !buffers.terminated[index];
            rollout.push_outcome(&Outcome {
                reward: buffers.rewards[index] * scale,
                cost: buffers.costs.get(index).copied(),
                ended: buffers.ended(index),
                truncated_with: is_cut_off.then(|| environments.final_observation(index)),
            });
        }
    }

    /// Makes a rollout of what was gathered elsewhere: what [`Self::step`] would have made of it, step by step.
    fn take_offered(&mut self, fragments: &[Fragment], steps: usize) {
        let Self { environments, rollout, normalizers, reward_scale, .. } = self;
        // How many episodes of each have ended so far.
        let mut ended_of = vec![0; fragments.len()];
        for step in 0..steps {
            let of_step = |fragment: &Fragment| step * fragment.envs..(step + 1) * fragment.envs;
            let (mut rewards, mut ended) = (Vec::new(), Vec::new());
            for fragment in fragments {
                let rows = of_step(fragment);
                rollout.push_observations(fragment.observations.slice(s![rows.clone(), ..]));
                rollout.masks.extend(fragment.masks.get(rows.clone()).into_iter().flatten());
                rollout.actions.extend_from_slice(&fragment.actions[rows.clone()]);
                rollout.log_probabilities.extend_from_slice(&fragment.log_probabilities[rows.clone()]);
                rewards.extend_from_slice(&fragment.rewards[rows.clone()]);
                ended.extend(rows.map(|row| fragment.ended(row)));
            }
            normalizers.add_rewards(&rewards, |index| ended[index]);
            let scale = *reward_scale * normalizers.reward_scale();
            for (fragment, ended_of) in fragments.iter().zip(&mut ended_of) {
                for row in of_step(fragment) {
                    let ended = fragment.ended(row);
                    let is_cut_off = fragment.truncated[row] && !fragment.terminated[row];
                    rollout.push_outcome(&Outcome {
                        reward: fragment.rewards[row] * scale,
                        cost: fragment.costs.get(row).copied(),
                        ended,
                        truncated_with: is_cut_off.then(|| fragment.final_observations.row(*ended_of)),
                    });
                    if ended {
                        environments.recent.push(fragment.episodes[*ended_of]);
                        *ended_of += 1;
                    }
                }
            }
        }
        let seen = fragments.iter().flat_map(|fragment| &fragment.last_observations);
        environments.buffers.observations.iter_mut().zip(seen).for_each(|(now, &seen)| *now = seen);
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

/// One step of all environments: what is seen, what is done and how likely that was go to the rollout, and what came of it
/// is in the environments' buffers. Where there is a `teacher`, what it would have done is noted.
pub(crate) fn act<R: Rules>(
    environments: &mut Environments<R>,
    choosing: &mut [Generator],
    actor: &FusedMlp,
    teacher: Option<&dyn Policy>,
    rollout: &mut Rollout,
) {
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
}

/// Of an action among those that `logits` speak of.
fn log_probability(logits: &[f32], action: usize) -> f32 {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = logits.iter().map(|logit| (logit - greatest).exp()).sum();
    logits[action] - greatest - total.ln()
}
