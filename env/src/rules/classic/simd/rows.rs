//! From features in lanes to observations in rows.
//!
//! The kernel has each of the 14 features as 64 bytes, one an environment; callers want 14 floats an environment,
//! one environment after another. Bytes are turned before they become floats, as a register holds four times as
//! many of them. Four rounds of interleaving bring the 16 bytes of each environment (two are padding) together:
//!
//! ```text
//! features, 16 × 64 bytes        after 1 round     after 4 rounds, 16 × 64 bytes
//! 0:  a0 b0 c0 d0 …              a0 a8 b0 b8 …     a0 a1 a2 … a15 b0 b1 b2 … b15 c0 … d15
//! 1:  a1 b1 c1 d1 …              …                 e0 e1 e2 …
//! …   a, b, c…: environments     each round zips   …
//! 15: a15 b15 c15 d15 …          k with k + 8      (four environments a register)
//! ```
//!
//! Closing the gaps of the padding makes it one stream of 64 · 14 bytes, in the order in which the floats are
//! wanted; all that is left is a loop over them with a repeating pattern of scales.

use fearless_simd::Simd;
use fearless_simd::prelude::*;

use super::super::observation::{FEATURES, SCALES};
use crate::rules::lanes::{LANES, PADDED, interleave};

/// Floats of a row.
pub(super) const ROW: usize = FEATURES.len();
/// Floats of the rows of a block.
pub(super) const ROWS: usize = LANES * ROW;

/// Where the bytes of four rows lie in a register of 64 with padding: where one instruction can move all of them,
/// that is faster than writing row by row.
const CLOSED: [u8; LANES] = {
    let mut closed = [0; LANES];
    let mut i = 0;
    while i < LANES / PADDED * ROW {
        closed[i] = (i / ROW * PADDED + i % ROW) as u8;
        i += 1;
    }
    closed
};
/// Rows after which the scales stand again at the beginning of a 64-byte register of floats.
const PATTERN_ROWS: usize = 8;

const PATTERN: [f32; PATTERN_ROWS * ROW] = {
    let mut pattern = [0.0; PATTERN_ROWS * ROW];
    let mut i = 0;
    while i < pattern.len() {
        pattern[i] = SCALES[i % ROW];
        i += 1;
    }
    pattern
};

/// The raw features of a block, row after row.
#[repr(align(64))]
pub(super) struct RawRows([u8; ROWS + LANES]);

impl RawRows {
    /// Room for them.
    pub(super) const EMPTY: Self = Self([0; ROWS + LANES]);

    /// Turns features in the lanes from `at` on into rows.
    #[inline(always)]
    pub(super) fn fill<S: Simd>(&mut self, simd: S, features: [S::u8s; ROW], at: usize) {
        let mut lanes = [S::u8s::splat(simd, 0); PADDED];
        lanes[..ROW].copy_from_slice(&features);
        let lanes = interleave(lanes);
        let mut start = at * ROW;
        for lanes in lanes {
            self.close_gaps(simd, lanes, start);
            start += S::u8s::LEN / PADDED * ROW;
        }
    }

    /// Writes the padded rows in `lanes` one after another. What is written past them is written over by the next.
    #[inline(always)]
    fn close_gaps<S: Simd>(&mut self, simd: S, lanes: S::u8s, start: usize) {
        if S::u8s::LEN == CLOSED.len() {
            let closed = lanes.swizzle_dyn(S::u8s::from_slice(simd, &CLOSED));
            closed.store_slice(&mut self.0[start..start + CLOSED.len()]);
        } else {
            for (row, padded) in lanes.as_slice().as_chunks::<PADDED>().0.iter().enumerate() {
                self.0[start + row * ROW..][..PADDED].copy_from_slice(padded);
            }
        }
    }

    /// Writes the observations of all 64 environments.
    #[inline(always)]
    pub(super) fn write(&self, out: &mut [f32; ROWS]) {
        for (out, raw) in out.as_chunks_mut::<{ PATTERN.len() }>().0.iter_mut().zip(self.0.as_chunks().0) {
            let raw: &[u8; PATTERN.len()] = raw;
            for ((entry, &raw), scale) in out.iter_mut().zip(raw).zip(PATTERN) {
                *entry = f32::from(raw) * scale - 1.0;
            }
        }
    }

    /// Writes the observation of one environment.
    #[inline(always)]
    pub(super) fn write_row(&self, lane: usize, out: &mut [f32]) {
        let mut row = [0.0; PADDED];
        for ((entry, &raw), scale) in row.iter_mut().zip(&self.0[lane * ROW..][..PADDED]).zip(PATTERN) {
            *entry = f32::from(raw) * scale - 1.0;
        }
        out.copy_from_slice(&row[..ROW]);
    }
}
