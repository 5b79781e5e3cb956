//! Perceptrons on any of burn's devices, which learn there and act on GPUs.

use burn::module::{Module, Param, ParamId};
use burn::nn::Linear;
use burn::tensor::activation::{relu, tanh};
use burn::tensor::{Device, Tensor, TensorData};
use ndarray::Array2;

use super::{Activation, LayerWeights, MlpWeights};

/// A perceptron on a device.
#[derive(Module, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
    #[module(skip)]
    activation: Activation,
}

impl Mlp {
    /// Puts weights on a device; on an autodiff device they can be trained.
    #[must_use]
    pub fn new(weights: &MlpWeights, device: &Device) -> Self {
        let layers = weights.layers.iter().enumerate().map(|(index, layer)| linear(layer, index, device)).collect();
        Self { layers, activation: weights.activation }
    }

    /// `[batch, inputs]` to `[batch, outputs]`.
    #[must_use]
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let last = self.layers.len() - 1;
        self.layers.iter().enumerate().fold(input, |x, (index, layer)| {
            let x = layer.forward(x);
            match self.activation {
                _ if index == last => x,
                Activation::Relu => relu(x),
                Activation::Tanh => tanh(x),
            }
        })
    }

    /// Reads the weights back from the device.
    #[must_use]
    pub fn weights(&self) -> MlpWeights {
        let layers = self.layers.iter().map(|layer| {
            let [inputs, outputs] = layer.weight.dims();
            let weight = array(values(layer.weight.val()), inputs, outputs).reversed_axes();
            let bias = layer.bias.as_ref().map_or_else(|| vec![0.0; outputs], |bias| values(bias.val()));
            LayerWeights { weight: weight.as_standard_layout().into_owned(), bias: bias.into() }
        });
        MlpWeights { layers: layers.collect(), activation: self.activation }
    }
}

/// burn keeps `[inputs, outputs]`, PyTorch and the weights files `[outputs, inputs]`. The parameters are known by their
/// places, so that what an optimizer remembers of them can be found again.
fn linear(layer: &LayerWeights, index: usize, device: &Device) -> Linear {
    let weight = layer.weight.t().iter().copied().collect();
    let weight = TensorData::new::<f32, _>(weight, [layer.inputs(), layer.outputs()]);
    let bias = TensorData::new(layer.bias.to_vec(), [layer.outputs()]);
    let (mut weight, mut bias) = (Param::from_data(weight, device), Param::from_data(bias, device));
    (weight.id, bias.id) = (ParamId::from(2 * index as u64), ParamId::from(2 * index as u64 + 1));
    Linear { weight, bias: Some(bias) }
}

/// The numbers of a tensor of this shape.
fn array(values: Vec<f32>, rows: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_vec((rows, columns), values).expect("a tensor has as many numbers as its shape says")
}

/// The numbers of a float tensor, row by row.
///
/// # Panics
/// If its numbers are no `f32`.
#[must_use]
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("every float tensor here is f32")
}

#[cfg(test)]
mod tests {
    use daladala_env::Generator;

    use super::*;

    /// The forward pass in plain loops, the oracle of the one on burn.
    fn by_hand(weights: &MlpWeights, input: &[f32]) -> Vec<f32> {
        let mut x = input.to_vec();
        for (index, layer) in weights.layers.iter().enumerate() {
            let rows = layer.weight.rows().into_iter().zip(&layer.bias);
            let mut y: Vec<f32> =
                rows.map(|(row, bias)| row.iter().zip(&x).map(|(w, x)| w * x).sum::<f32>() + bias).collect();
            if index + 1 < weights.layers.len() {
                for value in &mut y {
                    *value = match weights.activation {
                        Activation::Relu => value.max(0.0),
                        Activation::Tanh => value.tanh(),
                    };
                }
            }
            x = y;
        }
        x
    }

    #[test]
    fn the_forward_pass_equals_plain_loops_and_weights_come_back() {
        let device = Device::flex();
        for activation in [Activation::Relu, Activation::Tanh] {
            let mut generator = Generator::new(1, 0);
            let weights = MlpWeights::init(&[14, 32, 16, 5], activation, 1.0, &mut generator);
            let mlp = Mlp::new(&weights, &device);
            assert_eq!(mlp.weights(), weights);
            let input: Vec<f32> = (0..14).map(|_| generator.uniform() * 2.0 - 1.0).collect();
            let output = values(mlp.forward(Tensor::from_data(TensorData::new(input.clone(), [1, 14]), &device)));
            for (burn, expected) in output.iter().zip(by_hand(&weights, &input)) {
                assert!((burn - expected).abs() < 1e-5, "{burn} for {expected}");
            }
        }
    }
}
