//! The forward pass on the CPU, all layers in one go: what acts, where burn learns.
//!
//! A tensor library goes through a network operation by operation. Networks as small as those here then cost more in
//! tensors that come and go than in sums. So weights are packed once for the registers of the machine (`layer`), a
//! block of rows goes through all layers before the next begins, its activations stay in the first-level cache, and
//! bias and activation are added to the sums while these are still in registers.
//!
//! Every output is one chain of multiply-adds, from the bias on through the inputs in their order, whatever rows it is
//! computed beside: **the same row gives the same bits** in any batch, at any place in it and on any thread. AVX-512
//! and AVX2 round alike and give the same bits too; SSE and plain code, which have no fused multiply-add, differ from
//! them in the last ones.
//!
//! The source is one for all instruction sets, by way of `fearless_simd`, which also picks the best that the machine
//! has: AVX-512, AVX2, SSE4.2 or SSE2 on x86, NEON on ARM, plain code elsewhere. Everything up to a tile is
//! `#[inline(always)]`, as only code that ends up inside a function made for an instruction set is compiled with it.
//!
//! burn is the oracle: `tests` hold the two together within rounding.
#![expect(clippy::inline_always, reason = "instruction sets are enabled for one function and what is inlined in it")]

mod aligned;
mod layer;
mod tanh;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::mem::swap;

use fearless_simd::{Level, Simd, dispatch};

use self::aligned::AlignedFloats;
use self::layer::{PackedLayer, Rows};
pub use self::tanh::tanh;
use super::MlpWeights;

/// Rows that go through all layers together: activations of two layers of 64 units take 12 KiB, weights 24 KiB, and the
/// smallest first-level cache in use has 32 KiB, most have 48. A multiple of the rows of the largest tiles.
const BLOCK: usize = 24;
/// Floats that are copied at once where rows close up: the widest register.
const COPIED: usize = 16;

thread_local! {
    /// Activations of the layer that is read and of the layer that is written, kept from call to call.
    static SCRATCH: RefCell<AlignedFloats> = RefCell::default();
}

/// A perceptron that is ready to compute on this machine's CPU.
#[derive(Debug)]
pub struct FusedMlp {
    level: Level,
    /// From input to output; there is at least one.
    layers: Vec<PackedLayer>,
    inputs: usize,
    outputs: usize,
    /// Floats from one row of activations to the next: the widest layer, in whole cache lines.
    stride: usize,
}

impl FusedMlp {
    /// Packs weights for the best instructions that the machine has.
    #[must_use]
    pub fn new(weights: &MlpWeights) -> Self {
        Self::at_level(Level::new(), weights)
    }

    /// Packs weights for the instructions of `level`.
    fn at_level(level: Level, weights: &MlpWeights) -> Self {
        let lanes = dispatch!(level, simd => layer::lanes(simd));
        let last = weights.layers.len() - 1;
        let pack = |(index, layer)| PackedLayer::new(layer, (index < last).then_some(weights.activation), lanes);
        let layers: Vec<_> = weights.layers.iter().enumerate().map(pack).collect();
        let widest = layers.iter().map(PackedLayer::width).max().unwrap_or_default();
        let stride = widest.next_multiple_of(COPIED);
        Self { level, layers, inputs: weights.inputs(), outputs: weights.outputs(), stride }
    }

    /// `[batch, inputs]` to `[batch, outputs]`, on this thread.
    ///
    /// # Panics
    /// If `input` and `output` do not hold the same number of whole rows.
    pub fn forward(&self, input: &[f32], output: &mut [f32]) {
        let rows = output.len() / self.outputs;
        assert_eq!((input.len(), output.len()), (rows * self.inputs, rows * self.outputs), "rows in and rows out");
        SCRATCH.with_borrow_mut(|scratch| {
            let half = BLOCK * self.stride;
            let (front, back) = scratch.at_least(2 * half).split_at_mut(half);
            dispatch!(self.level, simd => self.forward_blocks(simd, input, output, front, back));
        });
    }

    #[inline(always)]
    fn forward_blocks<'a, S: Simd>(
        &self,
        simd: S,
        input: &[f32],
        output: &mut [f32],
        mut front: &'a mut [f32],
        mut back: &'a mut [f32],
    ) {
        let blocks = input.chunks(BLOCK * self.inputs).zip(output.chunks_mut(BLOCK * self.outputs));
        for (input, output) in blocks {
            let rows = output.len() / self.outputs;
            let mut read = Rows { values: input, stride: self.inputs };
            for layer in &self.layers {
                layer.forward(simd, rows, read, front, self.stride);
                swap(&mut front, &mut back);
                read = Rows { values: back, stride: self.stride };
            }
            close_up(read, self.outputs, output);
        }
    }
}

/// Copies the first `width` floats of each row to rows without gaps. What is written past a row is written over by the
/// next.
#[inline(always)]
fn close_up(from: Rows<'_>, width: usize, to: &mut [f32]) {
    for (row, values) in from.values.chunks_exact(from.stride).take(to.len() / width).enumerate() {
        for (piece, values) in values.as_chunks::<COPIED>().0.iter().take(width.div_ceil(COPIED)).enumerate() {
            let to = &mut to[row * width + piece * COPIED..];
            if let Some(to) = to.first_chunk_mut() {
                *to = *values;
            } else {
                to.copy_from_slice(&values[..to.len()]);
            }
        }
    }
}
