//! The two networks of the policy-gradient methods, and the minibatches they learn from.

use burn::module::Module;
use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use daladala_env::Generator;

use super::rollout::Rollout;
use super::shuffle::gather;
use crate::network::{Activation, Mlp, MlpWeights};

/// A policy and what it expects.
#[derive(Module, Debug)]
pub(super) struct ActorCritic {
    pub(super) actor: Mlp,
    pub(super) critic: Mlp,
}

impl ActorCritic {
    /// Fresh networks of the same hidden layers. `sizes` are those of an observation and of the actions.
    pub(super) fn new(hidden: &[usize], activation: Activation, sizes: (usize, usize), seed: u64) -> Self {
        let device = Device::flex().autodiff();
        let mut generator = Generator::new(seed, u64::MAX);
        let mut network = |outputs, gain| {
            let sizes = [&[sizes.0], hidden, &[outputs]].concat();
            Mlp::new(&MlpWeights::init(&sizes, activation, gain, &mut generator), &device)
        };
        // A small gain makes the first policy nearly uniform.
        Self { actor: network(sizes.1, 0.01), critic: network(1, 1.0) }
    }

    /// What the networks make of a minibatch.
    pub(super) fn judge(&self, minibatch: &Minibatch) -> Judged {
        let logits = self.actor.forward(minibatch.observations.clone());
        let log_probabilities = log_softmax(logits.clone(), 1);
        let entropy = -(softmax(logits, 1) * log_probabilities.clone()).sum_dim(1).mean();
        let error = self.critic.forward(minibatch.observations.clone()) - minibatch.returns.clone();
        Judged {
            log_probabilities: log_probabilities.gather(1, minibatch.actions.clone()),
            entropy,
            value_loss: (error.clone() * error).mean(),
        }
    }
}

/// What a gradient step is made from.
pub(super) struct Judged {
    /// Of the actions that were taken, `[rows, 1]`.
    pub(super) log_probabilities: Tensor<2>,
    /// Of the policy, on average.
    pub(super) entropy: Tensor<1>,
    /// The critic's mean squared error.
    pub(super) value_loss: Tensor<1>,
}

/// Rows of a rollout as tensors, `[rows, …]`.
pub(super) struct Minibatch {
    observations: Tensor<2>,
    actions: Tensor<2, Int>,
    returns: Tensor<2>,
    pub(super) old_log_probabilities: Tensor<2>,
    /// With mean 0 and standard deviation 1.
    pub(super) advantages: Tensor<2>,
}

impl Minibatch {
    pub(super) fn new(rollout: &Rollout, advantages: &[f32], rows: &[usize]) -> Self {
        let device = Device::flex().autodiff();
        let count = rows.len();
        let column = |column: Vec<f32>| Tensor::<2>::from_data(TensorData::new(column, [count, 1]), &device);
        let picked = |source: &[f32]| rows.iter().map(|&row| source[row]).collect::<Vec<f32>>();
        let size = rollout.observations.len() / rollout.actions.len();
        let observations = gather(&rollout.observations, size, rows);
        let actions: Vec<i64> = rows.iter().map(|&row| i64::from(rollout.actions[row])).collect();
        let advantages = picked(advantages);
        let returns = advantages.iter().zip(rows).map(|(advantage, &row)| advantage + rollout.values[row]);
        Self {
            observations: Tensor::from_data(TensorData::new(observations, [count, size]), &device),
            actions: Tensor::from_data(TensorData::new(actions, [count, 1]), &device),
            returns: column(returns.collect()),
            old_log_probabilities: column(picked(&rollout.log_probabilities)),
            advantages: column(normalized(advantages)),
        }
    }
}

/// Mean 0 and standard deviation 1, over a minibatch.
fn normalized(mut values: Vec<f32>) -> Vec<f32> {
    let count = values.len() as f32;
    let mean = values.iter().sum::<f32>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
    let scale = 1.0 / (variance.sqrt() + 1e-8);
    for value in &mut values {
        *value = (*value - mean) * scale;
    }
    values
}
