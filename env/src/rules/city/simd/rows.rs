//! From features in lanes to observations in rows.
//!
//! Features are turned as bytes, 16 at a time, and become floats where they are written. The few entries that are no
//! small number are written over what stands in their places.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, u8x32};

use super::block::{Floats, Trips};
use super::features::Features;
use crate::rules::city::layout::Enforcement;
use crate::rules::city::observation::{ENFORCED, ENFORCEMENT, MONEY, MOST_FEATURES, STEP};
use crate::rules::city::parameters::Parameters;
use crate::rules::lanes::{LANES, PADDED, bits};

/// How numbers become entries: as the scales of the observation say, and what is usually enforced, of whose entries the
/// numbers are 0.
#[derive(Debug)]
pub(super) struct RowScales {
    scale: [f32; MOST_FEATURES],
    offset: [f32; MOST_FEATURES],
}

impl RowScales {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let scales = &parameters.scales;
        let mut row = Self { scale: scales.scale, offset: scales.offset };
        let usual = scales.enforced(&Enforcement::usual(parameters));
        for (place, entry) in (ENFORCED..).zip(usual) {
            row.scale[place] = 0.0;
            row.offset[place] = -entry;
        }
        row
    }
}

/// The features of a block, trip after trip.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct RawRows([[u8; MOST_FEATURES]; LANES]);

impl RawRows {
    pub(super) const EMPTY: Self = Self([[0; MOST_FEATURES]; LANES]);

    /// Turns the features of the first `envs` trips at least into rows.
    #[inline(always)]
    pub(super) fn fill<S: Simd>(&mut self, simd: S, features: &Features, envs: usize) {
        for at in (0..envs).step_by(u8x32::<S>::LEN) {
            for (group, lanes) in features.0.as_chunks::<PADDED>().0.iter().enumerate() {
                let mut turned = [u8x32::splat(simd, 0); PADDED];
                for (register, lanes) in turned.iter_mut().zip(lanes) {
                    *register = u8x32::from_slice(simd, &lanes[at..at + u8x32::<S>::LEN]);
                }
                for _ in 0..PADDED.ilog2() {
                    turned = zip_halves(turned);
                }
                for (lane, register) in (at..).zip(turned) {
                    let (low, high) = register.split();
                    low.store_slice(&mut self.0[lane][group * PADDED..][..PADDED]);
                    high.store_slice(&mut self.0[lane + PADDED][group * PADDED..][..PADDED]);
                }
            }
        }
    }

    /// Writes the observations of the first trips of a block, as many as `out` has rows.
    #[inline(always)]
    pub(super) fn write(
        &self,
        parameters: &Parameters,
        scales: &RowScales,
        trips: &Trips,
        size: usize,
        out: &mut [f32],
    ) {
        let envs = out.len() / size;
        let counted = |place: usize, counts: &[u16; LANES]| -> Floats {
            std::array::from_fn(|lane| parameters.scales.counted(place, counts[lane]))
        };
        let (money, step) = (counted(MONEY, &trips.paid), counted(STEP, &trips.steps));
        for (lane, numbers) in self.0[..envs].iter().enumerate() {
            // What is written past the row is written over by the next.
            if let Some(row) = out[lane * size..].first_chunk_mut::<MOST_FEATURES>() {
                write_row(numbers, scales, row);
            } else {
                let mut row = [0.0; MOST_FEATURES];
                write_row(numbers, scales, &mut row);
                let rest = &mut out[lane * size..];
                rest.copy_from_slice(&row[..rest.len()]);
            }
            out[lane * size + MONEY] = money[lane];
            out[lane * size + STEP] = step[lane];
        }
        for lane in bits(trips.unusual).take_while(|&lane| lane < envs) {
            out[lane * size + ENFORCED..][..ENFORCEMENT].copy_from_slice(&trips.enforced[lane]);
        }
    }
}

/// One round: zips each register of the first half with its like in the second, 16 lanes apart from the other 16, which
/// takes AVX2 half as many instructions as across.
#[inline(always)]
fn zip_halves<S: Simd>(lanes: [u8x32<S>; PADDED]) -> [u8x32<S>; PADDED] {
    let mut zipped = lanes;
    let (first, second) = lanes.split_at(PADDED / 2);
    for ((zipped, one), two) in zipped.as_chunks_mut::<2>().0.iter_mut().zip(first).zip(second) {
        let (low, high) = one.interleave(*two);
        let ((low_one, low_two), (high_one, high_two)) = (low.split(), high.split());
        *zipped = [low_one.combine(high_one), low_two.combine(high_two)];
    }
    zipped
}

#[inline(always)]
fn write_row(numbers: &[u8; MOST_FEATURES], scales: &RowScales, out: &mut [f32; MOST_FEATURES]) {
    for (place, out) in out.iter_mut().enumerate() {
        *out = f32::from(numbers[place]) * scales.scale[place] - scales.offset[place];
    }
}
