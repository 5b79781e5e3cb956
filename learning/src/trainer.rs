//! A training as a whole: an algorithm, its hyperparameters, a seed, and how far it is.

use burn::tensor::Device;
use daladala_agents::Algorithm;
use daladala_agents::{Checkpoint, ModelInfo};
use daladala_env::{Rules, SpecId};
use serde::{Deserialize, Serialize};

use crate::config::TrainConfig;
use crate::dqn::Dqn;
use crate::error::LearningError;
use crate::fragment::{Fragment, FragmentShape};
use crate::method::{Method, MethodState};
use crate::on_policy::OnPolicyMethod;
use crate::schedule::TrainingProgress;

/// How training goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Environment steps so far.
    pub steps: u64,
    /// Mean return of the last 100 episodes, exploration included; NaN before the first has ended.
    pub mean_return: f32,
    /// Mean length of these, steps.
    pub mean_length: f32,
    /// Loss of the last gradient step; NaN before the first.
    pub loss: f32,
    /// Learning rate of the last gradient step.
    pub learning_rate: f64,
    /// What else the algorithm tells of itself, by the names that Stable-Baselines3 uses where it has one.
    pub details: Vec<(&'static str, f32)>,
}

/// A policy that learns to drive by `R`.
pub struct Trainer<R: Rules> {
    config: TrainConfig,
    spec: SpecId,
    seed: u64,
    training: TrainingProgress,
    method: Box<dyn Method<R> + Send>,
}

/// All that the rest of a training depends on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TrainerState<S> {
    pub(crate) config: TrainConfig,
    pub(crate) spec: SpecId,
    seed: u64,
    steps: u64,
    done: u64,
    method: MethodState<S>,
}

impl<R: Rules> Trainer<R> {
    /// At the beginning of a training over at least `steps` environment steps, over which its schedules go. Gradients are found on `device`,
    /// or without one on the CPU, where episodes are driven anyway.
    pub fn new(
        config: &TrainConfig,
        rules: &R,
        seed: u64,
        steps: u64,
        device: Option<&Device>,
    ) -> Result<Self, LearningError> {
        let refused = |why| LearningError::Hyperparameters { why };
        config.check().map_err(refused)?;
        let method: Box<dyn Method<R> + Send> = match config {
            TrainConfig::Dqn(config) => Box::new(Dqn::new(config, rules, seed, device)),
            TrainConfig::Ppo(config) | TrainConfig::PpoLagrangian(config) => {
                Box::new(OnPolicyMethod::new(config, rules, seed, device).map_err(refused)?)
            }
            TrainConfig::A2c(config) => Box::new(OnPolicyMethod::new(config, rules, seed, device).map_err(refused)?),
            TrainConfig::Reinforce(config) => {
                Box::new(OnPolicyMethod::new(config, rules, seed, device).map_err(refused)?)
            }
        };
        let training = TrainingProgress { done: 0, steps };
        Ok(Self { config: config.clone(), spec: rules.info().id, seed, training, method })
    }

    /// What learns.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.config.algorithm()
    }

    /// The hyperparameters.
    #[must_use]
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// The seed of everything.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Environment steps so far.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.training.done
    }

    /// Environment steps in all; the last update may go over it.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.training.steps
    }

    /// Whether all steps are done.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.training.done >= self.training.steps
    }

    /// Gathers some experience and learns from it: a rollout, or a thousand steps.
    pub fn advance(&mut self) -> Progress {
        let update = self.method.advance(self.training);
        self.training.done += update.steps;
        let recent = &self.method.environments().recent;
        Progress {
            steps: self.training.done,
            mean_return: recent.mean_return(),
            mean_length: recent.mean_length(),
            loss: update.loss,
            learning_rate: update.learning_rate,
            details: self.config.details().iter().copied().zip(update.details).collect(),
        }
    }

    /// What fragments [`Self::advance_with`] takes, or why it takes none.
    pub fn fragment_shape(&self) -> Result<FragmentShape, LearningError> {
        self.method.fragment_shape().map_err(|why| LearningError::Fragments { why })
    }

    /// [`Self::advance`] with experience that [`Sample`](crate::Sample)s gathered with the weights as they are, in the order
    /// of their environments. All updates of a training are made like this, or none: its own environments stand still.
    pub fn advance_with(&mut self, fragments: Vec<Fragment>) -> Result<Progress, LearningError> {
        self.method.offer(fragments).map_err(|why| LearningError::Fragments { why })?;
        Ok(self.advance())
    }

    /// The weights as they are now. `info.mean_return` is that of the last episodes of the training; evaluate the
    /// policy for a better figure.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        let environments = self.method.environments();
        let info = ModelInfo {
            algorithm: self.algorithm(),
            spec: self.spec.clone(),
            observation_size: environments.observation_size(),
            actions: environments.actions(),
            action_masks: self.config.action_masks(),
            seed: Some(self.seed),
            steps: Some(self.training.done),
            source: None,
            mean_return: f64::from(environments.recent.mean_return()),
        };
        Checkpoint { info, networks: self.method.networks() }
    }

    pub(crate) fn state(&self) -> TrainerState<R::State> {
        TrainerState {
            config: self.config.clone(),
            spec: self.spec.clone(),
            seed: self.seed,
            steps: self.training.steps,
            done: self.training.done,
            method: self.method.state(),
        }
    }

    /// Goes on from a state of a training on the same rules, exactly as the training that it was taken of would have on the same kind of machine.
    pub(crate) fn from_state(
        state: TrainerState<R::State>,
        rules: &R,
        device: Option<&Device>,
    ) -> Result<Self, String> {
        let mut trainer =
            Self::new(&state.config, rules, state.seed, state.steps, device).map_err(|e| e.to_string())?;
        trainer.method.restore(state.method)?;
        trainer.training.done = state.done;
        Ok(trainer)
    }
}
