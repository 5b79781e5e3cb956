//! Gradients by burn's autodiff, on any of its devices.

mod record;

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor, TensorData};
use daladala_agents::network::{Mlp, MlpWeights, values};
use ndarray::{ArrayView2, Axis};

use super::{LearnerState, fits};
use crate::loss::{Figures, Loss, TensorLoss};

pub(crate) struct AutodiffLearner {
    network: Mlp,
    optimizer: ModuleOptimizer,
    /// With gradients.
    device: Device,
    found: Option<Gradients>,
}

/// The gradients of a loss by all parameters of a network.
struct Gradients {
    of_parameters: GradientsParams,
    /// The sum of the squares of all of them.
    squared_norm: f32,
}

impl AutodiffLearner {
    pub(super) fn new(weights: &MlpWeights, adam_epsilon: f32, device: &Device) -> Self {
        let device = device.clone().autodiff();
        Self {
            network: Mlp::new(weights, &device),
            optimizer: AdamConfig::new().with_epsilon(adam_epsilon).init(),
            device,
            found: None,
        }
    }

    pub(super) fn find_gradients(
        &mut self,
        observations: ArrayView2<f32>,
        rows: &[usize],
        loss: &impl Loss,
    ) -> Figures {
        let shape = [rows.len(), observations.ncols()];
        let (numbers, _) = observations.select(Axis(0), rows).into_raw_vec_and_offset();
        let input = Tensor::from_data(TensorData::new(numbers, shape), &self.device);
        let TensorLoss { loss, figures } = loss.tensors(rows, self.network.forward(input));
        let of_parameters = GradientsParams::from_grads(loss.backward(), &self.network);
        let mut squares = Squares { gradients: &of_parameters, sum: None };
        self.network.visit(&mut squares);
        let squared_norm = squares.sum.map_or(0.0, |sum| values(sum)[0]);
        self.found = Some(Gradients { of_parameters, squared_norm });
        let mut told = Figures::default();
        for (told, figure) in told.iter_mut().zip(figures) {
            *told = f64::from(values(figure)[0]);
        }
        told
    }

    pub(super) fn squared_norm(&self) -> f32 {
        self.found.as_ref().map_or(0.0, |found| found.squared_norm)
    }

    /// Without gradients nothing moves.
    pub(super) fn step(&mut self, factor: f32, learning_rate: f64) {
        let Some(Gradients { of_parameters: mut gradients, .. }) = self.found.take() else { return };
        if factor != 1.0 {
            self.network.visit(&mut Scale { gradients: &mut gradients, factor });
        }
        self.network = self.optimizer.step(learning_rate, self.network.clone(), gradients);
    }

    pub(super) fn weights(&self) -> MlpWeights {
        self.network.weights()
    }

    #[cfg(test)]
    pub(super) fn gradients(&self) -> MlpWeights {
        struct All<'a>(&'a GradientsParams, Vec<Vec<f32>>);
        impl ModuleVisitor for All<'_> {
            fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
                self.1.push(values(self.0.get::<D>(parameter.id).expect("every parameter has a gradient")));
            }
        }
        let mut all = All(&self.found.as_ref().expect("gradients were found").of_parameters, Vec::new());
        self.network.visit(&mut all);
        let mut gradients = self.weights();
        for (layer, found) in gradients.layers.iter_mut().zip(all.1.chunks_exact(2)) {
            // burn keeps a column an output.
            let outputs = layer.outputs();
            for ((output, input), gradient) in layer.weight.indexed_iter_mut() {
                *gradient = found[0][input * outputs + output];
            }
            layer.bias = found[1].clone().into();
        }
        gradients
    }

    pub(super) fn state(&self) -> LearnerState {
        let optimizer = self.optimizer.to_record().into_bytes().expect("tensors of known shapes can be written");
        LearnerState::Autodiff { weights: self.weights(), optimizer: optimizer.to_vec() }
    }

    pub(super) fn restore(&mut self, weights: &MlpWeights, optimizer: Vec<u8>) -> Result<(), String> {
        if !fits(weights, &self.weights()) {
            return Err("the networks are not those of the hyperparameters".to_owned());
        }
        let record = record::read(optimizer, weights)?;
        self.network = Mlp::new(weights, &self.device);
        self.optimizer = self.optimizer.clone().load_record(record);
        Ok(())
    }
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
