//! One tick of 64 trips to which nothing happens: queues grow, buses hold or change their speed and drive on.
//!
//! Trips to which something may happen are told beforehand. They are few: at a stop where somebody may board or alight, at
//! a checkpoint or a red light, at the end of the route, and where a random word is so low that radar or a crash is
//! possible.

use fearless_simd::prelude::*;
use fearless_simd::{Select, Simd, f32x4};

use super::block::{Floats, Trips};
use super::words::{Arrivals, Chances, TickWords};
use crate::rules::city::parameters::{Parameters, word_of};
use crate::rules::city::tick::Quiet;
use crate::rules::city::{CrashMode, DROP_OFF, MAX_SPEED, MOVE, PICK_UP, SPEED_LIMIT, SPEED_UP};
use crate::rules::lanes::{Bytes, LANES, bits, bytes_of, load, splat, store};

/// What a quiet tick brings, by [`place`]: the reward, micromorts and overloaded kilometres.
type QuietTable = [[f32; QUARTER]; 1024];

/// Trips whose rows of a [`QuietTable`] are turned together: the floats of a row.
const QUARTER: usize = 4;

/// What is worked out once from a scenario.
#[derive(Debug)]
pub(super) struct Tables {
    quiet: Box<QuietTable>,
    /// Who comes to each stop but the last.
    pub(super) arrivals: Vec<Arrivals>,
    /// No crash has words as high as this.
    pub(super) crash: u32,
    /// No crash at a red light has.
    pub(super) red_crash: u32,
    pub(super) rival: u32,
}

/// The place in a [`QuietTable`] of a speed with a load, or, where the bus stands, with those who alight. Any byte is
/// either, so that no place is out of bounds.
#[inline(always)]
fn place(speed: u8, passengers: u8) -> usize {
    usize::from(speed & 3) << 8 | usize::from(passengers)
}

impl Tables {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let scenario = &parameters.scenario;
        let quiet = |place: usize| {
            let (speed, passengers) = ((place >> 8) as u8, place as u8);
            let Quiet { reward, micromorts, overload_km } = Quiet::new(parameters, speed, passengers);
            [reward, micromorts, overload_km, 0.0]
        };
        let worst = parameters.leaving(MAX_SPEED, scenario.bus.capacity).hazard;
        let sampled = scenario.crash.mode == CrashMode::Sampled;
        // A little more than is needed, as chances are rounded to single precision before they are compared.
        let above = |chance: f64| if sampled { word_of(chance * (1.0 + 1e-6)).saturating_add(1) } else { 0 };
        Self {
            quiet: Box::new(std::array::from_fn(quiet)),
            arrivals: parameters.arrivals.iter().map(|table| Arrivals::new(table)).collect(),
            crash: above(worst),
            red_crash: above(1.0 - (1.0 - worst) * (1.0 - scenario.lights.crash)),
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
pub(super) struct Eventful {
    /// Somebody may board or alight.
    pub(super) exchanges: u64,
    /// A red light or a checkpoint is passed or stood at.
    pub(super) passes: u64,
    /// Anything else.
    pub(super) others: u64,
    /// The bus drives too fast: no event if nobody sees it.
    pub(super) fast: u64,
}

/// Finds the trips to which something may happen.
#[inline(always)]
pub(super) fn eventful<S: Simd>(
    simd: S,
    parameters: &Parameters,
    trips: &Trips,
    chances: Chances,
    actions: &Bytes,
    speeds: &Bytes,
) -> Eventful {
    let scenario = &parameters.scenario;
    let stops = &scenario.route.stops;
    let (none, last) = (splat(simd, 0), splat(simd, parameters.last_cell()));
    let mut eventful = Eventful { exchanges: 0, passes: 0, others: chances.crash | trips.needs_reset, fast: 0 };
    for at in (0..LANES).step_by(S::u8s::LEN) {
        let (position, speed, action) =
            (load(simd, &trips.position, at), load(simd, speeds, at), load(simd, actions, at));
        let stands = speed.simd_eq(none) & load(simd, &trips.held, at).simd_eq(none);
        let (picks_up, drops_off) = (stands & action.simd_eq(PICK_UP), stands & action.simd_eq(DROP_OFF));
        let mut exchanges = S::mask8s::splat(simd, false);
        for (stop, (&cell, aboard)) in stops.iter().zip(&trips.aboard).enumerate() {
            let mut these = drops_off & load(simd, aboard, at).simd_ne(none);
            if stop + 1 < stops.len() {
                these |= picks_up & load(simd, &trips.queues[stop], at).simd_ne(none);
            }
            exchanges |= these & position.simd_eq(cell);
        }
        eventful.exchanges |= exchanges.to_bitmask() << at;
        let mut passes = S::mask8s::splat(simd, false);
        for lights in &trips.lights[..usize::from(scenario.lights.count)] {
            // Behind the bus, it is more than any speed.
            let is_left = (load(simd, &lights.cell, at) - position).simd_lt(speed);
            passes |= is_left & load(simd, &lights.clock, at).simd_ge(load(simd, &lights.green, at));
        }
        for checkpoints in &trips.checkpoints[..usize::from(scenario.police.checkpoints)] {
            let is_met = (load(simd, &checkpoints.cell, at) - position).simd_lt(speed.max(1));
            passes |= is_met & load(simd, &checkpoints.waits, at).simd_ne(none);
        }
        eventful.passes |= passes.to_bitmask() << at;
        eventful.others |= (last - position).simd_le(speed).to_bitmask() << at;
        eventful.fast |= speed.simd_gt(SPEED_LIMIT).to_bitmask() << at;
    }
    eventful.others |= eventful.fast & chances.radar;
    let is_leased = scenario.contract.lease != 0.0;
    for at in (0..LANES).step_by(S::u16s::LEN) {
        let ticks = S::u16s::from_slice(simd, &trips.steps[at..at + S::u16s::LEN]);
        eventful.others |= ticks.simd_ge(scenario.time.limit - 1).to_bitmask() << at;
        if is_leased {
            eventful.others |= ticks.simd_eq(0).to_bitmask() << at;
        }
    }
    eventful.exchanges &= !eventful.others;
    eventful.passes &= !eventful.others;
    eventful
}

/// Passengers come to the stops, and a rival may take some.
#[inline(always)]
pub(super) fn grow_queues<S: Simd>(
    simd: S,
    parameters: &Parameters,
    trips: &mut Trips,
    words: &TickWords,
    envs: usize,
) {
    let demand = &parameters.scenario.demand;
    for (queue, coming) in trips.queues.iter_mut().zip(&words.coming).take(parameters.arrivals.len()) {
        for at in (0..envs).step_by(S::u8s::LEN) {
            let longer = load(simd, queue, at).saturating_add(bytes_of(simd, coming, at));
            store(longer.min(demand.most), queue, at);
        }
    }
    for lane in bits(words.chances.rival) {
        let stop = (u64::from(words.rival_stop()[lane]) * parameters.arrivals.len() as u64) >> 32;
        let queue = &mut trips.queues[stop as usize][lane];
        *queue -= demand.rival_takes.min(*queue);
    }
}

/// What a tick brought.
pub(super) struct Outcome {
    pub(super) rewards: Floats,
    pub(super) costs: Floats,
}

/// Moves all trips on by a tick in which nothing happens to any but that some `alight`, once queues have grown. Numbers
/// of lanes that are no environment's go round.
#[inline(always)]
pub(super) fn advance<S: Simd>(
    simd: S,
    parameters: &Parameters,
    tables: &Tables,
    trips: &mut Trips,
    (speeds, alighting): (&Bytes, &Bytes),
    (fast, envs): (u64, usize),
) -> Outcome {
    let none = splat(simd, 0);
    // Where a bus stands, its load makes no difference.
    let mut passengers = [0; LANES];
    for at in (0..LANES).step_by(S::u8s::LEN) {
        let (aboard, speed) = (aboard(simd, parameters, trips, at), load(simd, speeds, at));
        store(speed.simd_eq(none).select(load(simd, alighting, at), aboard), &mut passengers, at);
        store(load(simd, &trips.held, at).saturating_sub(1), &mut trips.held, at);
        store(load(simd, &trips.position, at) + speed, &mut trips.position, at);
        store(load(simd, &trips.peak, at).max(aboard), &mut trips.peak, at);
        for lights in &mut trips.lights[..usize::from(parameters.scenario.lights.count)] {
            let next = load(simd, &lights.clock, at) + 1;
            let begins = next.simd_eq(load(simd, &lights.cycle, at));
            store(begins.select(none, next), &mut lights.clock, at);
        }
    }
    trips.speed = *speeds;
    for steps in &mut trips.steps {
        *steps = steps.wrapping_add(1);
    }
    for lane in bits(fast) {
        trips.fast_cells[lane] = trips.fast_cells[lane].wrapping_add(speeds[lane].into());
        trips.violations[lane] = trips.violations[lane].wrapping_add(speeds[lane].into());
    }
    let mut outcome = Outcome { rewards: [0.0; LANES], costs: [0.0; LANES] };
    let Outcome { rewards, costs } = &mut outcome;
    let Trips { episode_return: returns, micromorts: risks, overload_km: overloads, .. } = trips;
    for at in (0..envs).step_by(QUARTER) {
        let one = quiet(simd, tables, speeds[at], passengers[at]);
        let two = quiet(simd, tables, speeds[at + 1], passengers[at + 1]);
        let three = quiet(simd, tables, speeds[at + 2], passengers[at + 2]);
        let four = quiet(simd, tables, speeds[at + 3], passengers[at + 3]);
        let ((first, last), (other_first, other_last)) = (one.interleave(three), two.interleave(four));
        let (reward, micromorts) = first.interleave(other_first);
        let kilometres = last.zip_low(other_last);
        reward.store_slice(&mut rewards[at..at + QUARTER]);
        micromorts.store_slice(&mut costs[at..at + QUARTER]);
        add(simd, reward, returns, at);
        add(simd, micromorts, risks, at);
        add(simd, kilometres, overloads, at);
    }
    outcome
}

#[inline(always)]
fn quiet<S: Simd>(simd: S, tables: &Tables, speed: u8, passengers: u8) -> f32x4<S> {
    f32x4::from_slice(simd, &tables.quiet[place(speed, passengers)])
}

#[inline(always)]
fn add<S: Simd>(simd: S, more: f32x4<S>, sums: &mut Floats, at: usize) {
    let sums = &mut sums[at..at + QUARTER];
    (f32x4::from_slice(simd, sums) + more).store_slice(sums);
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
