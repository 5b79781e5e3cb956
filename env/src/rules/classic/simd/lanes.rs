//! Registers of lanes, as wide as the instruction set has them, read from and written to the 64 lanes of a block.

use fearless_simd::prelude::*;
use fearless_simd::{Bytes as _, Select, Simd};

use super::block::{Bytes, LANES, Words};

/// The lanes from `at` on.
#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, bytes: &Bytes, at: usize) -> S::u8s {
    S::u8s::from_slice(simd, &bytes[at..at + S::u8s::LEN])
}

/// Replaces the lanes from `at` on.
#[inline(always)]
pub(super) fn store<S: Simd, V: SimdBase<S, Element = u8>>(lanes: V, bytes: &mut Bytes, at: usize) {
    lanes.store_slice(&mut bytes[at..at + V::LEN]);
}

/// The same value in each lane.
#[inline(always)]
pub(super) fn splat<S: Simd>(simd: S, value: u8) -> S::u8s {
    S::u8s::splat(simd, value)
}

/// The bits of a block from `at` on, as a mask.
#[inline(always)]
pub(super) fn mask<S: Simd>(simd: S, bits: u64, at: usize) -> S::mask8s {
    S::mask8s::from_bitmask(simd, bits >> at)
}

/// Replaces, of the lanes from `at` on, those that are in `these`.
#[inline(always)]
pub(super) fn replace<S: Simd>(simd: S, these: S::mask8s, new: S::u8s, old: &mut Bytes, at: usize) {
    store(these.select(new, load(simd, old, at)), old, at);
}

/// Replaces the words of the lanes in `these`.
#[inline(always)]
pub(super) fn replace_words<S: Simd>(simd: S, these: u64, new: &Words, old: &mut Words) {
    for at in (0..LANES).step_by(S::u32s::LEN) {
        let (new, old) = (&new[at..at + S::u32s::LEN], &mut old[at..at + S::u32s::LEN]);
        let these = S::mask32s::from_bitmask(simd, these >> at);
        these.select(S::u32s::from_slice(simd, new), S::u32s::from_slice(simd, old)).store_slice(old);
    }
}

/// Replaces the floats of the lanes in `these`.
#[inline(always)]
pub(super) fn replace_floats<S: Simd>(simd: S, these: u64, new: &[f32; LANES], old: &mut [f32; LANES]) {
    for at in (0..LANES).step_by(S::f32s::LEN) {
        let (new, old) = (&new[at..at + S::f32s::LEN], &mut old[at..at + S::f32s::LEN]);
        let these = S::mask32s::from_bitmask(simd, these >> at);
        these.select(S::f32s::from_slice(simd, new), S::f32s::from_slice(simd, old)).store_slice(old);
    }
}

/// The low byte of each word, of the lanes from `at` on.
#[inline(always)]
pub(super) fn low_bytes<S: Simd>(simd: S, words: &Words, at: usize) -> S::u8s {
    let quarter = S::u32s::LEN;
    let words = &words[at..at + 4 * quarter];
    let low = even_bytes(simd, &words[..2 * quarter]);
    let high = even_bytes(simd, &words[2 * quarter..]);
    low.unzip_low(high)
}

/// Every second byte of two registers of words.
#[inline(always)]
fn even_bytes<S: Simd>(simd: S, words: &[u32]) -> S::u8s {
    let (low, high) = words.split_at(S::u32s::LEN);
    let low: S::u8s = S::u32s::from_slice(simd, low).bitcast();
    let high: S::u8s = S::u32s::from_slice(simd, high).bitcast();
    low.unzip_low(high)
}
