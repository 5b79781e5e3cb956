//! The three products of a layer: what it gives, the gradients of its weights, and those of what it was given.

use std::ops::Range;

use daladala_agents::network::{Activation, tanh};
use fearless_simd::Simd;
use fearless_simd::prelude::*;

use super::network::BLOCK;
use super::panels::{Line, Panels, WIDTH, lines};
use super::tile::{add_columns_times, add_rows_times, columns, load, store};

/// A layer of a network that learns.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Where its weights are among the parameters.
    pub(super) weights: Range<usize>,
    /// Where its biases are.
    pub(super) biases: Range<usize>,
    /// Its weights, a line for each output.
    pub(super) transposed: Panels,
}

impl Layer {
    /// Lines of a panel of its weights.
    pub(super) fn rows(&self) -> usize {
        lines(self.inputs) * WIDTH
    }

    /// What the layer gives for `count` rows.
    #[inline(always)]
    pub(super) fn forward<S: Simd>(
        &self,
        simd: S,
        parameters: &[Line],
        activation: Option<Activation>,
        input: &Panels,
        output: &mut Panels,
        count: usize,
    ) {
        product(
            simd,
            &input.lines[..lines(self.inputs) * BLOCK],
            count,
            (&parameters[self.weights.clone()], self.rows()),
            &parameters[self.biases.clone()],
            &mut output.lines,
            #[inline(always)]
            |simd, sum, _| match activation {
                None => sum,
                // Unlike `max`, it lets NaN through.
                Some(Activation::Relu) => sum.clamp(0.0, f32::INFINITY),
                Some(Activation::Tanh) => tanh(simd, sum),
            },
        );
    }

    /// The gradients of what the layer before gave, `before`, from those of what this one gives.
    #[inline(always)]
    pub(super) fn backward<S: Simd>(
        &self,
        simd: S,
        activation: Activation,
        input: &Panels,
        delta: &Panels,
        before: &mut Panels,
        count: usize,
    ) {
        let before = &mut before.lines[..lines(self.inputs) * BLOCK];
        // `finish` sees what the layer before gave: it is there already when the sums come.
        before.copy_from_slice(&input.lines[..lines(self.inputs) * BLOCK]);
        let delta = &delta.lines[..lines(self.outputs) * BLOCK];
        product(
            simd,
            delta,
            count,
            (&self.transposed.lines, self.transposed.rows),
            &[],
            before,
            #[inline(always)]
            |simd, sum, value| match activation {
                Activation::Relu => value.simd_gt(0.0).select(sum, S::f32s::splat(simd, 0.0)),
                Activation::Tanh => sum * (S::f32s::splat(simd, 1.0) - value * value),
            },
        );
    }

    /// Adds the gradients of the layer's weights.
    #[inline(always)]
    pub(super) fn add_gradients<S: Simd>(
        &self,
        simd: S,
        gradients: &mut [Line],
        input: &Panels,
        delta: &Panels,
        count: usize,
    ) {
        match S::f32s::LEN {
            16 => self.add_gradients_by::<S, 8, 2, 1>(simd, gradients, input, delta, count),
            // Tiles have to end where panels do, so no six rows.
            8 => self.add_gradients_by::<S, 4, 2, 2>(simd, gradients, input, delta, count),
            _ => self.add_gradients_by::<S, 2, 4, 4>(simd, gradients, input, delta, count),
        }
    }

    /// In tiles of `R` inputs by `V` registers of outputs, of `W` where fewer are left.
    #[inline(always)]
    fn add_gradients_by<S: Simd, const R: usize, const V: usize, const W: usize>(
        &self,
        simd: S,
        gradients: &mut [Line],
        input: &Panels,
        delta: &Panels,
        count: usize,
    ) {
        let panels = lines(self.outputs);
        let wide = V * S::f32s::LEN / WIDTH;
        let mut first = 0;
        while first < panels {
            let gradients = &mut gradients[first * self.rows()..];
            let delta = &delta.lines[first * BLOCK..];
            for (inputs, input) in input.lines.chunks_exact(BLOCK).take(lines(self.inputs)).enumerate() {
                for tile in 0..WIDTH / R {
                    let place = inputs * WIDTH + tile * R;
                    if first + wide <= panels {
                        gradient_tile::<S, R, V>(simd, gradients, (place, self.rows()), &input[..count], delta);
                    } else {
                        gradient_tile::<S, R, W>(simd, gradients, (place, self.rows()), &input[..count], delta);
                    }
                }
            }
            first += if first + wide <= panels { wide } else { 1 };
        }
    }
}

/// `count` rows of `matrix` times `other` (panels, and lines of each), from `biases` on where there are any. `finish` is
/// told each sum and what was in its place.
#[inline(always)]
fn product<S: Simd>(
    simd: S,
    matrix: &[Line],
    count: usize,
    other: (&[Line], usize),
    biases: &[Line],
    to: &mut [Line],
    finish: impl Fn(S, S::f32s, S::f32s) -> S::f32s + Copy,
) {
    match S::f32s::LEN {
        // Eight rows by two registers take 19: AVX-512 has 32. Six rows take 15: AVX2 has 16.
        16 => product_by::<S, 8, 2, 1>(simd, matrix, count, other, biases, to, finish),
        8 => product_by::<S, 6, 2, 2>(simd, matrix, count, other, biases, to, finish),
        _ => product_by::<S, 2, 4, 4>(simd, matrix, count, other, biases, to, finish),
    }
}

/// In tiles of `R` rows by `V` registers, of `W` where fewer are left.
#[inline(always)]
fn product_by<S: Simd, const R: usize, const V: usize, const W: usize>(
    simd: S,
    matrix: &[Line],
    count: usize,
    (other, depth): (&[Line], usize),
    biases: &[Line],
    to: &mut [Line],
    finish: impl Fn(S, S::f32s, S::f32s) -> S::f32s + Copy,
) {
    let panels = to.len() / BLOCK;
    let wide = V * S::f32s::LEN / WIDTH;
    let mut first = 0;
    while first < panels {
        let (other, biases) = (&other[first * depth..], biases.get(first..).unwrap_or_default());
        let to = &mut to[first * BLOCK..];
        for row in (0..count).step_by(R) {
            if first + wide <= panels {
                product_tile::<S, R, V>(simd, matrix, row, (other, depth), biases, to, finish);
            } else {
                product_tile::<S, R, W>(simd, matrix, row, (other, depth), biases, to, finish);
            }
        }
        first += if first + wide <= panels { wide } else { 1 };
    }
}

/// A function of its own in the machine's code, so that registers are handed out tile by tile.
#[inline(always)]
fn product_tile<S: Simd, const R: usize, const V: usize>(
    simd: S,
    matrix: &[Line],
    row: usize,
    (other, depth): (&[Line], usize),
    biases: &[Line],
    to: &mut [Line],
    finish: impl Fn(S, S::f32s, S::f32s) -> S::f32s,
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let mut sums = [[S::f32s::splat(simd, 0.0); V]; R];
            if !biases.is_empty() {
                for register in 0..V {
                    let bias = load(simd, &biases[register * S::f32s::LEN / WIDTH], register);
                    for sums in &mut sums {
                        sums[register] = bias;
                    }
                }
            }
            add_rows_times::<S, R, V>(simd, &mut sums, (matrix, BLOCK), row, columns::<S, V>(other, depth));
            for (index, sums) in sums.into_iter().enumerate() {
                for (register, sum) in sums.into_iter().enumerate() {
                    let to = &mut to[register * S::f32s::LEN / WIDTH * BLOCK + row + index];
                    let there = load(simd, to, register);
                    store::<S>(finish(simd, sum, there), to, register);
                }
            }
        },
    );
}

/// Adds the gradients of `R` lines of weights, from the line `place` of panels of `rows` lines on.
#[inline(always)]
fn gradient_tile<S: Simd, const R: usize, const V: usize>(
    simd: S,
    gradients: &mut [Line],
    (place, rows): (usize, usize),
    input: &[Line],
    delta: &[Line],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let at = |register: usize, index: usize| register * S::f32s::LEN / WIDTH * rows + place + index;
            let mut sums = [[S::f32s::splat(simd, 0.0); V]; R];
            for (index, sums) in sums.iter_mut().enumerate() {
                for (register, sum) in sums.iter_mut().enumerate() {
                    *sum = load(simd, &gradients[at(register, index)], register);
                }
            }
            let mut delta = columns::<S, V>(delta, BLOCK);
            for delta in &mut delta {
                *delta = &delta[..input.len()];
            }
            add_columns_times::<S, R, V>(simd, &mut sums, input, place % WIDTH, delta);
            for (index, sums) in sums.into_iter().enumerate() {
                for (register, sum) in sums.into_iter().enumerate() {
                    store::<S>(sum, &mut gradients[at(register, index)], register);
                }
            }
        },
    );
}

/// Adds all rows of a matrix.
#[inline(always)]
pub(super) fn add_rows<S: Simd>(simd: S, to: &mut [Line], matrix: &Panels, count: usize) {
    simd.vectorize(
        #[inline(always)]
        || {
            for (Line(sums), rows) in to.iter_mut().zip(matrix.lines.chunks_exact(BLOCK)) {
                for Line(row) in &rows[..count] {
                    for (sum, value) in sums.iter_mut().zip(row) {
                        *sum += value;
                    }
                }
            }
        },
    );
}
