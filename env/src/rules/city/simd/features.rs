//! What drivers see, as numbers in lanes: the same that `observation` makes of one state.

use fearless_simd::prelude::*;
use fearless_simd::{Select, Simd};

use super::block::Trips;
use super::kernel;
use crate::rules::city::observation::{ABOARD, MOST_CELLS, MOST_FEATURES, MOST_TICKS, MOST_WAITING};
use crate::rules::city::parameters::Parameters;
use crate::rules::city::{MAX_SPEED, SIGHT};
use crate::rules::lanes::{Bytes, LANES, load, splat, store};

/// The numbers of each entry of 64 trips; those of entries that are no small number are 0.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct Features(pub(super) [Bytes; MOST_FEATURES]);

/// The cells of a table that one instruction looks up.
const LOOKUP: usize = 16;

/// The cells of the route, x and y, 16 at a time and as often as a register has room.
#[derive(Debug)]
pub(super) struct Cells(Vec<[Bytes; 2]>);

impl Cells {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let table = |cells: &[(u8, u8)], of: fn(&(u8, u8)) -> u8| {
            std::array::from_fn(|lane| cells.get(lane % LOOKUP).map_or(0, of))
        };
        let tables =
            parameters.route.chunks(LOOKUP).map(|cells| [table(cells, |cell| cell.0), table(cells, |cell| cell.1)]);
        Self(tables.collect())
    }

    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, position: S::u8s) -> [S::u8s; 2] {
        let place = position & (LOOKUP as u8 - 1);
        let mut cells = [splat(simd, 0); 2];
        for (first, tables) in (0..).step_by(LOOKUP).zip(&self.0) {
            let is_here = position.simd_ge(first as u8);
            for (cells, table) in cells.iter_mut().zip(tables) {
                *cells = is_here.select(load(simd, table, 0).swizzle_dyn_within_blocks(place), *cells);
            }
        }
        cells
    }
}

/// The two nearest of some things ahead; where there is none, its distance is [`NOTHING`].
struct Nearest<S: Simd> {
    distance: [S::u8s; 2],
    closed: [S::u8s; 2],
    ticks: [S::u8s; 2],
}

const NOTHING: u8 = u8::MAX;

impl<S: Simd> Nearest<S> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        let none = [splat(simd, 0); 2];
        Self { distance: [splat(simd, NOTHING); 2], closed: none, ticks: none }
    }

    /// Adds one of each trip, unless it is out of sight.
    #[inline(always)]
    fn add(&mut self, simd: S, ahead: S::u8s, sight: u8, closed: S::u8s, ticks: S::u8s) {
        let ahead = ahead.simd_le(sight).select(ahead, splat(simd, NOTHING));
        let first = ahead.simd_lt(self.distance[0]);
        let second = ahead.simd_lt(self.distance[1]);
        for ([one, other], new) in [(&mut self.distance, ahead), (&mut self.closed, closed), (&mut self.ticks, ticks)] {
            *other = first.select(*one, second.select(new, *other));
            *one = first.select(new, *one);
        }
    }

    /// 1 where one of them is closed and this far away.
    #[inline(always)]
    fn closed_at(&self, simd: S, cells: u8) -> S::u8s {
        let none = splat(simd, 0);
        let at = |place: usize| self.distance[place].simd_eq(cells).select(self.closed[place], none);
        at(0) | at(1)
    }

    #[inline(always)]
    fn told(&self, place: usize) -> S::u8s {
        self.distance[place].min(SIGHT)
    }
}

impl Features {
    pub(super) const NONE: Self = Self([[0; LANES]; MOST_FEATURES]);

    #[inline(always)]
    fn put<S: Simd>(&mut self, place: usize, lanes: S::u8s, at: usize) {
        store(lanes, &mut self.0[place], at);
    }
}

/// Tells what can be seen in the lanes from `at` on.
#[inline(always)]
pub(super) fn observe<S: Simd>(
    simd: S,
    parameters: &Parameters,
    cells: &Cells,
    trips: &Trips,
    at: usize,
    out: &mut Features,
) {
    let (position, speed) = (load(simd, &trips.position, at), load(simd, &trips.speed, at));
    let aboard = kernel::aboard(simd, parameters, trips, at);
    let legal = splat(simd, parameters.scenario.bus.legal);
    let [x, y] = cells.at(simd, position);
    out.put::<S>(0, x, at);
    out.put::<S>(1, y, at);
    out.put::<S>(2, aboard, at);
    out.put::<S>(4, speed, at);
    see(simd, parameters, trips, at, out);
    out.put::<S>(14, position, at);
    stops(simd, parameters, trips, at, out);
    out.put::<S>(19, aboard.saturating_sub(legal), at);
    out.put::<S>(20, legal.saturating_sub(aboard), at);
    // Cells until the bus stands: the sum of the notches below its own.
    out.put::<S>(29, speed.simd_eq(MAX_SPEED).select(splat(simd, 3), speed >> 1), at);
    out.put::<S>(30, load(simd, &trips.held, at), at);
    for (place, aboard) in (ABOARD..).zip(&trips.aboard[1..parameters.stops()]) {
        out.put::<S>(place, load(simd, aboard, at), at);
    }
}

/// Lights and checkpoints.
#[inline(always)]
fn see<S: Simd>(simd: S, parameters: &Parameters, trips: &Trips, at: usize, out: &mut Features) {
    let scenario = &parameters.scenario;
    let (none, one) = (splat(simd, 0), splat(simd, 1));
    let position = load(simd, &trips.position, at);
    // Behind the bus, things are farther away than anybody sees.
    let mut lights = Nearest::new(simd);
    for light in &trips.lights[..usize::from(scenario.lights.count)] {
        let (clock, green) = (load(simd, &light.clock, at), load(simd, &light.green, at));
        let is_red = clock.simd_ge(green);
        let ticks = (is_red.select(load(simd, &light.cycle, at), green) - clock).min(MOST_TICKS);
        lights.add(simd, load(simd, &light.cell, at) - position, SIGHT, is_red.select(one, none), ticks);
    }
    let mut police = Nearest::new(simd);
    for checkpoint in &trips.checkpoints[..usize::from(scenario.police.checkpoints)] {
        let ahead = load(simd, &checkpoint.cell, at) - position;
        police.add(simd, ahead, scenario.police.sight.min(SIGHT), load(simd, &checkpoint.waits, at), none);
    }
    let (red, police_here) = (lights.closed_at(simd, 0), police.closed_at(simd, 0));
    out.put::<S>(5, red, at);
    out.put::<S>(6, police_here, at);
    out.put::<S>(7, red | police_here, at);
    out.put::<S>(10, lights.closed_at(simd, 1) | police.closed_at(simd, 1), at);
    out.put::<S>(11, lights.told(0), at);
    out.put::<S>(12, police.told(0), at);
    out.put::<S>(21, lights.closed[0], at);
    out.put::<S>(22, lights.ticks[0], at);
    out.put::<S>(23, lights.told(1), at);
    out.put::<S>(24, lights.closed[1], at);
    out.put::<S>(25, lights.ticks[1], at);
    out.put::<S>(26, police.closed[0], at);
    out.put::<S>(27, police.told(1), at);
    out.put::<S>(28, police.closed[1], at);
}

/// The stop where the bus is, and the one after it.
#[inline(always)]
fn stops<S: Simd>(simd: S, parameters: &Parameters, trips: &Trips, at: usize, out: &mut Features) {
    let stops = &parameters.scenario.route.stops;
    let terminal = stops.len() - 1;
    let (none, one) = (splat(simd, 0), splat(simd, 1));
    let position = load(simd, &trips.position, at);
    let mut is_at_stop = S::mask8s::splat(simd, false);
    let (mut boards, mut waiting, mut alight) = (none, none, none);
    // From the last on, so that the next of all that are ahead stays.
    let (mut next, mut waiting_next) = (splat(simd, stops[terminal]), none);
    let mut alight_next = load(simd, &trips.aboard[terminal], at);
    for (stop, &cell) in stops.iter().enumerate().rev() {
        let (queue, board) = if stop < terminal { (load(simd, &trips.queues[stop], at), one) } else { (none, none) };
        let aboard = load(simd, &trips.aboard[stop], at);
        let here = position.simd_eq(cell);
        is_at_stop |= here;
        boards = here.select(board, boards);
        waiting = here.select(queue, waiting);
        alight = here.select(aboard, alight);
        let is_ahead = position.simd_lt(cell);
        next = is_ahead.select(splat(simd, cell), next);
        waiting_next = is_ahead.select(queue, waiting_next);
        alight_next = is_ahead.select(aboard, alight_next);
    }
    out.put::<S>(8, boards, at);
    out.put::<S>(9, waiting.min(MOST_WAITING), at);
    out.put::<S>(15, is_at_stop.select(none, next.saturating_sub(position).min(MOST_CELLS)), at);
    out.put::<S>(16, waiting_next.min(MOST_WAITING), at);
    out.put::<S>(17, alight_next, at);
    out.put::<S>(18, alight, at);
}
