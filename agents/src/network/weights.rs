//! Weights as plain numbers.

use daladala_env::Generator;
use ndarray::{Array1, Array2, ArrayView1};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::Activation;

/// One fully connected layer, in PyTorch's layout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerWeights {
    /// `[outputs, inputs]`.
    pub weight: Array2<f32>,
    /// `[outputs]`.
    pub bias: Array1<f32>,
}

impl LayerWeights {
    /// A layer of numbers that stand row by row; none where there are more or fewer than `[outputs, inputs]` and
    /// `[outputs]`.
    #[must_use]
    pub fn from_rows(outputs: usize, inputs: usize, weight: Vec<f32>, bias: Vec<f32>) -> Option<Self> {
        let weight = Array2::from_shape_vec((outputs, inputs), weight).ok()?;
        (bias.len() == outputs).then(|| Self { weight, bias: bias.into() })
    }

    /// Entries of its input.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.weight.ncols()
    }

    /// Entries of its output.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.weight.nrows()
    }

    /// All its numbers: the weights row by row, then the biases.
    pub fn values(&self) -> impl Iterator<Item = f32> {
        self.weight.iter().chain(&self.bias).copied()
    }
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
                let mut draw = || (generator.uniform() * 2.0 - 1.0) * bound;
                let weight = Array2::from_shape_simple_fn((outputs, inputs), &mut draw);
                LayerWeights { weight, bias: Array1::from_shape_simple_fn(outputs, draw) }
            })
            .collect();
        if let Some(last) = layers.last_mut() {
            last.weight *= output_gain;
            last.bias *= output_gain;
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
            LayerWeights { weight: orthogonal(outputs, inputs, gain, generator), bias: Array1::zeros(outputs) }
        });
        Self { layers: layers.collect(), activation }
    }

    /// Whether there are as many biases as outputs, and each layer takes what the one before gives.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let full = |layer: &LayerWeights| layer.bias.len() == layer.outputs();
        let chained = self.layers.windows(2).all(|layers| layers[0].outputs() == layers[1].inputs());
        !self.layers.is_empty() && chained && self.layers.iter().all(full)
    }

    /// Whether numbers on the way through it may become infinite for an observation within -1 to 1.
    ///
    /// The greatest that each entry of each layer can be is added up: weights that are told apart from this are some
    /// thirty orders of magnitude beyond what is trained.
    #[must_use]
    pub fn may_overflow(&self) -> bool {
        let mut most = vec![1.0; self.inputs()];
        for layer in &self.layers {
            let sum = |(weights, &bias): (ArrayView1<f32>, &f32)| {
                let products = weights.iter().zip(&most).map(|(&weight, most)| f64::from(weight).abs() * most);
                products.sum::<f64>() + f64::from(bias).abs()
            };
            let sums: Vec<f64> = layer.weight.rows().into_iter().zip(&layer.bias).map(sum).collect();
            if sums.iter().any(|sum| *sum > f64::from(f32::MAX)) {
                return true;
            }
            most = match self.activation {
                Activation::Relu => sums,
                Activation::Tanh => sums.into_iter().map(|sum| sum.min(1.0)).collect(),
            };
        }
        false
    }

    /// Entries of the input.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, LayerWeights::inputs)
    }

    /// Entries of the output.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, LayerWeights::outputs)
    }

    /// Sizes of the hidden layers.
    #[must_use]
    pub fn hidden(&self) -> Vec<usize> {
        self.layers.iter().map(LayerWeights::outputs).take(self.layers.len().saturating_sub(1)).collect()
    }

    /// Sizes of the input and of each layer's output: inputs, hidden…, outputs.
    #[must_use]
    pub fn sizes(&self) -> Vec<usize> {
        std::iter::once(self.inputs()).chain(self.layers.iter().map(LayerWeights::outputs)).collect()
    }

    /// How many numbers there are.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(|layer| layer.weight.len() + layer.bias.len()).sum()
    }
}

/// A matrix of `rows` × `columns` with orthogonal vectors of length `gain` along its shorter side.
fn orthogonal(rows: usize, columns: usize, gain: f64, generator: &mut Generator) -> Array2<f32> {
    let (count, length) = (rows.min(columns), rows.max(columns));
    let mut vectors: Vec<Array1<f64>> = Vec::with_capacity(count);
    while vectors.len() < count {
        let mut vector: Array1<f64> = Array1::from_shape_simple_fn(length, || StandardNormal.sample(generator));
        // Gram and Schmidt, twice: once is not enough for rounding errors.
        for _ in 0..2 {
            for other in &vectors {
                let shared = vector.dot(other);
                vector.scaled_add(-shared, other);
            }
        }
        let norm = vector.dot(&vector).sqrt();
        // As good as never: the vector lies among the others.
        if norm > 1e-6 {
            vectors.push(vector / norm);
        }
    }
    let entry = |row: usize, column: usize| if rows <= columns { vectors[row][column] } else { vectors[column][row] };
    Array2::from_shape_fn((rows, columns), |(row, column)| (gain * entry(row, column)) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orthogonal_weights_are_orthogonal_along_the_shorter_side() {
        let weights = MlpWeights::orthogonal(&[14, 64, 32, 5], Activation::Tanh, 0.01, &mut Generator::new(3, 0));
        for (index, layer) in weights.layers.iter().enumerate() {
            let gain: f32 = if index == 2 { 0.01 } else { 2.0f32.sqrt() };
            let vectors = if layer.outputs() <= layer.inputs() { layer.weight.view() } else { layer.weight.t() };
            for ((a, b), product) in vectors.dot(&vectors.t()).indexed_iter() {
                let expected = if a == b { gain * gain } else { 0.0 };
                assert!((product - expected).abs() < 1e-5, "layer {index}: {a} · {b} is {product}");
            }
            assert!(layer.bias.iter().all(|bias| *bias == 0.0));
        }
        assert!(weights.is_consistent());
    }
}
