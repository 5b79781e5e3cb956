//! The fast batch of the `city` rules: many trips a step in the lanes of SIMD registers.
//!
//! Trips are stored in blocks of 64, field by field, nearly every field a byte (`block`). Random words are drawn for all
//! lanes, whatever happens in them (`words`). Then nearly all trips have a tick in which nothing happens but that the bus
//! drives and queues grow: they are moved on together (`kernel`). Where passengers board or alight (`exchange`) and where
//! a light or a checkpoint is in the way (`passing`), only what that changes is done trip by trip. The few others, most of
//! which end, are stepped by the plain rules. What all drivers see is made in lanes again (`features`) and turned into rows
//! of floats (`rows`). Registers in which no environment lies are left alone.
//!
//! [`ScalarBatch`](crate::ScalarBatch) is the oracle: the two are held equal bit for bit.
#![expect(clippy::inline_always, reason = "instruction sets are enabled for one function and what is inlined in it")]

mod block;
mod exchange;
mod features;
mod kernel;
mod passing;
mod rows;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use arrayvec::ArrayVec;
use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch};

use self::block::Block;
use self::exchange::exchange;
use self::features::{Cells, Features};
use self::kernel::{Eventful, Tables};
use self::passing::pass;
use self::rows::{RawRows, RowScales};
use self::words::{LaneWords, TickWords};
use super::parameters::Parameters;
use super::tick::{Quiet, drive_tick};
use super::{City, CityState};
use crate::episode::EpisodeStats;
use crate::generator::Generator;
use crate::rules::lanes::{Bytes, LANES, bits};
use crate::rules::{Action, Rules};
use crate::vec_env::{Autoreset, Batch, Snapshot, StepBuffers, StepRow};

/// Environments of the `city` rules, stepped in SIMD lanes.
///
/// Snapshots go in and out unchanged, but that the length of the episode is taken from the steps of its state.
#[derive(Debug, Clone)]
pub(super) struct LaneBatch {
    level: Level,
    envs: usize,
    /// The lanes of the last one that are past `envs` are copies of a trip, stepped along and never read.
    blocks: Vec<Block>,
    tables: Arc<Tables>,
    cells: Arc<Cells>,
    scales: Arc<RowScales>,
    scratch: Box<Scratch>,
    observation_size: usize,
    figures: usize,
    /// Unless this is set, no environment needs a reset, and nobody has to look.
    may_need_reset: bool,
}

/// What a step of a block works with.
#[derive(Debug, Clone)]
struct Scratch {
    words: TickWords,
    features: Features,
    rows: RawRows,
}

impl LaneBatch {
    /// A batch that is stepped with the instructions of `level`.
    fn at_level(level: Level, rules: &City, snapshots: &[Snapshot<CityState>]) -> Self {
        let parameters = &rules.parameters;
        let info = rules.info();
        Self {
            level,
            envs: snapshots.len(),
            blocks: snapshots.chunks(LANES).map(|snapshots| Block::new(snapshots, parameters)).collect(),
            tables: Arc::new(Tables::new(parameters)),
            cells: Arc::new(Cells::new(parameters)),
            scales: Arc::new(RowScales::new(parameters)),
            scratch: Box::new(Scratch {
                words: TickWords::new(parameters),
                features: Features::NONE,
                rows: RawRows::EMPTY,
            }),
            observation_size: info.observation_size(),
            figures: info.figures.len(),
            may_need_reset: snapshots.iter().any(|snapshot| snapshot.needs_reset),
        }
    }
}

impl Batch<City> for LaneBatch {
    fn new(rules: &City, snapshots: Vec<Snapshot<CityState>>) -> Self {
        Self::at_level(Level::new(), rules, &snapshots)
    }

    fn envs(&self) -> usize {
        self.envs
    }

    fn snapshot(&self, _: &City, index: usize) -> Snapshot<CityState> {
        self.blocks[index / LANES].get(index % LANES)
    }

    fn with_state<T>(&self, _: &City, index: usize, read: impl FnOnce(&CityState) -> T) -> T {
        read(&self.blocks[index / LANES].state(index % LANES))
    }

    fn action_masks(&self, rules: &City, masks: &mut [u32]) {
        for (block, masks) in self.blocks.iter().zip(masks.chunks_mut(LANES)) {
            block.trips.action_masks(&rules.parameters, masks);
        }
    }

    fn episode_return(&self, index: usize) -> f32 {
        self.blocks[index / LANES].trips.episode_return[index % LANES]
    }

    fn last_episode(&self, index: usize) -> Option<EpisodeStats> {
        self.blocks[index / LANES].last_episode(index % LANES)
    }

    fn restore(&mut self, rules: &City, index: usize, snapshot: &Snapshot<CityState>) {
        self.blocks[index / LANES].set(index % LANES, snapshot, &rules.parameters);
        self.may_need_reset |= snapshot.needs_reset;
    }

    fn first_that_needs_reset(&self) -> Option<usize> {
        if !self.may_need_reset {
            return None;
        }
        (0..self.envs).find(|&index| self.blocks[index / LANES].trips.needs_reset >> (index % LANES) & 1 == 1)
    }

    fn step(&mut self, rules: &City, autoreset: Autoreset, actions: &[Action], mut out: StepBuffers<'_>) {
        self.may_need_reset = dispatch!(self.level, simd => step(simd, self, rules, autoreset, actions, &mut out));
    }
}

/// Moves all environments on and tells whether any needs a reset now.
#[inline(always)]
fn step<S: Simd>(
    simd: S,
    batch: &mut LaneBatch,
    rules: &City,
    autoreset: Autoreset,
    actions: &[Action],
    out: &mut StepBuffers<'_>,
) -> bool {
    let parameters = &*rules.parameters;
    let LaneBatch { blocks, tables, cells, scales, scratch, observation_size: size, figures, .. } = batch;
    let Scratch { words, features, rows } = &mut **scratch;
    let mut need_reset = 0;
    for (index, (block, given)) in blocks.iter_mut().zip(actions.chunks(LANES)).enumerate() {
        let (first, envs) = (index * LANES, given.len());
        let actions = given.first_chunk().map_or_else(|| padded(given), |whole| *whole);
        // The lanes that are environments.
        let own = u64::MAX >> (LANES - envs);
        let trips = &mut block.trips;

        let idle = own & trips.needs_reset;
        let before = (idle != 0).then_some(trips.generator);
        words.draw(simd, tables, &mut trips.generator, &trips.radar, envs);
        // They begin episodes, with the words that these begin with.
        if let Some(before) = before {
            for lane in bits(idle) {
                trips.set_generator(lane, &Generator::from_words(before.map(|word| word[lane])));
            }
        }
        kernel::grow_queues(simd, parameters, trips, words, envs);
        let speeds = kernel::speeds(simd, trips, &actions);
        let mut eventful = kernel::eventful(simd, parameters, trips, words.chances, &actions, &speeds);
        // Who wants to know what rewards are made of gets all by the plain rules.
        if out.terms.is_some() {
            eventful = Eventful { exchanges: 0, passes: 0, others: u64::MAX, ..eventful };
        }
        let mut alighting = [0; LANES];
        for lane in bits(own & eventful.exchanges) {
            alighting[lane] = exchange(parameters, trips, &LaneWords { words, lane }, lane, actions[lane]);
        }
        let fined = pass_all(parameters, tables, block, words, own, &speeds, &mut eventful);
        let eventful_trips = own & eventful.others;
        for lane in bits(eventful_trips) {
            block.take(lane);
        }

        let mut outcome = kernel::advance(
            simd,
            parameters,
            tables,
            &mut block.trips,
            (&speeds, &alighting),
            (own & eventful.fast, envs),
        );
        for &Fined { lane, reward, episode_return } in &fined {
            outcome.rewards[lane] = reward;
            block.trips.episode_return[lane] = episode_return;
        }
        tell(&outcome.rewards, first, out.rewards);
        if let Some(costs) = &mut out.costs {
            tell(&outcome.costs, first, costs);
        }
        tell(&[false; LANES], first, out.terminated);
        tell(&[false; LANES], first, out.truncated);
        for lane in bits(eventful_trips) {
            let mut row = out.row(first + lane);
            if idle >> lane & 1 == 1 {
                begin(rules, block, lane);
                row.rest();
            } else {
                let words = LaneWords { words, lane };
                step_one(rules, block, &words, actions[lane], (autoreset, *figures), &mut row);
            }
        }
        need_reset |= block.trips.needs_reset & own;

        for at in (0..envs).step_by(S::u8s::LEN) {
            features::observe(simd, parameters, cells, &block.trips, at, features);
        }
        rows.fill(simd, features, envs);
        rows.write(parameters, scales, &block.trips, (envs, *size), &mut out.observations[first * *size..]);
    }
    need_reset != 0
}

/// The actions of a block that is not full.
fn padded(given: &[Action]) -> Bytes {
    let mut actions = [0; LANES];
    actions[..given.len()].copy_from_slice(given);
    actions
}

/// Writes what the trips of a block bring, of which the first is environment `first`: at once, where all of them are there.
#[inline(always)]
fn tell<T: Copy>(brought: &[T; LANES], first: usize, out: &mut [T]) {
    let out = &mut out[first..];
    if let Some(whole) = out.first_chunk_mut() {
        *whole = *brought;
    } else {
        out.copy_from_slice(&brought[..out.len()]);
    }
}

/// A trip that is fined though nothing else happens to it, with the reward of its tick and the sum of all.
struct Fined {
    lane: usize,
    reward: f32,
    episode_return: f32,
}

/// Lets the trips pass the lights and checkpoints in their way. Those that cannot be left to it become others.
#[inline(always)]
fn pass_all(
    parameters: &Parameters,
    tables: &Tables,
    block: &mut Block,
    words: &TickWords,
    own: u64,
    speeds: &Bytes,
    eventful: &mut Eventful,
) -> ArrayVec<Fined, LANES> {
    let mut fined = ArrayVec::new();
    for lane in bits(own & eventful.passes) {
        let (words, speed) = (LaneWords { words, lane }, speeds[lane]);
        let Some(passed) = pass(parameters, tables, &block.trips, block.enforcement(lane), &words, (lane, speed))
        else {
            eventful.others |= 1 << lane;
            continue;
        };
        if passed.times_fined > 0 {
            let load = block.trips.load(parameters, lane);
            let reward = Quiet::fined(parameters, speed, load, passed.fines).reward;
            fined.push(Fined { lane, reward, episode_return: block.trips.episode_return[lane] + reward });
        }
        block.pass(lane, &passed);
    }
    fined
}

/// A tick of a trip that was taken, by the plain rules.
fn step_one(
    rules: &City,
    block: &mut Block,
    words: &LaneWords<'_>,
    action: Action,
    (autoreset, figures): (Autoreset, usize),
    row: &mut StepRow<'_>,
) {
    let lane = words.lane;
    let (state, sum) = block.taken(lane);
    let transition = drive_tick(&rules.parameters, state, action, words, row.terms.take());
    let episode_return = sum + transition.reward;
    let ended = transition.terminated || transition.truncated;
    if ended {
        let figures = EpisodeStats::of(rules, state, episode_return, state.steps.into(), figures);
        if autoreset == Autoreset::SameStep {
            rules.observe(state, row.final_observation);
        }
        block.finish(lane, figures);
    }
    if ended && autoreset == Autoreset::SameStep {
        begin(rules, block, lane);
    } else {
        block.put_back(lane, episode_return, ended);
    }
    row.tell(transition);
}

/// Begins an episode on a layout drawn for it.
fn begin(rules: &City, block: &mut Block, lane: usize) {
    let mut generator = block.trips.generator_of(lane);
    let layout = rules.draw(&mut generator);
    block.begin(lane, CityState::new(layout, rules.parameters.stops()), &rules.parameters);
    block.trips.set_generator(lane, &generator);
    block.put_back(lane, 0.0, false);
}
