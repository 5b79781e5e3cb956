//! What the trainer asks of each algorithm.

use std::collections::BTreeMap;

use daladala_agents::network::MlpWeights;
use daladala_env::Rules;
use serde::{Deserialize, Serialize};

use crate::dqn::DqnState;
use crate::environments::Environments;
use crate::fragment::{Fragment, FragmentShape};
use crate::on_policy::OnPolicyState;
use crate::schedule::TrainingProgress;

/// A learning algorithm in the middle of its work.
pub(crate) trait Method<R: Rules> {
    /// Gathers some experience and learns from it.
    fn advance(&mut self, training: TrainingProgress) -> Update;

    /// What fragments the next [`Self::advance`] can learn from in place of what it gathers itself, or why there are none.
    fn fragment_shape(&self) -> Result<FragmentShape, String>;

    /// Takes these fragments for that.
    fn offer(&mut self, fragments: Vec<Fragment>) -> Result<(), String>;

    fn environments(&self) -> &Environments<R>;

    /// The networks as they are now, by the names in a checkpoint.
    fn networks(&self) -> BTreeMap<String, MlpWeights>;

    /// All that the next updates depend on, but the hyperparameters.
    fn state(&self) -> MethodState<R::State>;

    /// Goes on from a state under the same hyperparameters.
    fn restore(&mut self, state: MethodState<R::State>) -> Result<(), String>;
}

/// What an advance did.
#[derive(Debug)]
pub(crate) struct Update {
    /// Environment steps that it took.
    pub(crate) steps: u64,
    /// The losses of all networks, a mean over the gradient steps; NaN where there was none.
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
