//! The random words of a tick of 64 trips, in the order in which the plain rules draw them.

use fearless_simd::Simd;

use crate::rules::city::parameters::Parameters;
use crate::rules::city::tick::{CellWords, TickRandom};
use crate::rules::city::{MAX_BOARD, MAX_SPEED, MAX_STOPS};
use crate::rules::lanes::{LANES, Words, draw_words};

/// The most words of a tick.
const MOST: usize = MAX_STOPS - 1 + 4 + MAX_BOARD as usize + 3 * MAX_SPEED as usize;

/// They are kept all, as the plain rules need them where something happens.
pub(super) struct TickWords {
    words: [Words; MOST],
    /// How many queues there are, and how many words for destinations.
    queues: usize,
    board: usize,
}

impl TickWords {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let board = usize::from(parameters.scenario.bus.board);
        Self { words: [[0; LANES]; MOST], queues: parameters.arrivals.len(), board }
    }

    /// Draws all words of a tick.
    #[inline(always)]
    pub(super) fn draw<S: Simd>(&mut self, simd: S, generator: &mut [Words; 4]) {
        let count = self.first_cell() + 3 * usize::from(MAX_SPEED);
        draw_words(simd, generator, &mut self.words[..count]);
    }

    /// Who comes to each stop but the last.
    pub(super) fn arrivals(&self) -> &[Words] {
        &self.words[..self.queues]
    }

    pub(super) fn rival(&self) -> &Words {
        &self.words[self.queues]
    }

    pub(super) fn rival_stop(&self) -> &Words {
        &self.words[self.queues + 1]
    }

    fn inspection(&self) -> &Words {
        &self.words[self.queues + 2 + self.board]
    }

    fn bribe(&self) -> &Words {
        &self.words[self.queues + 3 + self.board]
    }

    fn first_cell(&self) -> usize {
        self.queues + 4 + self.board
    }

    /// The words for a violation, radar and a crash.
    fn cell(&self, cell: usize) -> &[Words; 3] {
        self.words[self.first_cell() + 3 * cell..].first_chunk().expect("a tick has the words of three cells")
    }

    /// The lowest word for radar of the cells of a tick.
    #[inline(always)]
    pub(super) fn lowest_for_radar(&self) -> Words {
        self.lowest(1)
    }

    /// The lowest word for a crash of the cells of a tick.
    #[inline(always)]
    pub(super) fn lowest_for_crash(&self) -> Words {
        self.lowest(2)
    }

    #[inline(always)]
    fn lowest(&self, which: usize) -> Words {
        let [one, two, three] = std::array::from_fn(|cell| &self.cell(cell)[which]);
        let mut lowest = *one;
        for ((lowest, &two), &three) in lowest.iter_mut().zip(two).zip(three) {
            *lowest = (*lowest).min(two).min(three);
        }
        lowest
    }
}

/// The words of one trip.
pub(super) struct LaneWords<'a> {
    pub(super) words: &'a TickWords,
    pub(super) lane: usize,
}

impl TickRandom for LaneWords<'_> {
    fn destination(&self, boarding: usize) -> u32 {
        self.words.words[self.words.queues + 2 + boarding][self.lane]
    }

    fn inspection(&self) -> u32 {
        self.words.inspection()[self.lane]
    }

    fn bribe(&self) -> u32 {
        self.words.bribe()[self.lane]
    }

    fn cell(&self, cell: usize) -> CellWords {
        let [violation, radar, crash] = self.words.cell(cell).each_ref().map(|words| words[self.lane]);
        CellWords { violation, radar, crash }
    }
}
