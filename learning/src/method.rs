//! What the trainer asks of each algorithm.

use std::collections::BTreeMap;

use daladala_env::Rules;
use serde::{Deserialize, Serialize};

use crate::dqn::DqnState;
use crate::environments::Environments;
use crate::on_policy::OnPolicyState;
use daladala_agents::network::MlpWeights;

/// A learning algorithm in the middle of its work.
pub(crate) trait Method<R: Rules> {
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
pub(crate) struct Schedule {
    /// Environment steps so far.
    pub(crate) done: u64,
    /// Environment steps in all.
    pub(crate) steps: u64,
}

impl Schedule {
    /// The part of the training that is over, 0 to 1.
    pub(crate) fn fraction(self) -> f64 {
        (self.done as f64 / self.steps as f64).min(1.0)
    }

    /// What falls linearly to zero.
    pub(crate) fn falling(self, start: f64) -> f64 {
        start * (1.0 - self.fraction())
    }
}

/// What an advance did.
#[derive(Debug)]
pub(crate) struct Update {
    /// Environment steps that it took.
    pub(crate) steps: u64,
    /// Of the last gradient step; NaN where there was none.
    pub(crate) loss: f32,
    pub(crate) learning_rate: f64,
    /// What else is worth a curve, by the names in [`TrainConfig::details`](super::TrainConfig::details).
    pub(crate) details: Vec<f32>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum MethodState<S> {
    OnPolicy(OnPolicyState<S>),
    Dqn(DqnState<S>),
}

const OTHER_ALGORITHM: &str = "it is the state of another algorithm";

impl<S> MethodState<S> {
    pub(crate) fn on_policy(self) -> Result<OnPolicyState<S>, String> {
        if let Self::OnPolicy(state) = self { Ok(state) } else { Err(OTHER_ALGORITHM.to_owned()) }
    }

    pub(crate) fn dqn(self) -> Result<DqnState<S>, String> {
        if let Self::Dqn(state) = self { Ok(state) } else { Err(OTHER_ALGORITHM.to_owned()) }
    }
}
