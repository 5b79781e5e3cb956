//! Where episodes end and begin.
//!
//! Buses that started together mostly arrive together, but after crashes, or where the caller resets as it likes,
//! most blocks have a few lanes that end in any one step. A block of which many lanes begin draws for all its lanes
//! and keeps what is needed; single lanes are queued across blocks and drawn for 64 at a time.

use fearless_simd::prelude::*;
use fearless_simd::{Select, Simd};

use super::super::LEGAL_CAPACITY;
use super::super::layout::DEFAULT_WAITING;
use super::block::{Block, CRASHED, ENDED, FINED, LEGAL};
use super::draw::draw;
use super::kernel;
use super::rows::{ROW, RawRows};
use crate::rules::lanes::{LANES, bits, load, mask, replace, replace_floats, replace_words, splat};

/// From this many on, lanes of one block begin together: then drawing for 64 costs less than queueing them.
pub(super) const LEAST_TOGETHER: u32 = 16;

/// Notes the figures of the episodes in the lanes `ended` and that they ended.
#[inline(always)]
pub(super) fn finish<S: Simd>(simd: S, block: &mut Block, ended: u64, crashed: u64) {
    let last = &mut block.last;
    let none = splat(simd, 0);
    for at in (0..LANES).step_by(S::u8s::LEN) {
        let these = mask(simd, ended, at);
        let passengers = load(simd, &block.passengers, at);
        let fined = load(simd, &block.fined, at).simd_ne(none);
        let legal = passengers.simd_le(LEGAL_CAPACITY) & !fined;
        let flags = fined.select(splat(simd, FINED), none)
            | mask(simd, crashed, at).select(splat(simd, CRASHED), none)
            | legal.select(splat(simd, ENDED | LEGAL), splat(simd, ENDED));
        replace(simd, these, load(simd, &block.steps, at), &mut last.length, at);
        replace(simd, these, passengers, &mut last.passengers, at);
        replace(simd, these, load(simd, &block.paid, at), &mut last.paid, at);
        replace(simd, these, flags, &mut last.flags, at);
    }
    replace_floats(simd, ended, &block.episode_return, &mut last.episode_return);
    block.crashed = block.crashed & !ended | crashed & ended;
    block.needs_reset |= ended;
}

/// Begins episodes in the lanes `beginning`, on layouts drawn for them.
#[inline(always)]
pub(super) fn begin<S: Simd>(simd: S, block: &mut Block, beginning: u64) {
    let mut generator = block.generator;
    let drawn = draw(simd, &mut generator);
    let none = splat(simd, 0);
    for at in (0..LANES).step_by(S::u8s::LEN) {
        let these = mask(simd, beginning, at);
        replace(simd, these, none, &mut block.position, at);
        replace(simd, these, none, &mut block.steps, at);
        replace(simd, these, none, &mut block.passengers, at);
        replace(simd, these, none, &mut block.paid, at);
        replace(simd, these, none, &mut block.speed, at);
        replace(simd, these, none, &mut block.fined, at);
        for (stop, waiting) in DEFAULT_WAITING.into_iter().enumerate() {
            replace(simd, these, splat(simd, waiting), &mut block.waiting[stop], at);
            replace(simd, these, splat(simd, waiting), &mut block.layout_waiting[stop], at);
        }
    }
    replace_words(simd, beginning, &drawn.police, &mut block.hazards.police);
    replace_words(simd, beginning, &drawn.lights, &mut block.hazards.lights);
    replace_words(simd, beginning, &drawn.red, &mut block.hazards.red);
    for (old, new) in block.generator.iter_mut().zip(&generator) {
        replace_words(simd, beginning, new, old);
    }
    replace_floats(simd, beginning, &[0.0; LANES], &mut block.episode_return);
    block.crashed &= !beginning;
    block.needs_reset &= !beginning;
}

/// Environments of any blocks that are to begin an episode, by index.
pub(super) struct Queue {
    indices: [usize; LANES],
    length: usize,
}

impl Default for Queue {
    fn default() -> Self {
        Self { indices: [0; LANES], length: 0 }
    }
}

impl Queue {
    /// Queues some lanes of a block, fewer than [`LEAST_TOGETHER`], after making room for them if need be.
    #[inline(always)]
    pub(super) fn push<S: Simd>(
        &mut self,
        simd: S,
        block: usize,
        lanes: u64,
        blocks: &mut [Block],
        observations: &mut [f32],
        rows: &mut RawRows,
    ) {
        if self.length + lanes.count_ones() as usize > LANES {
            self.begin(simd, blocks, observations, rows);
        }
        for lane in bits(lanes) {
            self.indices[self.length] = block * LANES + lane;
            self.length += 1;
        }
    }

    /// Begins the episodes of all that are queued and writes their observations; `rows` is scratch.
    #[inline(always)]
    pub(super) fn begin<S: Simd>(
        &mut self,
        simd: S,
        blocks: &mut [Block],
        observations: &mut [f32],
        rows: &mut RawRows,
    ) {
        let queued = &self.indices[..self.length];
        self.length = 0;
        if queued.is_empty() {
            return;
        }
        // A function of its own, as it is called from several places.
        simd.vectorize(
            #[inline(always)]
            || {
                let mut drawn = Block::UNUSED;
                for (slot, &index) in queued.iter().enumerate() {
                    for (drawn, own) in drawn.generator.iter_mut().zip(&blocks[index / LANES].generator) {
                        drawn[slot] = own[index % LANES];
                    }
                }
                drawn.hazards = draw(simd, &mut drawn.generator);
                kernel::observe(simd, &drawn, rows);
                for (slot, &index) in queued.iter().enumerate() {
                    blocks[index / LANES].begin(index % LANES, &drawn, slot);
                    rows.write_row(slot, &mut observations[index * ROW..][..ROW]);
                }
            },
        );
    }
}
