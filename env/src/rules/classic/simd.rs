//! The fast batch of the `classic` rules: many environments a step in the lanes of SIMD registers.
//!
//! Environments are stored in blocks of 64, field by field, nearly every field a byte (`block`). A step judges 64,
//! 32 or 16 of them at once, whatever a register holds, without a branch on data (`kernel`), turns the features it
//! then sees into rows of floats (`rows`), and only where a lane's episode has ended does more: it notes the figures,
//! draws a layout and begins anew (`episodes`, `draw`).
//!
//! The source is one for all instruction sets, by way of `fearless_simd`, which also picks the best that the machine
//! has when a batch is made: AVX-512 as of Ice Lake, AVX2, SSE4.2 or SSE2 on x86, NEON on ARM, plain code elsewhere.
//! Everything that a step calls is `#[inline(always)]`, and registers don't pass through closures: only code that ends
//! up inside the one function made for an instruction set is compiled with it.
//!
//! [`ScalarBatch`](crate::ScalarBatch) is the oracle: `tests` hold the two equal bit for bit.
#![expect(clippy::inline_always, reason = "instruction sets are enabled for one function and what is inlined in it")]

mod block;
mod draw;
mod episodes;
mod kernel;
mod rows;
mod step;
#[cfg(test)]
mod tests;

use fearless_simd::{Level, dispatch};

use self::block::Block;
use super::{Classic, ClassicState, info};
use crate::episode::EpisodeStats;
use crate::rules::Action;
use crate::rules::lanes::LANES;
use crate::vec_env::{Autoreset, Batch, Snapshot, StepBuffers};

/// Environments of the `classic` rules, stepped in SIMD lanes.
///
/// Snapshots go in and out unchanged if stepping from a reset leads to them. Of others, what no episode can reach is
/// brought to the nearest that fits, and the length of the episode is taken from the steps of its state.
#[derive(Debug, Clone)]
pub struct ClassicBatch {
    level: Level,
    envs: usize,
    /// The lanes of the last one that are past `envs` are stepped along and never read.
    blocks: Vec<Block>,
    /// Unless this is set, no environment needs a reset, and nobody has to look.
    may_need_reset: bool,
}

impl ClassicBatch {
    /// A batch that is stepped with the instructions of `level`.
    fn at_level(level: Level, snapshots: &[Snapshot<ClassicState>]) -> Self {
        let envs = snapshots.len();
        let blocks = vec![Block::UNUSED; envs.div_ceil(LANES)];
        let mut batch = Self { level, envs, blocks, may_need_reset: false };
        for (index, snapshot) in snapshots.iter().enumerate() {
            batch.restore(&Classic, index, snapshot);
        }
        batch
    }
}

impl Batch<Classic> for ClassicBatch {
    fn new(_: &Classic, snapshots: Vec<Snapshot<ClassicState>>) -> Self {
        Self::at_level(Level::new(), &snapshots)
    }

    fn envs(&self) -> usize {
        self.envs
    }

    fn snapshot(&self, _: &Classic, index: usize) -> Snapshot<ClassicState> {
        self.blocks[index / LANES].get(index % LANES)
    }

    fn with_state<T>(&self, _: &Classic, index: usize, read: impl FnOnce(&ClassicState) -> T) -> T {
        read(&self.blocks[index / LANES].state(index % LANES))
    }

    fn action_masks(&self, _: &Classic, masks: &mut [u32]) {
        for (block, masks) in self.blocks.iter().zip(masks.chunks_mut(LANES)) {
            let open = block.action_masks();
            masks.iter_mut().zip(open).for_each(|(mask, open)| *mask = u32::from(open));
        }
    }

    fn episode_return(&self, index: usize) -> f32 {
        self.blocks[index / LANES].episode_return[index % LANES]
    }

    fn last_episode(&self, index: usize) -> Option<EpisodeStats> {
        self.blocks[index / LANES].last_episode(index % LANES)
    }

    fn restore(&mut self, _: &Classic, index: usize, snapshot: &Snapshot<ClassicState>) {
        self.blocks[index / LANES].set(index % LANES, snapshot);
        self.may_need_reset |= snapshot.needs_reset;
    }

    fn first_that_needs_reset(&self) -> Option<usize> {
        if !self.may_need_reset {
            return None;
        }
        let block = self.blocks.iter().position(|block| block.needs_reset != 0)?;
        Some(block * LANES + self.blocks[block].needs_reset.trailing_zeros() as usize)
    }

    fn step(&mut self, _: &Classic, autoreset: Autoreset, actions: &[Action], mut out: StepBuffers<'_>) {
        if let Some(costs) = &mut out.costs {
            costs.fill(0.0);
        }
        if out.terms.is_some() {
            return self.step_one_by_one(autoreset, actions, out);
        }
        let blocks = &mut self.blocks[..];
        self.may_need_reset = dispatch!(self.level, simd => step::step(simd, blocks, autoreset, actions, &mut out));
    }
}

impl ClassicBatch {
    /// Lanes add rewards up as they go and could not tell their terms: who wants those gets the plain rules.
    fn step_one_by_one(&mut self, autoreset: Autoreset, actions: &[Action], mut out: StepBuffers<'_>) {
        for (index, &action) in actions.iter().enumerate() {
            let mut snapshot = self.snapshot(&Classic, index);
            snapshot.step(&Classic, autoreset, action, info::FIGURES, &mut out.row(index));
            self.restore(&Classic, index, &snapshot);
        }
    }
}
