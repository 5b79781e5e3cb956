//! From features in lanes to observations in rows.
//!
//! Features are turned as bytes, 16 at a time, and become floats where they are written. The few entries that are no
//! small number are written over what stands in their places.

use fearless_simd::prelude::*;
use fearless_simd::{Bytes as _, Simd, u8x32};

use super::block::{Floats, Trips};
use super::features::Features;
use crate::rules::city::layout::Enforcement;
use crate::rules::city::observation::{ENFORCED, ENFORCEMENT, MONEY, MOST_FEATURES, STEP};
use crate::rules::city::parameters::Parameters;
use crate::rules::lanes::{Bytes, LANES, PADDED, bits, interleave, load};

/// How numbers become entries: as the scales of the observation say, and what is usually enforced, of whose entries the
/// numbers are 0.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct RowScales {
    scale: [[f32; PADDED]; GROUPS],
    offset: [[f32; PADDED]; GROUPS],
}

impl RowScales {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let scales = &parameters.scales;
        let (mut scale, mut offset) = (scales.scale, scales.offset);
        let usual = scales.enforced(&Enforcement::usual(parameters));
        scale[ENFORCED..ENFORCED + ENFORCEMENT].fill(0.0);
        offset[ENFORCED..ENFORCED + ENFORCEMENT].copy_from_slice(&usual.map(|entry| -entry));
        let group = |floats: &[f32], group: usize| std::array::from_fn(|place| floats[group * PADDED + place]);
        Self {
            scale: std::array::from_fn(|place| group(&scale, place)),
            offset: std::array::from_fn(|place| group(&offset, place)),
        }
    }
}

/// Groups of features that are turned together.
const GROUPS: usize = MOST_FEATURES / PADDED;

/// The features of a block, trip after trip, group by group.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct RawRows([[u8; PADDED * LANES]; GROUPS]);

impl RawRows {
    pub(super) const EMPTY: Self = Self([[0; PADDED * LANES]; GROUPS]);

    /// Turns the features of the first `envs` trips at least into rows.
    #[inline(always)]
    pub(super) fn fill<S: Simd>(&mut self, simd: S, features: &Features, envs: usize) {
        for (rows, lanes) in self.0.iter_mut().zip(features.0.as_chunks::<PADDED>().0) {
            if S::u8s::LEN == LANES {
                turn_whole(simd, lanes, rows);
            } else {
                for at in (0..envs).step_by(u8x32::<S>::LEN) {
                    turn_halves(simd, lanes, at, &mut rows[at * PADDED..]);
                }
            }
        }
    }

    /// Writes the observations of the first `envs` trips to the front of `out`, and to what comes after them what the next
    /// block writes over.
    #[inline(always)]
    pub(super) fn write(
        &self,
        parameters: &Parameters,
        scales: &RowScales,
        trips: &Trips,
        (envs, size): (usize, usize),
        out: &mut [f32],
    ) {
        let counted = |place: usize, counts: &[u16; LANES]| -> Floats {
            std::array::from_fn(|lane| parameters.scales.counted(place, counts[lane]))
        };
        let [first, second, third] = self.0.each_ref().map(|group| group.as_chunks().0);
        let numbers = first.iter().zip(second).zip(third);
        let counted = counted(MONEY, &trips.paid).into_iter().zip(counted(STEP, &trips.steps));
        for (lane, (((first, second), third), counted)) in numbers.zip(counted).take(envs).enumerate() {
            let numbers = [first, second, third];
            let out = &mut out[lane * size..];
            if let Some(row) = out.first_chunk_mut() {
                write_row(numbers, counted, scales, row);
            } else {
                let mut row = [0.0; MOST_FEATURES];
                write_row(numbers, counted, scales, &mut row);
                out.copy_from_slice(&row[..out.len()]);
            }
        }
        for lane in bits(trips.unusual).take_while(|&lane| lane < envs) {
            out[lane * size + ENFORCED..][..ENFORCEMENT].copy_from_slice(&trips.enforced[lane]);
        }
    }
}

/// Where a register holds 64 trips: brings words of four trips together first, and then bytes within each register, which
/// takes AVX-512 two fifths of the time of bytes all the way.
#[inline(always)]
fn turn_whole<S: Simd>(simd: S, lanes: &[Bytes; PADDED], rows: &mut [u8; PADDED * LANES]) {
    let mut words = [S::u32s::splat(simd, 0); PADDED];
    for (words, lanes) in words.iter_mut().zip(lanes) {
        *words = load(simd, lanes, 0).bitcast();
    }
    let order = load(simd, &FOUR_TRIPS, 0);
    for (words, rows) in interleave(words).into_iter().zip(rows.chunks_exact_mut(S::u8s::LEN)) {
        let bytes: S::u8s = words.bitcast();
        bytes.swizzle_dyn(order).store_slice(rows);
    }
}

/// Where the bytes of four trips lie when 16 features have four bytes each.
const FOUR_TRIPS: Bytes = {
    let mut order = [0; LANES];
    let mut place = 0;
    while place < LANES {
        order[place] = (place % PADDED * 4 + place / PADDED) as u8;
        place += 1;
    }
    order
};

/// Turns the lanes from `at` on, 16 apart from the next 16: across, AVX2 takes twice as many instructions.
#[inline(always)]
fn turn_halves<S: Simd>(simd: S, lanes: &[Bytes; PADDED], at: usize, rows: &mut [u8]) {
    let mut turned = [u8x32::splat(simd, 0); PADDED];
    for (register, lanes) in turned.iter_mut().zip(lanes) {
        *register = u8x32::from_slice(simd, &lanes[at..at + u8x32::<S>::LEN]);
    }
    for _ in 0..PADDED.ilog2() {
        turned = zip_halves(turned);
    }
    let (low_rows, high_rows) = rows.split_at_mut(PADDED * PADDED);
    let rows = low_rows.chunks_exact_mut(PADDED).zip(high_rows.chunks_exact_mut(PADDED));
    for (register, (low_row, high_row)) in turned.into_iter().zip(rows) {
        let (low, high) = register.split();
        low.store_slice(low_row);
        high.store_slice(high_row);
    }
}

/// One round: zips each register of the first half with its like in the second.
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
fn write_row(
    numbers: [&[u8; PADDED]; GROUPS],
    (money, step): (f32, f32),
    scales: &RowScales,
    out: &mut [f32; MOST_FEATURES],
) {
    for (group, out) in out.as_chunks_mut().0.iter_mut().enumerate() {
        write_group(numbers[group], &scales.scale[group], &scales.offset[group], out);
    }
    out[MONEY] = money;
    out[STEP] = step;
}

/// A function of its own, so that the compiler knows that what is read is not what is written, and uses registers.
#[inline(always)]
fn write_group(numbers: &[u8; PADDED], scale: &[f32; PADDED], offset: &[f32; PADDED], out: &mut [f32; PADDED]) {
    for (place, out) in out.iter_mut().enumerate() {
        *out = f32::from(numbers[place]) * scale[place] - offset[place];
    }
}
