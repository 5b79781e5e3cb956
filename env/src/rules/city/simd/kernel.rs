//! One tick of 64 trips to which nothing happens: queues grow, buses hold or change their speed and drive on.
//!
//! Trips to which something may happen are told beforehand, and the plain rules move them on one by one. They are few:
//! at a stop where somebody may board or alight, at a checkpoint or a red light, at the end of the route, and where a
//! random word is so low that radar or a crash is possible.

use fearless_simd::prelude::*;
use fearless_simd::{Select, Simd};

use super::block::{Floats, Trips};
use super::words::TickWords;
use crate::rules::city::parameters::{Parameters, word_of};
use crate::rules::city::tick::Quiet;
use crate::rules::city::{CrashMode, DROP_OFF, MAX_SPEED, MOVE, PICK_UP, SPEED_LIMIT, SPEED_UP};
use crate::rules::lanes::{Bytes, LANES, Words, bits, load, low_bytes, splat, store};

/// What a quiet tick brings, by [`place`].
type QuietTable = [Quiet; 1024];

/// What is worked out once from a scenario.
#[derive(Debug)]
pub(super) struct Tables {
    quiet: Box<QuietTable>,
    /// No crash has words as high as this.
    crash: u32,
    rival: u32,
}

/// The place of a speed and a load in a [`QuietTable`]. Any byte is a load, so that no place is out of bounds.
fn place(speed: u8, load: u8) -> usize {
    usize::from(speed & 3) << 8 | usize::from(load)
}

impl Tables {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let scenario = &parameters.scenario;
        let quiet = std::array::from_fn(|place| Quiet::new(parameters, (place >> 8) as u8, place as u8));
        let worst = (0..=MAX_SPEED).map(|speed| parameters.hazard(speed, scenario.bus.capacity)).fold(0.0, f64::max);
        let sampled = scenario.crash.mode == CrashMode::Sampled;
        Self {
            quiet: Box::new(quiet),
            // A little more than is needed, as chances are rounded to single precision before they are compared.
            crash: if sampled { word_of(worst * (1.0 + 1e-6)).saturating_add(1) } else { 0 },
            rival: word_of(f64::from(scenario.demand.rival as f32)),
        }
    }
}

/// The speed of each bus after its action.
#[inline(always)]
pub(super) fn speeds<S: Simd>(simd: S, trips: &Trips, actions: &Bytes) -> Bytes {
    let mut speeds = [0; LANES];
    let none = splat(simd, 0);
    for at in (0..LANES).step_by(S::u8s::LEN) {
        let (speed, action) = (load(simd, &trips.speed, at), load(simd, actions, at));
        let slower = speed.saturating_sub(1);
        let faster = action.simd_eq(SPEED_UP).select((speed + 1).min(MAX_SPEED), slower);
        let after = action.simd_eq(MOVE).select(speed.max(1), faster);
        let is_held = load(simd, &trips.held, at).simd_ne(none);
        store(is_held.select(none, after), &mut speeds, at);
    }
    speeds
}

/// The trips to which something may happen, a bit each.
#[inline(always)]
pub(super) fn eventful<S: Simd>(
    simd: S,
    parameters: &Parameters,
    tables: &Tables,
    trips: &Trips,
    words: &TickWords,
    actions: &Bytes,
    speeds: &Bytes,
) -> u64 {
    let scenario = &parameters.scenario;
    let stops = &scenario.route.stops;
    let (none, last) = (splat(simd, 0), splat(simd, parameters.last_cell()));
    let (mut eventful, mut fast) = (0, 0);
    for at in (0..LANES).step_by(S::u8s::LEN) {
        let (position, speed, action) =
            (load(simd, &trips.position, at), load(simd, speeds, at), load(simd, actions, at));
        let stands = speed.simd_eq(none) & load(simd, &trips.held, at).simd_eq(none);
        let (picks_up, drops_off) = (stands & action.simd_eq(PICK_UP), stands & action.simd_eq(DROP_OFF));
        let mut these = (last - position).simd_le(speed);
        for (stop, (&cell, aboard)) in stops.iter().zip(&trips.aboard).enumerate() {
            let here = position.simd_eq(cell);
            these |= here & drops_off & load(simd, aboard, at).simd_ne(none);
            if stop + 1 < stops.len() {
                these |= here & picks_up;
            }
        }
        for lights in &trips.lights[..usize::from(scenario.lights.count)] {
            // Behind the bus, it is more than any speed.
            let is_left = (load(simd, &lights.cell, at) - position).simd_lt(speed);
            these |= is_left & load(simd, &lights.clock, at).simd_ge(load(simd, &lights.green, at));
        }
        for checkpoints in &trips.checkpoints[..usize::from(scenario.police.checkpoints)] {
            let is_met = (load(simd, &checkpoints.cell, at) - position).simd_lt(speed.max(1));
            these |= is_met & load(simd, &checkpoints.waits, at).simd_ne(none);
        }
        eventful |= these.to_bitmask() << at;
        fast |= speed.simd_gt(SPEED_LIMIT).to_bitmask() << at;
    }
    eventful |= below(simd, &words.lowest_for_crash(), &[tables.crash; LANES]);
    if fast != 0 {
        eventful |= fast & below(simd, &words.lowest_for_radar(), &trips.radar);
    }
    let oldest = trips.steps.iter().copied().fold(0, u16::max);
    if oldest.saturating_add(1) >= scenario.time.limit {
        let is_late = |lane: &usize| trips.steps[*lane].saturating_add(1) >= scenario.time.limit;
        eventful |= (0..LANES).filter(is_late).fold(0, |late, lane| late | 1 << lane);
    }
    if scenario.contract.lease != 0.0 {
        eventful |= (0..LANES).filter(|&lane| trips.steps[lane] == 0).fold(0, |first, lane| first | 1 << lane);
    }
    eventful | trips.needs_reset
}

/// Where words are below others, a bit each.
#[inline(always)]
fn below<S: Simd>(simd: S, words: &Words, limits: &Words) -> u64 {
    let mut below = 0;
    for at in (0..LANES).step_by(S::u32s::LEN) {
        let (words, limits) = (&words[at..at + S::u32s::LEN], &limits[at..at + S::u32s::LEN]);
        let is_below = S::u32s::from_slice(simd, words).simd_lt(S::u32s::from_slice(simd, limits));
        below |= is_below.to_bitmask() << at;
    }
    below
}

/// What a tick brought.
pub(super) struct Outcome {
    pub(super) rewards: Floats,
    pub(super) costs: Floats,
}

/// Moves all trips on by a tick in which nothing happens to any. Numbers of lanes that are no
/// environment's go round.
#[inline(always)]
pub(super) fn advance<S: Simd>(
    simd: S,
    parameters: &Parameters,
    tables: &Tables,
    trips: &mut Trips,
    words: &TickWords,
    speeds: &Bytes,
) -> Outcome {
    grow_queues(simd, parameters, tables, trips, words);
    let mut loads = [0; LANES];
    for at in (0..LANES).step_by(S::u8s::LEN) {
        let aboard = aboard(simd, parameters, trips, at);
        store(aboard, &mut loads, at);
        store(load(simd, &trips.held, at).saturating_sub(1), &mut trips.held, at);
        store(load(simd, &trips.position, at) + load(simd, speeds, at), &mut trips.position, at);
        store(load(simd, &trips.peak, at).max(aboard), &mut trips.peak, at);
        for lights in &mut trips.lights[..usize::from(parameters.scenario.lights.count)] {
            let next = load(simd, &lights.clock, at) + 1;
            let begins = next.simd_eq(load(simd, &lights.cycle, at));
            store(begins.select(splat(simd, 0), next), &mut lights.clock, at);
        }
    }
    trips.speed = *speeds;
    for (steps, (cells, speed)) in trips.steps.iter_mut().zip(trips.cells.iter_mut().zip(speeds)) {
        *steps = steps.wrapping_add(1);
        *cells = cells.wrapping_add(u16::from(*speed));
    }
    for (fast_cells, (violations, &speed)) in trips.fast_cells.iter_mut().zip(trips.violations.iter_mut().zip(speeds)) {
        let fast = u16::from(if speed > SPEED_LIMIT { speed } else { 0 });
        *fast_cells = fast_cells.wrapping_add(fast);
        *violations = violations.wrapping_add(fast);
    }
    let mut outcome = Outcome { rewards: [0.0; LANES], costs: [0.0; LANES] };
    let mut kilometres = [0.0; LANES];
    for lane in 0..LANES {
        let quiet = &tables.quiet[place(speeds[lane], loads[lane])];
        outcome.rewards[lane] = quiet.reward;
        outcome.costs[lane] = quiet.micromorts;
        kilometres[lane] = quiet.overload_km;
    }
    add(&mut trips.episode_return, &outcome.rewards);
    add(&mut trips.micromorts, &outcome.costs);
    add(&mut trips.overload_km, &kilometres);
    outcome
}

#[inline(always)]
fn add(sums: &mut Floats, more: &Floats) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more;
    }
}

/// How many are aboard, of the lanes from `at` on.
#[inline(always)]
pub(super) fn aboard<S: Simd>(simd: S, parameters: &Parameters, trips: &Trips, at: usize) -> S::u8s {
    let mut all = splat(simd, 0);
    for aboard in &trips.aboard[..parameters.stops()] {
        all += load(simd, aboard, at);
    }
    all
}

#[inline(always)]
fn grow_queues<S: Simd>(simd: S, parameters: &Parameters, tables: &Tables, trips: &mut Trips, words: &TickWords) {
    let demand = &parameters.scenario.demand;
    let (none, one) = (S::u32s::splat(simd, 0), S::u32s::splat(simd, 1));
    for ((queue, table), words) in trips.queues.iter_mut().zip(&parameters.arrivals).zip(words.arrivals()) {
        let highest = words.iter().copied().fold(0, u32::max);
        let reached = table.iter().take_while(|&&below| highest >= below).count();
        let mut coming: Words = [0; LANES];
        for at in (0..LANES).step_by(S::u32s::LEN) {
            let word = S::u32s::from_slice(simd, &words[at..at + S::u32s::LEN]);
            let mut count = none;
            for &below in &table[..reached] {
                count += word.simd_ge(below).select(one, none);
            }
            count.store_slice(&mut coming[at..at + S::u32s::LEN]);
        }
        for at in (0..LANES).step_by(S::u8s::LEN) {
            let longer = load(simd, queue, at).saturating_add(low_bytes(simd, &coming, at));
            store(longer.min(demand.most), queue, at);
        }
    }
    for lane in bits(below(simd, words.rival(), &[tables.rival; LANES])) {
        let stop = (u64::from(words.rival_stop()[lane]) * parameters.arrivals.len() as u64) >> 32;
        let queue = &mut trips.queues[stop as usize][lane];
        *queue -= demand.rival_takes.min(*queue);
    }
}
