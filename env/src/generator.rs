//! The random numbers of one environment.
//!
//! Each environment owns a generator seeded from `(seed, index)`, so its trajectory is the same however many
//! environments run beside it and whichever thread or SIMD lane steps it.

use std::convert::Infallible;

use rand_core::{Rng, SeedableRng, TryRng};
use rand_xoshiro::SplitMix64;
use serde::{Deserialize, Serialize};

/// xoshiro128++ (Blackman and Vigna, 2019): 32-bit words only, so that it runs in SIMD lanes everywhere.
///
/// Its four words are kept here and not in `rand_xoshiro`, which does not hand them out, because fast batches keep
/// them as lanes; a test holds the two equal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "[u32; 4]", into = "[u32; 4]")]
pub struct Generator {
    s: [u32; 4],
}

/// From a state of zeros it would give zeros for ever.
impl TryFrom<[u32; 4]> for Generator {
    type Error = &'static str;

    fn try_from(s: [u32; 4]) -> Result<Self, &'static str> {
        if s == [0; 4] { Err("a generator's state is not all zeros") } else { Ok(Self { s }) }
    }
}

impl From<Generator> for [u32; 4] {
    fn from(generator: Generator) -> Self {
        generator.s
    }
}

impl Generator {
    /// The generator of environment `index` under `seed`.
    #[must_use]
    pub fn new(seed: u64, index: u64) -> Self {
        // Seed and index are hashed apart before they meet, so neighbours in either share no words.
        let seed = SplitMix64::seed_from_u64(seed).next_u64();
        let index = SplitMix64::seed_from_u64(!index).next_u64();
        let mut words = SplitMix64::seed_from_u64(seed ^ index.rotate_left(32));
        let (low, high) = (words.next_u64(), words.next_u64());
        Self { s: [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32] }
    }

    /// The generator with these words of state.
    pub(crate) fn from_words(s: [u32; 4]) -> Self {
        Self { s }
    }

    /// The words of its state.
    pub(crate) fn words(&self) -> [u32; 4] {
        self.s
    }

    /// The next 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        let s = &mut self.s;
        let result = s[0].wrapping_add(s[3]).rotate_left(7).wrapping_add(s[0]);
        let shifted = s[1] << 9;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(11);
        result
    }

    /// A number in `0..n`, by multiply-shift: uniform to within `n / 2^32`.
    pub fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.next_u32()) * u64::from(n)) >> 32) as u32
    }

    /// A number in `[0, 1)` with 24 random bits, all that an `f32` of that range holds.
    pub fn uniform(&mut self) -> f32 {
        (self.next_u32() >> 8) as f32 * (1.0 / (1 << 24) as f32)
    }
}

/// What `rand`'s distributions and sequences draw from. Which words they take is their own affair and may change with
/// their version, so nothing that is promised to stay draws by them.
impl TryRng for Generator {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.next_u32())
    }

    /// The low half first.
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let low = u64::from(self.next_u32());
        Ok(low | u64::from(self.next_u32()) << 32)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            chunk.copy_from_slice(&self.next_u32().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use rand::seq::SliceRandom;
    use rand_xoshiro::Xoshiro128PlusPlus;

    use super::*;

    #[test]
    fn it_is_the_published_generator() {
        let seed = SplitMix64::seed_from_u64(5).next_u64() ^ SplitMix64::seed_from_u64(!3).next_u64().rotate_left(32);
        let mut published = Xoshiro128PlusPlus::seed_from_u64(seed);
        let mut generator = Generator::new(5, 3);
        assert!((0..1000).all(|_| generator.next_u32() == published.next_u32()));
    }

    #[test]
    fn the_sequences_and_distributions_of_rand_draw_from_it() {
        let mut generator = Generator::new(4, 0);
        let mut order: Vec<u8> = (0..100).collect();
        order.shuffle(&mut generator);
        assert!(!order.is_sorted());
        assert!((0..1000).all(|_| (3..8).contains(&generator.random_range(3..8))));
        let mut published = Xoshiro128PlusPlus::seed_from_u64(0);
        let mut ours = Generator { s: [0; 4] };
        ours.s = std::array::from_fn(|_| published.next_u32());
        let mut same = ours.clone();
        let words = [same.next_u32(), same.next_u32()];
        let mut bytes = [0; 7];
        ours.clone().fill_bytes(&mut bytes);
        assert_eq!(bytes, [words[0].to_le_bytes(), words[1].to_le_bytes()].concat()[..7]);
        assert_eq!(ours.next_u64(), u64::from(words[0]) | u64::from(words[1]) << 32);
    }

    #[test]
    fn seed_and_index_both_matter() {
        let first = |seed, index| Generator::new(seed, index).next_u32();
        let mut seen: Vec<u32> = (0..64).flat_map(|seed| (0..64).map(move |index| first(seed, index))).collect();
        seen.sort_unstable();
        seen.dedup();
        assert!(seen.len() >= 4095, "64 × 64 generators begin with {} distinct words", seen.len());
    }

    #[test]
    fn below_stays_below_and_reaches_all() {
        let mut generator = Generator::new(1, 0);
        let mut seen = [0u32; 25];
        for _ in 0..25_000 {
            seen[generator.below(25) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (800..1200).contains(&count)), "{seen:?}");
    }
}
