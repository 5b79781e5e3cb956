//! A step of a whole batch, block after block.

use fearless_simd::Simd;

use super::block::Block;
use super::episodes::{self, LEAST_TOGETHER, Queue};
use super::kernel;
use super::rows::{ROW, ROWS, RawRows};
use crate::rules::Action;
use crate::rules::lanes::{Bytes, LANES, bits};
use crate::vec_env::{Autoreset, StepBuffers};

/// Moves all environments on and tells whether any needs a reset now.
#[inline(always)]
pub(super) fn step<S: Simd>(
    simd: S,
    blocks: &mut [Block],
    autoreset: Autoreset,
    actions: &[Action],
    out: &mut StepBuffers<'_>,
) -> bool {
    let mut rows = RawRows::EMPTY;
    let mut queue = Queue::default();
    let mut need_reset = 0;
    let (whole, rest) = actions.as_chunks::<LANES>();
    for (index, actions) in whole.iter().enumerate() {
        let beginning =
            step_block(simd, &mut blocks[index], autoreset, actions, BlockOut::new(out, index, LANES), &mut rows);
        need_reset |= blocks[index].needs_reset & !beginning;
        if beginning != 0 {
            queue.push(simd, index, beginning, blocks, out.observations, &mut rows);
        }
    }
    if !rest.is_empty() {
        let index = whole.len();
        let mut actions = [0; LANES];
        actions[..rest.len()].copy_from_slice(rest);
        let block_out = BlockOut::new(out, index, rest.len());
        let beginning = step_block(simd, &mut blocks[index], autoreset, &actions, block_out, &mut rows);
        need_reset |= blocks[index].needs_reset & !beginning;
        queue.push(simd, index, beginning, blocks, out.observations, &mut rows);
    }
    queue.begin(simd, blocks, out.observations, &mut rows);
    // An episode ends on the route long before the step limit.
    out.truncated.fill(false);
    need_reset != 0
}

/// Where the results of a block go: 64 rows, or fewer in the last block.
struct BlockOut<'a> {
    observations: &'a mut [f32],
    rewards: &'a mut [f32],
    terminated: &'a mut [bool],
    final_observations: &'a mut [f32],
}

impl<'a> BlockOut<'a> {
    /// Inlined, so that where the number of environments is a constant, the compiler knows all lengths.
    #[inline(always)]
    fn new(out: &'a mut StepBuffers<'_>, index: usize, envs: usize) -> Self {
        Self {
            observations: &mut out.observations[index * ROWS..][..envs * ROW],
            rewards: &mut out.rewards[index * LANES..][..envs],
            terminated: &mut out.terminated[index * LANES..][..envs],
            final_observations: &mut out.final_observations[index * ROWS..][..envs * ROW],
        }
    }
}

/// Moves a block on. Returns the lanes that are still to begin an episode, whose observations are to be written then.
#[inline(always)]
fn step_block<S: Simd>(
    simd: S,
    block: &mut Block,
    autoreset: Autoreset,
    actions: &Bytes,
    out: BlockOut<'_>,
    rows: &mut RawRows,
) -> u64 {
    let BlockOut { observations, rewards, terminated, final_observations } = out;
    let idle = block.needs_reset;
    let advance = kernel::advance(simd, block, actions, rows);
    for ((out, total), byte) in rewards.iter_mut().zip(&mut block.episode_return).zip(advance.rewards) {
        let reward = kernel::reward(byte);
        *out = reward;
        *total += reward;
    }
    for (out, terminated) in terminated.iter_mut().zip(advance.terminated) {
        *out = terminated != 0;
    }

    // The rest is about the lanes that are environments, all but those past the end of the batch.
    let mut to_write = u64::MAX >> (LANES - rewards.len());
    let ended = advance.ended & to_write & !idle;
    let mut beginning = idle;
    if ended | idle != 0 {
        for lane in bits(idle) {
            rewards[lane] = 0.0;
            terminated[lane] = false;
        }
        episodes::finish(simd, block, ended, advance.crashed);
        if autoreset == Autoreset::SameStep {
            beginning |= ended;
            write(rows, ended, final_observations);
        }
        if beginning.count_ones() >= LEAST_TOGETHER {
            write(rows, to_write & !beginning, observations);
            episodes::begin(simd, block, beginning);
            kernel::observe(simd, block, rows);
            to_write = beginning;
            beginning = 0;
        }
    }
    write(rows, to_write, observations);
    beginning
}

/// Writes the rows of some lanes.
#[inline(always)]
fn write(rows: &RawRows, lanes: u64, out: &mut [f32]) {
    if lanes == u64::MAX
        && let Ok(out) = out.try_into()
    {
        rows.write(out);
    } else {
        for lane in bits(lanes) {
            rows.write_row(lane, &mut out[lane * ROW..][..ROW]);
        }
    }
}
