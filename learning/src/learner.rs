//! A network and the optimizer that changes it.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, OptimizerRecord};
use burn::tensor::{Bool, Bytes, Device, Int, Tensor, TensorData};
use daladala_agents::is_open;
use daladala_agents::network::{FusedMlp, Mlp, MlpWeights, values};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Added to a norm before it divides, as PyTorch does.
const NORM_EPSILON: f32 = 1e-6;

/// A network that learns on a device, by Adam (Kingma and Ba, 2015).
pub(crate) struct Learner {
    network: Mlp,
    optimizer: ModuleOptimizer,
    /// With gradients.
    device: Device,
}

/// The gradients of a loss by all parameters of a network.
pub(crate) struct Gradients {
    of_parameters: GradientsParams,
    /// The sum of the squares of all of them.
    pub(crate) squared_norm: f32,
}

/// What a [`Learner`] goes on from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LearnerState {
    weights: MlpWeights,
    /// In burn's own format.
    optimizer: Vec<u8>,
}

impl Learner {
    /// `adam_epsilon` is 1e-5 in Stable-Baselines3's policy gradients and 1e-8 in its DQN, as in PyTorch.
    pub(crate) fn new(weights: &MlpWeights, adam_epsilon: f32, device: &Device) -> Self {
        let device = device.clone().autodiff();
        Self {
            network: Mlp::new(weights, &device),
            optimizer: AdamConfig::new().with_epsilon(adam_epsilon).init(),
            device,
        }
    }

    pub(crate) fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        self.network.forward(input)
    }

    /// One gradient step down `loss`, with all gradients together no longer than `max_gradient_norm`.
    pub(crate) fn gradient_step(&mut self, loss: &Tensor<1>, max_gradient_norm: f32, learning_rate: f64) {
        let gradients = self.gradients(loss);
        let factor = clip_factor(gradients.squared_norm, max_gradient_norm);
        self.step_along(gradients, factor, learning_rate);
    }

    /// The gradients of `loss`.
    pub(crate) fn gradients(&self, loss: &Tensor<1>) -> Gradients {
        let of_parameters = GradientsParams::from_grads(loss.backward(), &self.network);
        let mut squares = Squares { gradients: &of_parameters, sum: None };
        self.network.visit(&mut squares);
        let squared_norm = squares.sum.map_or(0.0, |sum| values(sum)[0]);
        Gradients { of_parameters, squared_norm }
    }

    /// One step of the optimizer, along `gradients` times `factor`.
    pub(crate) fn step_along(&mut self, gradients: Gradients, factor: f32, learning_rate: f64) {
        let gradients = self.scaled(gradients, factor);
        self.network = self.optimizer.step(learning_rate, self.network.clone(), gradients);
    }

    fn scaled(&self, gradients: Gradients, factor: f32) -> GradientsParams {
        let mut gradients = gradients.of_parameters;
        if factor != 1.0 {
            self.network.visit(&mut Scale { gradients: &mut gradients, factor });
        }
        gradients
    }

    /// Gradients times `factor` as numbers, weight and bias of each layer in burn's layout, in turn.
    #[cfg(test)]
    pub(crate) fn gradient_values(&self, gradients: Gradients, factor: f32) -> Vec<Vec<f32>> {
        tests::all(&self.network, &self.scaled(gradients, factor))
    }

    /// A loss that has these gradients: the sum of each parameter times its own.
    #[cfg(test)]
    pub(crate) fn loss_with_gradients(&self, gradients: &[Vec<f32>]) -> Tensor<1> {
        tests::loss_with_gradients(&self.network, gradients, &self.device)
    }

    /// Rows of numbers, where the network is.
    pub(crate) fn rows(&self, numbers: Array2<f32>) -> Tensor<2> {
        let shape = [numbers.nrows(), numbers.ncols()];
        debug_assert!(numbers.is_standard_layout(), "rows that were gathered follow one another");
        let (numbers, _) = numbers.into_raw_vec_and_offset();
        Tensor::from_data(TensorData::new(numbers, shape), &self.device)
    }

    /// A column of numbers, where the network is.
    pub(crate) fn column(&self, numbers: Vec<f32>) -> Tensor<2> {
        let shape = [numbers.len(), 1];
        Tensor::from_data(TensorData::new(numbers, shape), &self.device)
    }

    /// A column of actions, where the network is.
    pub(crate) fn actions(&self, actions: Vec<i64>) -> Tensor<2, Int> {
        let shape = [actions.len(), 1];
        Tensor::from_data(TensorData::new(actions, shape), &self.device)
    }

    /// True where an action is closed, a row a mask, where the network is.
    pub(crate) fn closed(&self, masks: &[u32], actions: usize) -> Tensor<2, Bool> {
        let closed: Vec<bool> =
            masks.iter().flat_map(|&mask| (0..actions).map(move |action| !is_open(mask, action))).collect();
        Tensor::from_data(TensorData::new(closed, [masks.len(), actions]), &self.device)
    }

    pub(crate) fn weights(&self) -> MlpWeights {
        self.network.weights()
    }

    /// As it is now, to act on the CPU.
    pub(crate) fn acting(&self) -> FusedMlp {
        FusedMlp::new(&self.weights())
    }

    pub(crate) fn state(&self) -> LearnerState {
        let optimizer = self.optimizer.to_record().into_bytes().expect("tensors of known shapes can be written");
        LearnerState { weights: self.weights(), optimizer: optimizer.to_vec() }
    }

    /// Goes on from the state of a network of the same shape.
    pub(crate) fn restore(&mut self, state: LearnerState) -> Result<(), String> {
        if !state.weights.is_consistent() || state.weights.sizes() != self.weights().sizes() {
            return Err("the networks are not those of the hyperparameters".to_owned());
        }
        let record = OptimizerRecord::from_bytes(Bytes::from_bytes_vec(state.optimizer)).map_err(|e| e.to_string())?;
        self.network = Mlp::new(&state.weights, &self.device);
        self.optimizer = self.optimizer.clone().load_record(record);
        Ok(())
    }
}

/// What gradients whose squares have this sum are multiplied by, so that their norm together is at most `most`
/// (Pascanu, Mikolov and Bengio, 2013). burn's own clipping takes each tensor for itself, which turns the gradient.
pub(crate) fn clip_factor(squared_norm: f32, most: f32) -> f32 {
    // Of a norm that is no number the lesser is 1: gradients are left alone, and the weights will tell.
    (most / (squared_norm.sqrt() + NORM_EPSILON)).min(1.0)
}

struct Squares<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(parameter.id) {
            let squares = (gradient.clone() * gradient).sum();
            self.sum = Some(self.sum.take().map_or(squares.clone(), |sum| sum + squares));
        }
    }
}

struct Scale<'a> {
    gradients: &'a mut GradientsParams,
    factor: f32,
}

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(parameter.id) {
            self.gradients.register(parameter.id, gradient * self.factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use daladala_agents::network::Activation;
    use daladala_env::Generator;
    use ndarray::array;

    use super::*;

    /// Parameter by parameter.
    pub(super) fn all(network: &Mlp, gradients: &GradientsParams) -> Vec<Vec<f32>> {
        struct All<'a>(&'a GradientsParams, Vec<Vec<f32>>);
        impl ModuleVisitor for All<'_> {
            fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
                self.1.push(values(self.0.get::<D>(parameter.id).expect("every parameter has a gradient")));
            }
        }
        let mut all = All(gradients, Vec::new());
        network.visit(&mut all);
        all.1
    }

    pub(super) fn loss_with_gradients(network: &Mlp, gradients: &[Vec<f32>], device: &Device) -> Tensor<1> {
        struct Sum<'a>(std::slice::Iter<'a, Vec<f32>>, &'a Device, Option<Tensor<1>>);
        impl ModuleVisitor for Sum<'_> {
            fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
                let parameter = parameter.val();
                let gradient = self.0.next().expect("one a parameter").clone();
                let gradient = Tensor::<D>::from_data(TensorData::new(gradient, parameter.dims()), self.1);
                let product = (parameter * gradient).sum();
                self.2 = Some(self.2.take().map_or(product.clone(), |sum| sum + product));
            }
        }
        let mut sum = Sum(gradients.iter(), device, None);
        network.visit(&mut sum);
        sum.2.expect("there is a parameter")
    }

    /// Clipped tensor by tensor, the gradient would point elsewhere.
    #[test]
    fn gradients_are_shortened_together_and_keep_their_direction() {
        let weights = MlpWeights::init(&[3, 8, 2], Activation::Tanh, 1.0, &mut Generator::new(4, 0));
        let learner = Learner::new(&weights, 1e-8, &Device::flex());
        let input = learner.rows(array![[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]]);
        let gradients = || learner.gradients(&(learner.forward(input.clone()) * 30.0).powi_scalar(2).mean());
        let norm = |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>().sqrt();
        let whole = learner.gradient_values(gradients(), 1.0).concat();
        assert!((gradients().squared_norm.sqrt() / norm(&whole) - 1.0).abs() < 1e-5);
        for most in [0.5, 2.0 * norm(&whole)] {
            let factor = clip_factor(gradients().squared_norm, most);
            let clipped = learner.gradient_values(gradients(), factor).concat();
            let expected = (most / norm(&whole)).min(1.0);
            for (clipped, whole) in clipped.iter().zip(&whole) {
                assert!((clipped - whole * expected).abs() <= 1e-4 * whole.abs(), "{clipped} for {whole} · {expected}");
            }
        }
    }

    #[test]
    fn a_norm_that_is_no_number_shortens_nothing() {
        assert_eq!(clip_factor(f32::NAN, 0.5), 1.0);
        assert_eq!(clip_factor(0.0, 0.5), 1.0);
        assert_eq!(clip_factor(f32::INFINITY, 0.5), 0.0);
    }
}
