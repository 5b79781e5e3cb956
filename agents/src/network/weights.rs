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

    /// Fresh weights whose rows or columns, whichever are fewer, are orthogonal to each other and of the same length (Saxe and others, 2014):
    /// √2 for hidden layers, `output_gain` for the last. Biases are zero.
    #[must_use]
    pub fn orthogonal(sizes: &[usize], activation: Activation, output_gain: f32, generator: &mut Generator) -> Self {
        let layers = sizes.windows(2).enumerate().map(|(index, size)| {
            let (inputs, outputs) = (size[0], size[1]);
            let gain = if index + 2 == sizes.len() { f64::from(output_gain) } else { std::f64::consts::SQRT_2 };
            let weight = orthogonal(outputs, inputs, gain, generator);
            LayerWeights { inputs, outputs, weight, bias: vec![0.0; outputs] }
        });
        Self { layers: layers.collect(), activation }
    }

    /// Whether there are as many numbers as the layers' sizes say, and each layer takes what the one before gives.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
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

/// A matrix of `rows` × `columns`, row by row, with orthogonal vectors of length `gain` along its shorter side.
fn orthogonal(rows: usize, columns: usize, gain: f64, generator: &mut Generator) -> Vec<f32> {
    let (count, length) = (rows.min(columns), rows.max(columns));
    let mut vectors: Vec<Vec<f64>> = Vec::with_capacity(count);
    while vectors.len() < count {
        let mut vector: Vec<f64> = (0..length).map(|_| normal(generator)).collect();
        // Gram and Schmidt, twice: once is not enough for rounding errors.
        for _ in 0..2 {
            for other in &vectors {
                let shared: f64 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
                vector.iter_mut().zip(other).for_each(|(value, other)| *value -= shared * other);
            }
        }
        let norm = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
        // As good as never: the vector lies among the others.
        if norm > 1e-6 {
            vectors.push(vector.into_iter().map(|value| value / norm).collect());
        }
    }
    let entry = |row: usize, column: usize| if rows <= columns { vectors[row][column] } else { vectors[column][row] };
    (0..rows * columns).map(|index| (gain * entry(index / columns, index % columns)) as f32).collect()
}

/// A number of the standard normal distribution (Box and Muller, 1958).
fn normal(generator: &mut Generator) -> f64 {
    // The logarithm of zero is none.
    let radius = (-2.0 * f64::from(1.0 - generator.uniform()).ln()).sqrt();
    radius * (std::f64::consts::TAU * f64::from(generator.uniform())).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orthogonal_weights_are_orthogonal_along_the_shorter_side() {
        let weights = MlpWeights::orthogonal(&[14, 64, 32, 5], Activation::Tanh, 0.01, &mut Generator::new(3, 0));
        for (index, layer) in weights.layers.iter().enumerate() {
            let gain: f32 = if index == 2 { 0.01 } else { 2.0f32.sqrt() };
            let (rows, columns) = (layer.outputs, layer.inputs);
            let entry = |vector: usize, place: usize| {
                if rows <= columns {
                    layer.weight[vector * columns + place]
                } else {
                    layer.weight[place * columns + vector]
                }
            };
            for a in 0..rows.min(columns) {
                for b in 0..=a {
                    let product: f32 = (0..rows.max(columns)).map(|place| entry(a, place) * entry(b, place)).sum();
                    let expected = if a == b { gain * gain } else { 0.0 };
                    assert!((product - expected).abs() < 1e-5, "layer {index}: {a} · {b} is {product}");
                }
            }
            assert!(layer.bias.iter().all(|bias| *bias == 0.0));
        }
        assert!(weights.is_consistent());
    }
}
