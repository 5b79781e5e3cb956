//! The 14 features that a `classic` agent sees, of the cell the bus stands in after the step.

use super::{CAPACITY, ClassicState, FARE, LAST_CELL, MAX_SPEED, MAX_STEPS, STOP_MASK, view};
use crate::spaces::Feature;

/// How far ahead the distance features look, cells.
pub(crate) const SIGHT: u32 = 5;

/// Names, meanings and greatest values; the least is −1. Nothing is clipped: `waiting` goes past 1 where more than 10
/// wait.
pub(super) const FEATURES: [(&str, &str, f32); 14] = [
    ("x", "x of the bus's cell / 14", 1.0),
    ("y", "y of the bus's cell / 14", 1.0),
    ("passengers", "aboard / 50", 1.0),
    ("money", "TSh earned / 150 000", 1.0),
    ("speed", "speed notch / 3", 1.0),
    ("light_red", "red light here", 1.0),
    ("police_here", "police checkpoint here", 1.0),
    ("must_stop", "red light or police here", 1.0),
    ("at_stop", "at a high-demand stop", 1.0),
    ("waiting", "waiting here / 10, 0 where there is no stop", 50.0),
    ("must_stop_next", "must stop in the next cell; at the last cell, in this one", 1.0),
    ("light_distance", "cells to the nearest light among the next 5 / 5, 1 if none", 1.0),
    ("police_distance", "the same for police", 1.0),
    ("step", "steps taken / 350", 1.0),
];

/// What the entries of the observation are.
pub(super) fn features() -> Vec<Feature> {
    FEATURES.map(|(name, meaning, high)| Feature::new(name, meaning, -1.0, high)).to_vec()
}

/// What each raw feature is divided by.
const DIVISORS: [f32; 14] = [
    14.0,
    14.0,
    CAPACITY as f32,
    (150_000 / FARE) as f32,
    MAX_SPEED as f32,
    1.0,
    1.0,
    1.0,
    1.0,
    10.0,
    1.0,
    SIGHT as f32,
    SIGHT as f32,
    MAX_STEPS as f32,
];

/// `2 / divisor`: a raw feature v becomes `v · scale − 1`.
pub(crate) const SCALES: [f32; 14] = {
    let mut scales = [0.0; 14];
    let mut i = 0;
    while i < 14 {
        scales[i] = 2.0 / DIVISORS[i];
        i += 1;
    }
    scales
};

/// The features before scaling: small whole numbers (money in fares).
fn raw(state: &ClassicState) -> [u16; 14] {
    let (x, y) = view::ROUTE[usize::from(state.position)];
    let next = (state.position + 1).min(LAST_CELL);
    let must_stop = state.layout.red | state.layout.police;
    let bit = |mask: u32, cell: u8| (mask >> cell & 1) as u16;
    [
        u16::from(x),
        u16::from(y),
        u16::from(state.passengers),
        u16::from(state.paid),
        u16::from(state.speed),
        bit(state.layout.red, state.position),
        bit(state.layout.police, state.position),
        bit(must_stop, state.position),
        bit(STOP_MASK, state.position),
        state.stop_here().map_or(0, |stop| u16::from(state.waiting[stop])),
        bit(must_stop, next),
        distance(state.layout.lights, state.position),
        distance(state.layout.police, state.position),
        state.steps,
    ]
}

/// Cells from `position` to the nearest one in `mask` among the next [`SIGHT`]; [`SIGHT`] if there is none.
fn distance(mask: u32, position: u8) -> u16 {
    let ahead = mask >> position >> 1;
    (ahead.trailing_zeros() + 1).min(SIGHT) as u16
}

pub(super) fn observe(state: &ClassicState, out: &mut [f32]) {
    for ((entry, value), scale) in out.iter_mut().zip(raw(state)).zip(SCALES) {
        *entry = f32::from(value) * scale - 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scale_is_exactly_one() {
        for (divisor, scale) in DIVISORS.into_iter().zip(SCALES) {
            assert_eq!(divisor * scale - 1.0, 1.0, "{divisor}");
        }
    }

    #[test]
    fn a_hazard_five_cells_ahead_looks_like_none() {
        assert_eq!([0, 1, 4, 5, 6].map(|cell| distance(1 << (10 + cell), 10)), [5, 1, 4, 5, 5]);
        assert_eq!(distance(0, 28), 5);
    }
}
