//! What the fast batches have in common: environments in blocks of 64, field by field, and registers of lanes, as wide
//! as the instruction set has them, read from and written to these.
#![expect(clippy::inline_always, reason = "instruction sets are enabled for one function and what is inlined in it")]

#[cfg(test)]
use fearless_simd::Level;
use fearless_simd::prelude::*;
use fearless_simd::{Bytes as _, Select, Simd};

/// Environments of a block: the bytes of the widest register.
pub(super) const LANES: usize = 64;

/// A byte of each environment.
pub(super) type Bytes = [u8; LANES];
/// A 32-bit word of each environment.
pub(super) type Words = [u32; LANES];

/// Bytes of an environment while features are interleaved: a power of two.
pub(super) const PADDED: usize = 16;

/// From 16 features in lanes to rows: four rounds bring the 16 bytes of each environment together.
#[inline(always)]
pub(super) fn interleave<S: Simd, V: SimdBase<S>>(lanes: [V; PADDED]) -> [V; PADDED] {
    zip_halves(zip_halves(zip_halves(zip_halves(lanes))))
}

/// One round: zips each register of the first half with its like in the second.
#[inline(always)]
fn zip_halves<S: Simd, V: SimdBase<S>>(lanes: [V; PADDED]) -> [V; PADDED] {
    let [a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7] = lanes;
    let ((c0, c1), (c2, c3), (c4, c5), (c6, c7)) =
        (a0.interleave(b0), a1.interleave(b1), a2.interleave(b2), a3.interleave(b3));
    let ((d0, d1), (d2, d3), (d4, d5), (d6, d7)) =
        (a4.interleave(b4), a5.interleave(b5), a6.interleave(b6), a7.interleave(b7));
    [c0, c1, c2, c3, c4, c5, c6, c7, d0, d1, d2, d3, d4, d5, d6, d7]
}

/// The next 32 random bits of each lane, as `Generator::next_u32` has them.
#[inline(always)]
pub(super) fn next_words([s0, s1, s2, s3]: &mut [Words; 4]) -> Words {
    let mut results = [0; LANES];
    let lanes = s0.iter_mut().zip(s1).zip(s2).zip(s3);
    for (result, (((s0, s1), s2), s3)) in results.iter_mut().zip(lanes) {
        *result = s0.wrapping_add(*s3).rotate_left(7).wrapping_add(*s0);
        let shifted = *s1 << 9;
        *s2 ^= *s0;
        *s3 ^= *s1;
        *s1 ^= *s2;
        *s0 ^= *s3;
        *s2 ^= shifted;
        *s3 = s3.rotate_left(11);
    }
    results
}

/// The generators of a register of lanes.
pub(super) struct Random<S: Simd>([S::u32s; 4]);

impl<S: Simd> Random<S> {
    /// Those of the lanes from `at` on.
    #[inline(always)]
    pub(super) fn load(simd: S, [s0, s1, s2, s3]: &[Words; 4], at: usize) -> Self {
        let here = at..at + S::u32s::LEN;
        Self([
            S::u32s::from_slice(simd, &s0[here.clone()]),
            S::u32s::from_slice(simd, &s1[here.clone()]),
            S::u32s::from_slice(simd, &s2[here.clone()]),
            S::u32s::from_slice(simd, &s3[here]),
        ])
    }

    /// Puts them back.
    #[inline(always)]
    pub(super) fn store(self, generator: &mut [Words; 4], at: usize) {
        for (words, register) in generator.iter_mut().zip(self.0) {
            register.store_slice(&mut words[at..at + S::u32s::LEN]);
        }
    }

    /// The next 32 random bits of each lane.
    #[inline(always)]
    pub(super) fn next(&mut self) -> S::u32s {
        let [s0, s1, s2, s3] = &mut self.0;
        let sum = *s0 + *s3;
        let word = ((sum << 7) | (sum >> 25)) + *s0;
        let shifted = *s1 << 9;
        *s2 ^= *s0;
        *s3 ^= *s1;
        *s1 ^= *s2;
        *s0 ^= *s3;
        *s2 ^= shifted;
        *s3 = (*s3 << 11) | (*s3 >> 21);
        word
    }
}

/// The set bits, by place.
#[inline(always)]
pub(super) fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lane = (mask != 0).then_some(mask.trailing_zeros() as usize)?;
        mask &= mask - 1;
        Some(lane)
    })
}

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

/// Words below 256 as bytes, of the lanes from `at` on.
#[inline(always)]
pub(super) fn bytes_of<S: Simd>(simd: S, words: &Words, at: usize) -> S::u8s {
    let (low, high) = words[at..at + S::u8s::LEN].split_at(2 * S::u32s::LEN);
    halves_of(simd, low).relaxed_narrow(halves_of(simd, high))
}

/// Words below 65 536 as half words.
#[inline(always)]
fn halves_of<S: Simd>(simd: S, words: &[u32]) -> S::u16s {
    let (low, high) = words.split_at(S::u32s::LEN);
    S::u32s::from_slice(simd, low).relaxed_narrow(S::u32s::from_slice(simd, high))
}

/// The instruction sets that this machine has, by name.
#[cfg(test)]
pub(super) fn levels() -> Vec<(&'static str, Level)> {
    let best = Level::new();
    let mut levels = vec![("best", best), ("baseline", Level::baseline())];
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        levels.extend(best.as_avx512().map(|token| ("AVX-512", Level::Avx512(token))));
        levels.extend(best.as_avx2().map(|token| ("AVX2", Level::Avx2(token))));
        levels.extend(best.as_sse4_2().map(|token| ("SSE4.2", Level::Sse4_2(token))));
        levels.extend(best.as_sse2().map(|token| ("SSE2", Level::Sse2(token))));
    }
    levels
}
