//! The random numbers of one environment.
//!
//! Each environment owns a generator seeded from `(seed, index)`, so its trajectory is the same however many
//! environments run beside it and whichever thread or SIMD lane steps it.

use rand_core::{Rng, SeedableRng};
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

#[cfg(test)]
mod tests {
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
