//! Sums of products in tiles of registers: the three products of matrices that learning takes.
//!
//! A tile is `R` rows by `V` registers of columns. Its sums stay in registers while it goes through what they are taken
//! over; each number of a row is spread over a register and multiplied with the `V` registers of the other matrix. Every
//! sum is one chain of multiply-adds in a fixed order, so AVX-512 and AVX2 give the same bits.

use fearless_simd::Simd;
use fearless_simd::prelude::*;

use super::panels::{Line, WIDTH};

/// The sums of a tile.
pub(super) type Sums<V, const R: usize, const N: usize> = [[V; N]; R];

/// The panels that the registers of a tile lie in, one for each register, each from its first line on.
#[inline(always)]
pub(super) fn columns<S: Simd, const V: usize>(lines: &[Line], rows: usize) -> [&[Line]; V] {
    let mut columns = [lines; V];
    for (register, columns) in columns.iter_mut().enumerate() {
        *columns = &lines[register * S::f32s::LEN / WIDTH * rows..][..rows];
    }
    columns
}

/// A register of a line.
#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, Line(line): &Line, register: usize) -> S::f32s {
    S::f32s::from_slice(simd, &line[register * S::f32s::LEN % WIDTH..][..S::f32s::LEN])
}

/// Writes a register of a line.
#[inline(always)]
pub(super) fn store<S: Simd>(value: S::f32s, Line(line): &mut Line, register: usize) {
    value.store_slice(&mut line[register * S::f32s::LEN % WIDTH..][..S::f32s::LEN]);
}

/// Adds the product of `R` rows from `row` on of a matrix (in panels of `rows` lines) and the `columns` of another, which
/// has a line for each column of the first.
#[inline(always)]
pub(super) fn add_rows_times<S: Simd, const R: usize, const V: usize>(
    simd: S,
    sums: &mut Sums<S::f32s, R, V>,
    (matrix, rows): (&[Line], usize),
    row: usize,
    columns: [&[Line]; V],
) {
    for (panel, matrix) in matrix.chunks_exact(rows).enumerate() {
        let tile: &[Line; R] = matrix[row..].first_chunk().expect("tiles end where blocks do");
        let others: [&[Line; WIDTH]; V] =
            columns.map(|lines| lines[panel * WIDTH..].first_chunk().expect("weights have whole panels of rows"));
        for index in 0..WIDTH {
            let mut other = [S::f32s::splat(simd, 0.0); V];
            for (register, other) in other.iter_mut().enumerate() {
                *other = load(simd, &others[register][index], register);
            }
            for (sums, Line(line)) in sums.iter_mut().zip(tile) {
                let value = S::f32s::splat(simd, line[index]);
                for (sum, other) in sums.iter_mut().zip(other) {
                    *sum = value.mul_add(other, *sum);
                }
            }
        }
    }
}

/// Adds the product of `R` columns of a matrix, those from `first` of a panel on, and the `columns` of another: sums over
/// all lines that both have.
#[inline(always)]
pub(super) fn add_columns_times<S: Simd, const R: usize, const V: usize>(
    simd: S,
    sums: &mut Sums<S::f32s, R, V>,
    panel: &[Line],
    first: usize,
    columns: [&[Line]; V],
) {
    for (row, Line(line)) in panel.iter().enumerate() {
        let mut other = [S::f32s::splat(simd, 0.0); V];
        for (register, other) in other.iter_mut().enumerate() {
            *other = load(simd, &columns[register][row], register);
        }
        let tile: &[f32; R] = line[first..].first_chunk().expect("tiles end where panels do");
        for (sums, value) in sums.iter_mut().zip(tile) {
            let value = S::f32s::splat(simd, *value);
            for (sum, other) in sums.iter_mut().zip(other) {
                *sum = value.mul_add(other, *sum);
            }
        }
    }
}
