//! A network and the optimizer that changes it, Adam (Kingma and Ba, 2015).
//!
//! On the CPU gradients are computed by the fused learner, whose losses are told row by row. On other devices they are
//! burn's autodiff's, which is the oracle of the first.

mod autodiff;
mod fused;
#[cfg(test)]
mod tests;

use burn::tensor::Device;
use daladala_agents::network::{FusedMlp, MlpWeights};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::loss::{Figures, Loss};
use autodiff::AutodiffLearner;
use fused::{FusedLearner, FusedState};

/// Added to a norm before it divides, as PyTorch does.
const NORM_EPSILON: f32 = 1e-6;

/// A network that learns.
pub(crate) enum Learner {
    Fused(FusedLearner),
    Autodiff(AutodiffLearner),
}

/// What a [`Learner`] goes on from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum LearnerState {
    Fused(FusedState),
    Autodiff {
        weights: MlpWeights,
        /// In burn's own format.
        optimizer: Vec<u8>,
    },
}

impl Learner {
    /// On `device`, or without one on the CPU. `adam_epsilon` is 1e-5 in Stable-Baselines3's policy gradients and 1e-8 in
    /// its DQN, as in PyTorch.
    pub(crate) fn new(weights: &MlpWeights, adam_epsilon: f32, device: Option<&Device>) -> Self {
        match device {
            None => Self::Fused(FusedLearner::new(weights, adam_epsilon)),
            Some(device) => Self::Autodiff(AutodiffLearner::new(weights, adam_epsilon, device)),
        }
    }

    /// Finds the gradients of the mean of `loss` over `rows` of the `observations`, for [`Self::step`]. Returns the means
    /// of its figures.
    pub(crate) fn find_gradients(
        &mut self,
        observations: ArrayView2<f32>,
        rows: &[usize],
        loss: &impl Loss,
    ) -> Figures {
        match self {
            Self::Fused(learner) => learner.find_gradients(observations, rows, loss),
            Self::Autodiff(learner) => learner.find_gradients(observations, rows, loss),
        }
    }

    /// The sum of the squares of the gradients that were found last.
    pub(crate) fn squared_norm(&self) -> f32 {
        match self {
            Self::Fused(learner) => learner.squared_norm(),
            Self::Autodiff(learner) => learner.squared_norm(),
        }
    }

    /// One step of the optimizer, along the gradients that were found last times `factor`.
    pub(crate) fn step(&mut self, factor: f32, learning_rate: f64) {
        match self {
            Self::Fused(learner) => learner.step(factor, learning_rate),
            Self::Autodiff(learner) => learner.step(factor, learning_rate),
        }
    }

    /// One gradient step down `loss`, with all gradients together no longer than `max_gradient_norm`. Returns the means of
    /// its figures before the step.
    pub(crate) fn gradient_step(
        &mut self,
        observations: ArrayView2<f32>,
        rows: &[usize],
        loss: &impl Loss,
        max_gradient_norm: f32,
        learning_rate: f64,
    ) -> Figures {
        let figures = self.find_gradients(observations, rows, loss);
        self.step(clip_factor(self.squared_norm(), max_gradient_norm), learning_rate);
        figures
    }

    pub(crate) fn weights(&self) -> MlpWeights {
        match self {
            Self::Fused(learner) => learner.weights(),
            Self::Autodiff(learner) => learner.weights(),
        }
    }

    /// The gradients that were found last, in the places of the weights.
    #[cfg(test)]
    pub(crate) fn gradients(&self) -> MlpWeights {
        match self {
            Self::Fused(learner) => learner.gradients(),
            Self::Autodiff(learner) => learner.gradients(),
        }
    }

    /// As it is now, to act on the CPU.
    pub(crate) fn acting(&self) -> FusedMlp {
        FusedMlp::new(&self.weights())
    }

    pub(crate) fn state(&self) -> LearnerState {
        match self {
            Self::Fused(learner) => LearnerState::Fused(learner.state()),
            Self::Autodiff(learner) => learner.state(),
        }
    }

    /// Goes on from the state of a network of the same shape.
    pub(crate) fn restore(&mut self, state: LearnerState) -> Result<(), String> {
        match (self, state) {
            (Self::Fused(learner), LearnerState::Fused(state)) => learner.restore(&state),
            (Self::Autodiff(learner), LearnerState::Autodiff { weights, optimizer }) => {
                learner.restore(&weights, optimizer)
            }
            _ => Err("it learnt on another kind of device".to_owned()),
        }
    }
}

/// Whether weights can take the place of others.
fn fits(weights: &MlpWeights, others: &MlpWeights) -> bool {
    weights.is_consistent() && weights.sizes() == others.sizes()
}

/// What gradients whose squares have this sum are multiplied by, so that their norm together is at most `most`
/// (Pascanu, Mikolov and Bengio, 2013). burn's own clipping takes each tensor for itself, which turns the gradient.
pub(crate) fn clip_factor(squared_norm: f32, most: f32) -> f32 {
    // Of a norm that is no number the lesser is 1: gradients are left alone, and the weights will tell.
    (most / (squared_norm.sqrt() + NORM_EPSILON)).min(1.0)
}
