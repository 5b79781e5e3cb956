//! The loss of a network of action values: how far those of the actions that were taken are from their targets.

use burn::nn::loss::{HuberLossConfig, Reduction};
use burn::tensor::{Int, Tensor, TensorData};

use super::{Figures, Loss, TensorLoss, column, of_rows};

/// Huber's loss, squared within 1; its mean is the figure that is told.
pub(crate) struct ActionValueLoss<'a> {
    pub(crate) actions: &'a [i64],
    /// What the values of these should be.
    pub(crate) targets: &'a [f32],
    /// The first output is the value of the state, and what follows are the advantages of the actions (Wang et al., 2016).
    pub(crate) is_dueling: bool,
}

impl Loss for ActionValueLoss<'_> {
    fn row(&self, row: usize, outputs: &mut [f32]) -> Figures {
        let action = self.actions[row] as usize;
        let slope = |value: f32| (value - self.targets[row]).clamp(-1.0, 1.0);
        let value = match outputs {
            [state, advantages @ ..] if self.is_dueling => {
                let mean = advantages.iter().sum::<f32>() / advantages.len() as f32;
                *state + advantages[action] - mean
            }
            _ => outputs[action],
        };
        let (error, slope) = (value - self.targets[row], slope(value));
        match outputs {
            [state, advantages @ ..] if self.is_dueling => {
                *state = slope;
                advantages.fill(-slope / advantages.len() as f32);
                advantages[action] += slope;
            }
            _ => {
                outputs.fill(0.0);
                outputs[action] = slope;
            }
        }
        let loss = if error.abs() <= 1.0 { 0.5 * error * error } else { error.abs() - 0.5 };
        [f64::from(loss), 0.0, 0.0, 0.0]
    }

    fn tensors(&self, rows: &[usize], outputs: Tensor<2>) -> TensorLoss {
        let device = outputs.device();
        let actions = TensorData::new(of_rows(self.actions, rows), [rows.len(), 1]);
        let action_values = if self.is_dueling { dueling(outputs) } else { outputs };
        let expected = action_values.gather(1, Tensor::<2, Int>::from_data(actions, &device));
        let targets = column(of_rows(self.targets, rows), &device);
        let loss = HuberLossConfig::new(1.0).init().forward(expected, targets, Reduction::Mean);
        TensorLoss { figures: vec![loss.clone().inner()], loss }
    }
}

/// Action values of the outputs of a dueling network: the value of the state, and by how much each action is better
/// than the average (Wang et al., 2016, equation 9).
pub(crate) fn dueling(outputs: Tensor<2>) -> Tensor<2> {
    let actions = outputs.dims()[1] - 1;
    let value = outputs.clone().narrow(1, 0, 1);
    let advantages = outputs.narrow(1, 1, actions);
    value + advantages.clone() - advantages.mean_dim(1)
}
