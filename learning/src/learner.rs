//! A network and the optimizer that changes it.

use burn::grad_clipping::GradientClippingConfig;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, OptimizerRecord};
use burn::tensor::{Bytes, Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use daladala_agents::network::{FusedMlp, Mlp, MlpWeights};

/// A network that learns on a device, by Adam (Kingma and Ba, 2015).
pub(crate) struct Learner {
    network: Mlp,
    optimizer: ModuleOptimizer,
    /// With gradients.
    device: Device,
}

/// What a [`Learner`] goes on from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LearnerState {
    weights: MlpWeights,
    /// In burn's own format.
    optimizer: Vec<u8>,
}

impl Learner {
    /// `max_gradient_norm` is that of the gradient of one tensor.
    pub(crate) fn new(weights: &MlpWeights, max_gradient_norm: f32, device: &Device) -> Self {
        let device = device.clone().autodiff();
        let clipping = GradientClippingConfig::Norm(max_gradient_norm);
        Self {
            network: Mlp::new(weights, &device),
            optimizer: AdamConfig::new().with_grad_clipping(Some(clipping)).init(),
            device,
        }
    }

    pub(crate) fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        self.network.forward(input)
    }

    /// One gradient step down `loss`.
    pub(crate) fn step(&mut self, loss: &Tensor<1>, learning_rate: f64) {
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        self.network = self.optimizer.step(learning_rate, self.network.clone(), gradients);
    }

    /// Rows of numbers, where the network is.
    pub(crate) fn rows(&self, numbers: Vec<f32>, size: usize) -> Tensor<2> {
        let shape = [numbers.len() / size, size];
        Tensor::from_data(TensorData::new(numbers, shape), &self.device)
    }

    /// A column of actions, where the network is.
    pub(crate) fn actions(&self, actions: Vec<i64>) -> Tensor<2, Int> {
        let shape = [actions.len(), 1];
        Tensor::from_data(TensorData::new(actions, shape), &self.device)
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
        if !state.weights.holds_together() || state.weights.sizes() != self.weights().sizes() {
            return Err("the networks are not those of the hyperparameters".to_owned());
        }
        let record = OptimizerRecord::from_bytes(Bytes::from_bytes_vec(state.optimizer)).map_err(|e| e.to_string())?;
        self.network = Mlp::new(&state.weights, &self.device);
        self.optimizer = self.optimizer.clone().load_record(record);
        Ok(())
    }
}
