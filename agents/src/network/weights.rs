//! Weights as plain numbers.

use daladala_env::Generator;
use serde::{Deserialize, Serialize};

use super::Activation;

/// One fully connected layer, in PyTorch's layout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerWeights {
    /// Entries of its input.
    pub inputs: usize,
    /// Entries of its output.
    pub outputs: usize,
    /// `[outputs, inputs]`, row by row.
    pub weight: Vec<f32>,
    /// `[outputs]`.
    pub bias: Vec<f32>,
}

/// A perceptron.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MlpWeights {
    /// From input to output; there is at least one, and each takes what the one before gives.
    pub layers: Vec<LayerWeights>,
    /// What follows each layer but the last.
    pub activation: Activation,
}

impl MlpWeights {
    /// Fresh weights for layers of the given sizes (inputs, hidden…, outputs), uniform in ±1/√inputs as PyTorch's
    /// `Linear` does; those of the last layer are multiplied by `output_gain`.
    #[must_use]
    pub fn init(sizes: &[usize], activation: Activation, output_gain: f32, generator: &mut Generator) -> Self {
        let mut layers: Vec<_> = sizes
            .windows(2)
            .map(|size| {
                let (inputs, outputs) = (size[0], size[1]);
                let bound = 1.0 / (inputs as f32).sqrt();
                let mut draw = |count| (0..count).map(|_| (generator.uniform() * 2.0 - 1.0) * bound).collect();
                LayerWeights { inputs, outputs, weight: draw(inputs * outputs), bias: draw(outputs) }
            })
            .collect();
        if let Some(last) = layers.last_mut() {
            last.weight.iter_mut().chain(&mut last.bias).for_each(|value| *value *= output_gain);
        }
        Self { layers, activation }
    }

    /// Whether there are as many numbers as the layers' sizes say, and each layer takes what the one before gives.
    #[must_use]
    pub fn holds_together(&self) -> bool {
        let full = |layer: &LayerWeights| {
            layer.inputs.checked_mul(layer.outputs) == Some(layer.weight.len()) && layer.bias.len() == layer.outputs
        };
        let chained = self.layers.windows(2).all(|layers| layers[0].outputs == layers[1].inputs);
        !self.layers.is_empty() && chained && self.layers.iter().all(full)
    }

    /// Entries of the input.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs)
    }

    /// Entries of the output.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }

    /// Sizes of the hidden layers.
    #[must_use]
    pub fn hidden(&self) -> Vec<usize> {
        self.layers.iter().map(|layer| layer.outputs).take(self.layers.len().saturating_sub(1)).collect()
    }

    /// Sizes of the input and of each layer's output: inputs, hidden…, outputs.
    #[must_use]
    pub fn sizes(&self) -> Vec<usize> {
        std::iter::once(self.inputs()).chain(self.layers.iter().map(|layer| layer.outputs)).collect()
    }

    /// How many numbers there are.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(|layer| layer.weight.len() + layer.bias.len()).sum()
    }
}
