//! What the trainer asks of each algorithm.

use std::collections::BTreeMap;

use daladala_env::Rules;
use serde::{Deserialize, Serialize};

use super::dqn::DqnState;
use super::environments::Environments;
use super::on_policy::OnPolicyState;
use crate::network::MlpWeights;

/// A learning algorithm in the middle of its work.
pub(super) trait Method<R: Rules> {
    /// Gathers some experience and learns from it.
    fn advance(&mut self, schedule: Schedule) -> Update;

    fn environments(&self) -> &Environments<R>;

    /// The networks as they are now, by the names in a checkpoint.
    fn networks(&self) -> BTreeMap<String, MlpWeights>;

    /// All that the next updates depend on, but the hyperparameters.
    fn state(&self) -> MethodState<R::State>;

    /// Goes on from a state under the same hyperparameters.
    fn restore(&mut self, state: MethodState<R::State>) -> Result<(), String>;
}

/// How far a training is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    /// Environment steps so far.
    pub(super) done: u64,
    /// Environment steps in all.
    pub(super) steps: u64,
}

impl Schedule {
    /// The part of the training that is over, 0 to 1.
    pub(super) fn fraction(self) -> f64 {
        (self.done as f64 / self.steps as f64).min(1.0)
    }

    /// What falls linearly to zero.
    pub(super) fn falling(self, start: f64) -> f64 {
        start * (1.0 - self.fraction())
    }
}

/// What an advance did.
#[derive(Debug)]
pub(super) struct Update {
    /// Environment steps that it took.
    pub(super) steps: u64,
    /// Of the last gradient step; NaN where there was none.
    pub(super) loss: f32,
    pub(super) learning_rate: f64,
    /// What else is worth a curve, by the names in [`TrainConfig::details`](super::TrainConfig::details).
    pub(super) details: Vec<f32>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum MethodState<S> {
    OnPolicy(OnPolicyState<S>),
    Dqn(DqnState<S>),
}

const OTHER_ALGORITHM: &str = "it is the state of another algorithm";

impl<S> MethodState<S> {
    pub(super) fn on_policy(self) -> Result<OnPolicyState<S>, String> {
        if let Self::OnPolicy(state) = self { Ok(state) } else { Err(OTHER_ALGORITHM.to_owned()) }
    }

    pub(super) fn dqn(self) -> Result<DqnState<S>, String> {
        if let Self::Dqn(state) = self { Ok(state) } else { Err(OTHER_ALGORITHM.to_owned()) }
    }
}
