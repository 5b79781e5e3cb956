//! A batch cut into one piece a thread, where that pays.
//!
//! Waking a thread costs microseconds, in which one core steps thousands of environments. So the number of pieces is
//! chosen by the work, once, and a batch that is too small to share is one piece and never meets the pool.

use std::marker::PhantomData;

use super::{Autoreset, Batch, Snapshot, StepBuffers};
use crate::episode::EpisodeStats;
use crate::rules::{Action, Rules};

/// The least number of environments in a piece: some 30 µs of work, several times what handing it over costs.
const LEAST_ENVS: usize = 16_384;

/// Pieces start at multiples of this, so that batches that step 64 environments at once have no ragged ends inside.
const ALIGNMENT: usize = 64;

#[derive(Debug, Clone)]
pub(super) struct Shards<R: Rules, B: Batch<R>> {
    /// All of `size` environments, but the last, which may have fewer.
    batches: Vec<B>,
    size: usize,
    rules: PhantomData<R>,
}

impl<R: Rules, B: Batch<R>> Shards<R, B> {
    pub(super) fn new(rules: &R, mut snapshots: Vec<Snapshot<R::State>>, threads: usize) -> Self {
        let threads = if cfg!(feature = "threads") { threads.max(1) } else { 1 };
        let count = (snapshots.len() / LEAST_ENVS).clamp(1, threads);
        let size = snapshots.len().div_ceil(count).next_multiple_of(ALIGNMENT).max(ALIGNMENT);
        let mut batches = Vec::with_capacity(count);
        while snapshots.len() > size {
            let rest = snapshots.split_off(size);
            batches.push(B::new(rules, snapshots));
            snapshots = rest;
        }
        batches.push(B::new(rules, snapshots));
        Self { batches, size, rules: PhantomData }
    }

    pub(super) fn count(&self) -> usize {
        self.batches.len()
    }

    pub(super) fn envs(&self) -> usize {
        let last = self.batches.len() - 1;
        last * self.size + self.batches[last].envs()
    }

    pub(super) fn snapshot(&self, rules: &R, index: usize) -> Snapshot<R::State> {
        self.batches[index / self.size].snapshot(rules, index % self.size)
    }

    pub(super) fn with_state<T>(&self, rules: &R, index: usize, read: impl FnOnce(&R::State) -> T) -> T {
        self.batches[index / self.size].with_state(rules, index % self.size, read)
    }

    pub(super) fn action_masks(&self, rules: &R, masks: &mut [u32]) {
        for (batch, masks) in self.batches.iter().zip(masks.chunks_mut(self.size)) {
            batch.action_masks(rules, masks);
        }
    }

    pub(super) fn episode_return(&self, index: usize) -> f32 {
        self.batches[index / self.size].episode_return(index % self.size)
    }

    pub(super) fn last_episode(&self, index: usize) -> Option<EpisodeStats> {
        self.batches[index / self.size].last_episode(index % self.size)
    }

    pub(super) fn restore(&mut self, rules: &R, index: usize, snapshot: &Snapshot<R::State>) {
        self.batches[index / self.size].restore(rules, index % self.size, snapshot);
    }

    pub(super) fn first_that_needs_reset(&self) -> Option<usize> {
        let found = |(shard, batch): (usize, &B)| Some(shard * self.size + batch.first_that_needs_reset()?);
        self.batches.iter().enumerate().find_map(found)
    }

    pub(super) fn step(&mut self, rules: &R, autoreset: Autoreset, actions: &[Action], out: StepBuffers<'_>) {
        if let [batch] = &mut self.batches[..] {
            return batch.step(rules, autoreset, actions, out);
        }
        let pieces = self.batches.iter_mut().zip(actions.chunks(self.size)).zip(out.chunks(self.size));
        #[cfg(feature = "threads")]
        rayon::scope(|scope| {
            for ((batch, actions), out) in pieces {
                scope.spawn(move |_| batch.step(rules, autoreset, actions, out));
            }
        });
        #[cfg(not(feature = "threads"))]
        pieces.for_each(|((batch, actions), out)| batch.step(rules, autoreset, actions, out));
    }
}
