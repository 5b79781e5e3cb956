//! A perceptron that learns: forward, keeping what each layer gave, and backward to the gradients of all weights.
//!
//! A block of rows goes through all layers and back while what they gave stays in the second-level cache. Weights are kept
//! twice, as they are and transposed, so that all three products of a layer (outputs, gradients of weights, gradients of
//! inputs) read lines one after another.

use daladala_agents::network::{Activation, LayerWeights, MlpWeights};
use fearless_simd::{Level, Simd, dispatch};
use ndarray::{Array1, Array2};

use super::layer::{Layer, add_rows};
use super::panels::{Line, Panels, WIDTH, lines};

/// Rows that go through all layers together: a multiple of the rows of all tiles.
pub(super) const BLOCK: usize = 96;

/// The weights of a perceptron, packed to learn.
#[derive(Debug, Clone)]
pub(super) struct Network {
    level: Level,
    layers: Vec<Layer>,
    activation: Activation,
    /// Layer after layer: its weights in panels, a line for each input, then its biases.
    pub(super) parameters: Vec<Line>,
}

/// What goes through the layers, block by block, and what comes of it.
#[derive(Debug, Clone)]
pub(super) struct Workspace {
    /// What the first layer reads, then what each layer gave.
    values: Vec<Panels>,
    /// The gradients of what a layer gave, and of what the one before gave.
    deltas: [Panels; 2],
    /// What the network gave for a row.
    outputs: Vec<f32>,
    /// The sum of the gradients, as [`Network::parameters`] are kept.
    pub(super) gradients: Vec<Line>,
}

impl Network {
    pub(super) fn new(weights: &MlpWeights, level: Level) -> Self {
        let mut end = 0;
        let layers = weights.layers.iter().map(|layer| {
            let (inputs, outputs) = (layer.inputs(), layer.outputs());
            let weights = end..end + lines(inputs) * WIDTH * lines(outputs);
            let biases = weights.end..weights.end + lines(outputs);
            end = biases.end;
            let transposed = Panels::zeros(lines(outputs) * WIDTH, inputs);
            Layer { inputs, outputs, weights, biases, transposed }
        });
        let layers = layers.collect();
        let parameters = vec![Line::default(); end];
        let mut network = Self { level, layers, activation: weights.activation, parameters };
        for (layer, weights) in network.layers.iter().zip(&weights.layers) {
            let rows = layer.rows();
            let packed = &mut network.parameters;
            for ((output, input), &weight) in weights.weight.indexed_iter() {
                packed[layer.weights.start + output / WIDTH * rows + input].0[output % WIDTH] = weight;
            }
            for (output, &bias) in weights.bias.iter().enumerate() {
                packed[layer.biases.start + output / WIDTH].0[output % WIDTH] = bias;
            }
        }
        network.transpose();
        network
    }

    /// What [`Self::parameters`], or anything that is kept like them, are in PyTorch's layout.
    pub(super) fn unpacked(&self, parameters: &[Line]) -> MlpWeights {
        let layers = self.layers.iter().map(|layer| {
            let rows = layer.rows();
            let (weights, biases) = (&parameters[layer.weights.clone()], &parameters[layer.biases.clone()]);
            let weight = |(output, input): (usize, usize)| weights[output / WIDTH * rows + input].0[output % WIDTH];
            let bias = |output: usize| biases[output / WIDTH].0[output % WIDTH];
            LayerWeights {
                weight: Array2::from_shape_fn((layer.outputs, layer.inputs), weight),
                bias: Array1::from_shape_fn(layer.outputs, bias),
            }
        });
        MlpWeights { layers: layers.collect(), activation: self.activation }
    }

    /// Brings the transposed weights up to date.
    pub(super) fn transpose(&mut self) {
        for layer in &mut self.layers {
            let rows = layer.transposed.rows;
            let weights = &self.parameters[layer.weights.clone()];
            for (panel, weights) in weights.chunks_exact(lines(layer.inputs) * WIDTH).enumerate() {
                for (inputs, weights) in weights.chunks_exact(WIDTH).enumerate() {
                    let to = &mut layer.transposed.lines[inputs * rows + panel * WIDTH..][..WIDTH];
                    for (output, Line(to)) in to.iter_mut().enumerate() {
                        for (to, Line(from)) in to.iter_mut().zip(weights) {
                            *to = from[output];
                        }
                    }
                }
            }
        }
    }

    pub(super) fn inputs(&self) -> usize {
        self.layers[0].inputs
    }

    pub(super) fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    pub(super) fn workspace(&self) -> Workspace {
        let widths = || std::iter::once(self.inputs()).chain(self.layers.iter().map(|layer| layer.outputs));
        let widest = widths().max().unwrap_or_default();
        Workspace {
            values: widths().map(|width| Panels::zeros(BLOCK, width)).collect(),
            deltas: [(); 2].map(|()| Panels::zeros(BLOCK, widest)),
            outputs: vec![0.0; self.outputs()],
            gradients: vec![Line::default(); self.parameters.len()],
        }
    }

    /// Adds the gradients of a block of at most [`BLOCK`] rows: `row` tells the observation of one, and `output` turns
    /// what the network gives for it into the gradient of the loss by that.
    pub(super) fn add_gradients<'a>(
        &self,
        workspace: &mut Workspace,
        count: usize,
        row: impl Fn(usize) -> &'a [f32],
        mut output: impl FnMut(usize, &mut [f32]),
    ) {
        let Workspace { values, deltas: [delta, _], outputs: of_row, .. } = workspace;
        for index in 0..count {
            values[0].set_row(index, row(index));
        }
        dispatch!(self.level, simd => self.forward(simd, values, count));
        let outputs = &values[self.layers.len()];
        for index in 0..count {
            outputs.get_row(index, of_row);
            output(index, of_row);
            delta.set_row(index, of_row);
        }
        dispatch!(self.level, simd => self.backward(simd, workspace, count));
    }

    #[inline(always)]
    fn forward<S: Simd>(&self, simd: S, values: &mut [Panels], count: usize) {
        for (index, layer) in self.layers.iter().enumerate() {
            let (before, after) = values.split_at_mut(index + 1);
            let activation = (index + 1 < self.layers.len()).then_some(self.activation);
            layer.forward(simd, &self.parameters, activation, &before[index], &mut after[0], count);
        }
    }

    #[inline(always)]
    fn backward<S: Simd>(&self, simd: S, workspace: &mut Workspace, count: usize) {
        let Workspace { values, deltas: [delta, before], gradients, .. } = workspace;
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let input = &values[index];
            layer.add_gradients(simd, &mut gradients[layer.weights.clone()], input, delta, count);
            add_rows(simd, &mut gradients[layer.biases.clone()], delta, count);
            if index > 0 {
                layer.backward(simd, self.activation, input, delta, before, count);
                std::mem::swap(delta, before);
            }
        }
    }
}
