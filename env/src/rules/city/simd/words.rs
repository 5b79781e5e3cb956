//! The random words of a tick of 64 trips, in the order in which the plain rules draw them.
//!
//! What all trips need is worked out while words are in registers: who comes to the stops, and whether a rival, radar or
//! a crash is possible. The rest is kept for those to whom something happens.

use fearless_simd::prelude::*;
use fearless_simd::{Select, Simd};

use super::kernel::Tables;
use crate::rules::city::parameters::Parameters;
use crate::rules::city::tick::{CellWords, TickRandom};
use crate::rules::city::{MAX_BOARD, MAX_SPEED, MAX_STOPS};
use crate::rules::lanes::{LANES, Random, Words};

/// The most words of a tick that are kept.
const MOST: usize = 3 + MAX_BOARD as usize + 3 * MAX_SPEED as usize;

/// What a tick's words say, and those that are kept.
#[derive(Debug, Clone)]
pub(super) struct TickWords {
    /// How many come to each stop but the last.
    pub(super) coming: [Words; MAX_STOPS - 1],
    pub(super) chances: Chances,
    /// From that for the rival's stop on.
    kept: [Words; MOST],
    /// How many words there are for destinations.
    board: usize,
}

/// To which trips something may happen by chance, a bit each.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Chances {
    pub(super) rival: u64,
    /// Radar sees a cell, if it is driven at speed 3.
    pub(super) radar: u64,
    /// A cell may bring a crash.
    pub(super) crash: u64,
}

impl TickWords {
    pub(super) fn new(parameters: &Parameters) -> Self {
        Self {
            coming: [[0; LANES]; MAX_STOPS - 1],
            chances: Chances::default(),
            kept: [[0; LANES]; MOST],
            board: usize::from(parameters.scenario.bus.board),
        }
    }

    /// Draws all words of a tick, for the first `envs` trips at least.
    #[inline(always)]
    pub(super) fn draw<S: Simd>(
        &mut self,
        simd: S,
        tables: &Tables,
        generator: &mut [Words; 4],
        radar: &Words,
        envs: usize,
    ) {
        self.chances = Chances::default();
        for at in (0..envs).step_by(S::u32s::LEN) {
            let here = at..at + S::u32s::LEN;
            let mut random = Random::load(simd, generator, at);
            for (coming, table) in self.coming.iter_mut().zip(&tables.arrivals) {
                table.count(simd, random.next()).store_slice(&mut coming[here.clone()]);
            }
            self.chances.rival |= random.next().simd_lt(tables.rival).to_bitmask() << at;
            let (few, cells) = self.kept.split_at_mut(3 + self.board);
            for words in few {
                random.next().store_slice(&mut words[here.clone()]);
            }
            let mut lowest = [S::u32s::splat(simd, u32::MAX); 2];
            for [violation, radar, crash] in cells.as_chunks_mut().0.iter_mut().take(usize::from(MAX_SPEED)) {
                random.next().store_slice(&mut violation[here.clone()]);
                for (words, lowest) in [radar, crash].into_iter().zip(&mut lowest) {
                    let word = random.next();
                    *lowest = lowest.min(word);
                    word.store_slice(&mut words[here.clone()]);
                }
            }
            let radar = S::u32s::from_slice(simd, &radar[here]);
            self.chances.radar |= lowest[0].simd_lt(radar).to_bitmask() << at;
            self.chances.crash |= lowest[1].simd_lt(tables.crash).to_bitmask() << at;
            random.store(generator, at);
        }
    }

    pub(super) fn rival_stop(&self) -> &Words {
        &self.kept[0]
    }
}

/// Numbers of a table that all words are compared with: one word in ten thousand reaches the last of them where as many
/// come as to the stops of `dar-es-salaam`.
const LIKELY: usize = 4;
/// The most lanes of words that a register has.
const WIDEST: usize = 16;

/// How many come to a stop in a tick, by a random word: the table of [`poisson`](crate::rules::city::parameters::poisson)
/// as registers compare it, with the highest bit of words turned, as AVX2 compares signed numbers in one instruction.
#[derive(Debug)]
pub(super) struct Arrivals {
    /// The words above which it is at least 1, 2…, in each lane; beyond the table, words that none is above.
    likely: [[i32; WIDEST]; LIKELY],
    /// The same beyond these.
    rare: Vec<i32>,
    /// What it is at least: words that are at least 0 need no look.
    least: u32,
}

impl Arrivals {
    pub(super) fn new(table: &[u32]) -> Self {
        let turned = |word: u32| (word ^ 1 << 31).cast_signed();
        let above = table.iter().filter_map(|below| Some(turned(below.checked_sub(1)?)));
        let mut likely = above.clone().chain(std::iter::repeat(i32::MAX));
        Self {
            likely: std::array::from_fn(|_| [likely.next().unwrap_or(i32::MAX); WIDEST]),
            rare: above.skip(LIKELY).collect(),
            least: table.iter().filter(|&&below| below == 0).count() as u32,
        }
    }

    #[inline(always)]
    fn count<S: Simd>(&self, simd: S, word: S::u32s) -> S::u32s {
        let word: S::i32s = (word ^ (1 << 31)).bitcast();
        let (none, one) = (S::u32s::splat(simd, 0), S::u32s::splat(simd, 1));
        let mut count = S::u32s::splat(simd, self.least);
        let mut is_above = S::mask32s::splat(simd, false);
        for above in &self.likely {
            is_above = word.simd_gt(S::i32s::from_slice(simd, &above[..S::i32s::LEN]));
            count += is_above.select(one, none);
        }
        if is_above.any_true() {
            for &above in &self.rare {
                count += word.simd_gt(above).select(one, none);
            }
        }
        count
    }
}

/// The words of one trip.
pub(super) struct LaneWords<'a> {
    pub(super) words: &'a TickWords,
    pub(super) lane: usize,
}

impl LaneWords<'_> {
    fn kept(&self, place: usize) -> u32 {
        self.words.kept[place][self.lane]
    }
}

impl TickRandom for LaneWords<'_> {
    fn destination(&self, boarding: usize) -> u32 {
        self.kept(1 + boarding)
    }

    fn inspection(&self) -> u32 {
        self.kept(1 + self.words.board)
    }

    fn bribe(&self) -> u32 {
        self.kept(2 + self.words.board)
    }

    fn cell(&self, cell: usize) -> CellWords {
        let first = 3 + self.words.board + 3 * cell;
        CellWords { violation: self.kept(first), radar: self.kept(first + 1), crash: self.kept(first + 2) }
    }
}
