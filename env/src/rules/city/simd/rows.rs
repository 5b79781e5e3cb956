//! From features in lanes to observations in rows.
//!
//! Features are turned as bytes, 16 at a time, and become floats where they are written. The few entries that are no
//! small number are written over what stands in their places.

use fearless_simd::Simd;
use fearless_simd::prelude::*;

use super::block::Trips;
use super::features::Features;
use crate::rules::city::observation::{ENFORCED, ENFORCEMENT, MONEY, MOST_FEATURES, STEP, Scales};
use crate::rules::lanes::{LANES, PADDED, interleave};

/// Groups of features that are turned together.
const GROUPS: usize = MOST_FEATURES / PADDED;
/// The bytes of a trip that are read: what is past the features goes nowhere.
const READ: usize = 64;

/// The features of a block, trip after trip, group by group.
#[repr(align(64))]
pub(super) struct RawRows([[u8; PADDED * LANES]; GROUPS]);

impl RawRows {
    pub(super) const EMPTY: Self = Self([[0; PADDED * LANES]; GROUPS]);

    /// Turns features in the lanes from `at` on into rows.
    #[inline(always)]
    pub(super) fn fill<S: Simd>(&mut self, features: Features<S>, at: usize) {
        for (group, lanes) in self.0.iter_mut().zip(features.as_chunks::<PADDED>().0) {
            let rows = group[at * PADDED..].chunks_exact_mut(S::u8s::LEN);
            for (lanes, rows) in interleave(*lanes).iter().zip(rows) {
                lanes.store_slice(rows);
            }
        }
    }

    /// Writes the observations of the first trips of a trips, as many as `out` has rows.
    #[inline(always)]
    pub(super) fn write<S: Simd>(&self, simd: S, scales: &Scales, trips: &Trips, size: usize, out: &mut [f32]) {
        for lane in 0..out.len() / size {
            let raw = self.0.each_ref().map(|group| &group.as_chunks::<PADDED>().0[lane]);
            // What is written past the row is written over by the next.
            if let Some(row) = out[lane * size..].first_chunk_mut::<MOST_FEATURES>() {
                write_row(simd, raw, scales, trips, lane, row);
            } else {
                let mut row = [0.0; MOST_FEATURES];
                write_row(simd, raw, scales, trips, lane, &mut row);
                let rest = &mut out[lane * size..];
                rest.copy_from_slice(&row[..rest.len()]);
            }
        }
    }
}

#[inline(always)]
fn write_row<S: Simd>(
    simd: S,
    raw: [&[u8; PADDED]; GROUPS],
    scales: &Scales,
    trips: &Trips,
    lane: usize,
    out: &mut [f32; MOST_FEATURES],
) {
    let mut numbers = [0; READ];
    for (numbers, raw) in numbers.as_chunks_mut().0.iter_mut().zip(raw) {
        *numbers = *raw;
    }
    for part in (0..MOST_FEATURES).step_by(S::u8s::LEN) {
        let (low, high) = S::u8s::from_slice(simd, &numbers[part..part + S::u8s::LEN]).widen();
        let ((one, two), (three, four)) = (low.widen(), high.widen());
        for (place, numbers) in (part..).step_by(S::f32s::LEN).zip([one, two, three, four]) {
            if place < MOST_FEATURES {
                let here = place..place + S::f32s::LEN;
                let scale = S::f32s::from_slice(simd, &scales.scale[here.clone()]);
                let offset = S::f32s::from_slice(simd, &scales.offset[here.clone()]);
                let numbers: S::f32s = numbers.bitcast::<S::i32s>().to_float();
                (numbers * scale - offset).store_slice(&mut out[here]);
            }
        }
    }
    out[MONEY] = scales.counted(MONEY, trips.paid[lane]);
    out[STEP] = scales.counted(STEP, trips.steps[lane]);
    out[ENFORCED..ENFORCED + ENFORCEMENT].copy_from_slice(&trips.enforced[lane]);
}
