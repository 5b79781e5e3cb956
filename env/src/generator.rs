//! The random numbers of one environment.
//!
//! Each environment owns a generator seeded from `(seed, index)`, so its trajectory is the same however many
//! environments run beside it and whichever thread or SIMD lane steps it.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::{SplitMix64, Xoshiro128PlusPlus};
use serde::{Deserialize, Serialize};

/// xoshiro128++ (Blackman and Vigna, 2019): 32-bit words only, so that it runs in SIMD lanes everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generator(Xoshiro128PlusPlus);

impl Generator {
    /// The generator of environment `index` under `seed`.
    #[must_use]
    pub fn new(seed: u64, index: u64) -> Self {
        // Seed and index are hashed apart before they meet, so neighbours in either share no words.
        let seed = SplitMix64::seed_from_u64(seed).next_u64();
        let index = SplitMix64::seed_from_u64(!index).next_u64();
        Self(Xoshiro128PlusPlus::seed_from_u64(seed ^ index.rotate_left(32)))
    }

    /// The next 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
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
    use super::Generator;

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
