//! Adam (Kingma and Ba, 2015), as PyTorch computes it.

use daladala_agents::network::MlpWeights;
use fearless_simd::{Level, Simd, dispatch};
use serde::{Deserialize, Serialize};

use super::super::fits;
use super::network::Network;
use super::panels::Line;

/// How much of the mean of the gradients stays from step to step.
const BETA_1: f32 = 0.9;
/// The same of their squares.
const BETA_2: f32 = 0.999;

/// What the optimizer remembers, in the places of the parameters.
#[derive(Debug)]
pub(super) struct Adam {
    /// Added to the denominators.
    epsilon: f32,
    steps: u32,
    means: Vec<Line>,
    squares: Vec<Line>,
}

/// What an [`Adam`] goes on from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AdamState {
    steps: u32,
    means: MlpWeights,
    squares: MlpWeights,
}

impl Adam {
    /// For so many lines of parameters.
    pub(super) fn new(lines: usize, epsilon: f32) -> Self {
        let zeros = vec![Line::default(); lines];
        Self { epsilon, steps: 0, means: zeros.clone(), squares: zeros }
    }

    /// A step along `gradients` times `factor`.
    pub(super) fn step(
        &mut self,
        level: Level,
        parameters: &mut [Line],
        gradients: &[Line],
        factor: f32,
        learning_rate: f64,
    ) {
        self.steps = self.steps.saturating_add(1);
        let correction = |beta: f32| 1.0 - f64::from(beta).powf(f64::from(self.steps));
        let rate = (learning_rate / correction(BETA_1)) as f32;
        let scale = (1.0 / correction(BETA_2).sqrt()) as f32;
        let epsilon = self.epsilon;
        let remembered = self.means.iter_mut().zip(&mut self.squares);
        let lines = parameters.iter_mut().zip(gradients).zip(remembered);
        dispatch!(level, simd => simd.vectorize(
            #[inline(always)]
            || for ((Line(parameters), Line(gradients)), (Line(means), Line(squares))) in lines {
                let remembered = means.iter_mut().zip(squares);
                for ((parameter, gradient), (mean, square)) in parameters.iter_mut().zip(gradients).zip(remembered) {
                    let gradient = gradient * factor;
                    *mean = BETA_1 * *mean + (1.0 - BETA_1) * gradient;
                    *square = BETA_2 * *square + (1.0 - BETA_2) * gradient * gradient;
                    *parameter -= rate * *mean / (square.sqrt() * scale + epsilon);
                }
            },
        ));
    }

    pub(super) fn state(&self, network: &Network) -> AdamState {
        AdamState { steps: self.steps, means: network.unpacked(&self.means), squares: network.unpacked(&self.squares) }
    }

    /// Goes on from a state that fits the network.
    pub(super) fn restore(&mut self, state: &AdamState, level: Level) {
        self.steps = state.steps;
        self.means = Network::new(&state.means, level).parameters;
        self.squares = Network::new(&state.squares, level).parameters;
    }
}

impl AdamState {
    /// Whether it is of a network of the shape of `weights`.
    pub(super) fn fits(&self, weights: &MlpWeights) -> bool {
        fits(&self.means, weights) && fits(&self.squares, weights)
    }
}
