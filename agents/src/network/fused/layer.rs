//! A layer, packed, and its sums in tiles of registers.
//!
//! A tile is a few rows by one or two registers of outputs. Its sums stay in registers while it goes through the
//! inputs: each input of a row is spread over a register, multiplied by the weights to the tile's outputs and added.
//! There are as many sums as it takes to keep two multipliers busy, each of which needs four cycles for a sum, and
//! each weight that is read serves all rows of the tile.

use fearless_simd::Simd;
use fearless_simd::prelude::*;

use super::super::{Activation, LayerWeights};
use super::aligned::AlignedFloats;
use super::tanh::tanh;

/// Registers of outputs that a panel has, but for the last where their number is odd.
const PANEL: usize = 2;

/// Rows of floats.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    /// Row after row.
    pub(super) values: &'a [f32],
    /// Floats from one row to the next.
    pub(super) stride: usize,
}

/// A fully connected layer, its outputs filled up to whole registers.
#[derive(Debug)]
pub(super) struct PackedLayer {
    inputs: usize,
    /// Outputs with those that fill up.
    width: usize,
    /// Panel after panel, and in each, for one input after another, the weights to the panel's outputs.
    weights: AlignedFloats,
    bias: AlignedFloats,
    activation: Option<Activation>,
}

/// Floats in a register.
#[inline(always)]
pub(super) fn lanes<S: Simd>(_: S) -> usize {
    S::f32s::LEN
}

impl PackedLayer {
    /// Packs a layer for registers of `lanes` floats.
    pub(super) fn new(layer: &LayerWeights, activation: Option<Activation>, lanes: usize) -> Self {
        let (inputs, width) = (layer.inputs(), layer.outputs().next_multiple_of(lanes));
        let mut bias = AlignedFloats::zeros(width);
        bias.get_mut().iter_mut().zip(&layer.bias).for_each(|(packed, bias)| *packed = *bias);
        let mut weights = AlignedFloats::zeros(width * inputs);
        let packed = weights.get_mut();
        for (output, row) in layer.weight.rows().into_iter().enumerate() {
            let first = output - output % (PANEL * lanes);
            let panel = (PANEL * lanes).min(width - first);
            for (input, weight) in row.iter().enumerate() {
                packed[first * inputs + input * panel + output - first] = *weight;
            }
        }
        Self { inputs, width, weights, bias, activation }
    }

    /// Outputs with those that fill up registers.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The outputs of the first `rows` rows of `input`, each row `stride` floats after the one before.
    #[inline(always)]
    pub(super) fn forward<S: Simd>(&self, simd: S, rows: usize, input: Rows<'_>, output: &mut [f32], stride: usize) {
        // Eight rows by two registers take 19 registers: AVX-512 has 32. Six rows take 15: AVX2 and SSE have 16.
        if S::f32s::LEN == 16 {
            self.forward_by::<S, 8>(simd, rows, input, output, stride);
        } else {
            self.forward_by::<S, 6>(simd, rows, input, output, stride);
        }
    }

    /// In tiles of `R` rows, and of fewer where fewer are left.
    #[inline(always)]
    fn forward_by<S: Simd, const R: usize>(
        &self,
        simd: S,
        rows: usize,
        input: Rows<'_>,
        output: &mut [f32],
        stride: usize,
    ) {
        let mut row = 0;
        while row + R <= rows {
            self.forward_rows::<S, R>(simd, input, row, output, stride);
            row += R;
        }
        if row + 4 <= rows {
            self.forward_rows::<S, 4>(simd, input, row, output, stride);
            row += 4;
        }
        if row + 2 <= rows {
            self.forward_rows::<S, 2>(simd, input, row, output, stride);
            row += 2;
        }
        if row < rows {
            self.forward_rows::<S, 1>(simd, input, row, output, stride);
        }
    }

    /// The outputs of `R` rows from `row` on, panel by panel.
    #[inline(always)]
    fn forward_rows<S: Simd, const R: usize>(
        &self,
        simd: S,
        input: Rows<'_>,
        row: usize,
        output: &mut [f32],
        stride: usize,
    ) {
        let input = Rows { values: &input.values[row * input.stride..], ..input };
        let output = &mut output[row * stride..];
        let mut first = 0;
        while first + PANEL * S::f32s::LEN <= self.width {
            self.tile::<S, R, PANEL>(simd, input, first, output, stride);
            first += PANEL * S::f32s::LEN;
        }
        if first < self.width {
            self.tile::<S, R, 1>(simd, input, first, output, stride);
        }
    }

    /// The `V` registers of outputs from `first` on, of `R` rows. A function of its own in the machine's code, so that
    /// registers are handed out tile by tile.
    #[inline(always)]
    fn tile<S: Simd, const R: usize, const V: usize>(
        &self,
        simd: S,
        input: Rows<'_>,
        first: usize,
        output: &mut [f32],
        stride: usize,
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                let sums = self.sums::<S, R, V>(simd, input, first);
                for (row, sums) in sums.into_iter().enumerate() {
                    let start = row * stride + first;
                    let output = output[start..start + V * S::f32s::LEN].chunks_exact_mut(S::f32s::LEN);
                    for (sum, output) in sums.into_iter().zip(output) {
                        self.activate(simd, sum).store_slice(output);
                    }
                }
            },
        );
    }

    #[inline(always)]
    fn activate<S: Simd>(&self, simd: S, sum: S::f32s) -> S::f32s {
        match self.activation {
            None => sum,
            // Unlike `max`, it lets NaN through.
            Some(Activation::Relu) => sum.clamp(0.0, f32::INFINITY),
            Some(Activation::Tanh) => tanh(simd, sum),
        }
    }

    /// Bias and inputs times weights, of `V` registers of outputs of `R` rows.
    #[inline(always)]
    fn sums<S: Simd, const R: usize, const V: usize>(
        &self,
        simd: S,
        input: Rows<'_>,
        first: usize,
    ) -> [[S::f32s; V]; R] {
        let lanes = S::f32s::LEN;
        let mut sums = [[S::f32s::splat(simd, 0.0); V]; R];
        for (register, bias) in self.bias.get()[first..first + V * lanes].chunks_exact(lanes).enumerate() {
            let bias = S::f32s::from_slice(simd, bias);
            for sums in &mut sums {
                sums[register] = bias;
            }
        }
        let mut rows = [input.values; R];
        for (index, row) in rows.iter_mut().enumerate() {
            *row = &input.values[index * input.stride..][..self.inputs];
        }
        let panel = &self.weights.get()[first * self.inputs..][..V * lanes * self.inputs];
        for (index, panel) in panel.chunks_exact(V * lanes).enumerate() {
            let mut weights = [S::f32s::splat(simd, 0.0); V];
            for (weights, panel) in weights.iter_mut().zip(panel.chunks_exact(lanes)) {
                *weights = S::f32s::from_slice(simd, panel);
            }
            for (sums, row) in sums.iter_mut().zip(&rows) {
                let value = S::f32s::splat(simd, row[index]);
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = value.mul_add(weights, *sum);
                }
            }
        }
        sums
    }
}
