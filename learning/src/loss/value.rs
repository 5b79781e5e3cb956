//! The loss of a critic: the squared error of its values.

use burn::tensor::Tensor;

use super::{Figures, Loss, TensorLoss, column, of_rows};

/// The squared error of values, whose mean is the figure that is told.
pub(crate) struct ValueLoss<'a> {
    /// What the values should be.
    pub(crate) returns: &'a [f32],
    /// What they were when the rows were gathered, and how far they may move from that, where it is limited.
    pub(crate) near: Option<(&'a [f32], f32)>,
}

impl Loss for ValueLoss<'_> {
    fn row(&self, row: usize, outputs: &mut [f32]) -> Figures {
        let value = outputs[0];
        let (value, slope) = match self.near {
            None => (value, 1.0),
            Some((old, range)) => {
                let moved = value - old[row];
                (old[row] + moved.clamp(-range, range), if moved.abs() <= range { 1.0 } else { 0.0 })
            }
        };
        let error = value - self.returns[row];
        outputs[0] = 2.0 * error * slope;
        [f64::from(error * error), 0.0, 0.0, 0.0]
    }

    fn tensors(&self, rows: &[usize], outputs: Tensor<2>) -> TensorLoss {
        let device = outputs.device();
        let mut values = outputs;
        if let Some((old, range)) = self.near {
            let old = column(of_rows(old, rows), &device);
            values = old.clone() + (values - old).clamp(-range, range);
        }
        let error = values - column(of_rows(self.returns, rows), &device);
        let loss = (error.clone() * error).mean();
        TensorLoss { figures: vec![loss.clone().inner()], loss }
    }
}
