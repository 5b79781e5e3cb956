//! What networks learn from: losses, each told twice.
//!
//! Row by row, with the gradient by the network's outputs worked out by hand, is what the fused learner goes by. On burn's
//! tensors, whose autodiff finds the gradient itself, is what other devices go by, and what the first is held to. The two
//! stand side by side in one file a loss.

mod action_value;
mod actor;
mod value;

use burn::tensor::{Device, Tensor, TensorData};

pub(crate) use action_value::ActionValueLoss;
#[cfg(test)]
pub(crate) use action_value::dueling;
pub(crate) use actor::{ActorFigures, ActorLoss, Objective, RowsOfActor};
pub(crate) use value::ValueLoss;

/// The most figures that a loss tells.
const FIGURES: usize = 4;

/// What is told of a loss, in an order of its own: of a row, or means over rows.
pub(crate) type Figures = [f64; FIGURES];

/// A loss that is the mean over rows.
pub(crate) trait Loss: Sync {
    /// Puts the gradient of the loss of `row` in the place of the `outputs` that the network gave for it.
    fn row(&self, row: usize, outputs: &mut [f32]) -> Figures;

    /// The loss of `rows`, whose `outputs` are `[rows, outputs]`, and its figures.
    fn tensors(&self, rows: &[usize], outputs: Tensor<2>) -> TensorLoss;
}

/// A loss on burn's tensors.
pub(crate) struct TensorLoss {
    /// `[1]`, to go backward from.
    pub(crate) loss: Tensor<1>,
    /// `[1]` each, without gradients.
    pub(crate) figures: Vec<Tensor<1>>,
}

/// A column of numbers.
fn column(numbers: Vec<f32>, device: &Device) -> Tensor<2> {
    let shape = [numbers.len(), 1];
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

/// Those of some rows.
fn of_rows<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|&row| values[row]).collect()
}
