//! What a driver sees and knows. Every entry is `2 · value − 1` of a value from 0 to 1: nearly all count
//! something, so that a fast batch can keep them as bytes.

use super::parameters::Parameters;
use super::{CityState, Enforcement, MAX_SPEED, SIGHT};
use crate::spaces::Feature;

/// How many of the next lights and of the next checkpoints are told.
const AHEAD: usize = 2;

/// Fares that are as much as can be told, k.
const MOST_MONEY: f32 = 60.0;
/// Queues that are as long as can be told.
pub(super) const MOST_WAITING: u8 = 30;
/// Ticks to the change of a light that are as many as can be told.
pub(super) const MOST_TICKS: u8 = 20;
/// Distances to a stop that are as great as can be told, cells.
pub(super) const MOST_CELLS: u8 = 36;
/// Fines that are as high as can be told, k.
const MOST_FINE: f32 = 200.0;
/// The chance of radar that is as great as can be told, a cell.
const MOST_RADAR: f32 = 0.005;

/// Names and meanings of the entries before and after those whose number depends on the stops.
const FIRST: [(&str, &str); 14] = [
    ("x", "x of the bus's cell / (width − 1)"),
    ("y", "y of the bus's cell / (height − 1)"),
    ("passengers", "aboard / capacity"),
    ("money", "fares / 60 k"),
    ("speed", "speed notch / 3"),
    ("light_red", "red light here"),
    ("police_here", "manned checkpoint here that the bus has not stood at"),
    ("must_stop", "either of them"),
    ("at_stop", "at a stop where passengers board"),
    ("waiting", "waiting here / 30"),
    ("must_stop_next", "a red light or such a checkpoint in the next cell"),
    ("light_distance", "cells to the next light / 12, 1 if none is that near"),
    ("police_distance", "the same for checkpoints in sight"),
    ("step", "ticks / tick limit"),
];

const REST: [(&str, &str); 25] = [
    ("progress", "cell / last cell"),
    ("stop_distance", "cells to the next stop / 36, 0 at a stop"),
    ("waiting_next", "waiting at the stop after this cell / 30"),
    ("alight_next", "aboard who want to go there / capacity"),
    ("alight_here", "aboard who want to go here / capacity"),
    ("overload", "aboard above the legal load / how many more than that the bus can hold"),
    ("room", "how many more may board by law / legal load"),
    ("light_1_red", "the next light within 12 cells is red"),
    ("light_1_ticks", "ticks until it changes / 20"),
    ("light_2_distance", "the light after it: cells / 12, 1 if none is that near"),
    ("light_2_red", "it is red"),
    ("light_2_ticks", "ticks until it changes / 20"),
    ("police_1_manned", "the next checkpoint in sight is manned"),
    ("police_2_distance", "the checkpoint after it: cells / 12, 1 if none is in sight"),
    ("police_2_manned", "it is manned"),
    ("braking", "cells that the bus needs to come to a stand / 3"),
    ("held", "the police hold the bus: ticks / how long they do"),
    ("inspect", "the chance that the load is counted at a checkpoint"),
    ("load_fine", "the fine for too many aboard / 200 k"),
    ("radar", "the chance of a cell that radar sees speed 3 / 0.005"),
    ("caught", "the chance that one who flees a checkpoint is fined"),
    ("light_fined", "the chance that one who runs a red light is fined"),
    ("flight_fine", "the fine for fleeing a checkpoint / 200 k"),
    ("speed_fine", "the fine for speeding / 200 k"),
    ("light_fine", "the fine for running a red light / 200 k"),
];

/// What the entries of the observation are.
pub(super) fn features(parameters: &Parameters) -> Vec<Feature> {
    let feature = |(name, meaning)| Feature::new(name, meaning, -1.0, 1.0);
    let names = parameters.scenario.route.names.iter().enumerate().skip(1);
    let aboard = names.map(|(stop, name)| {
        Feature::new(&format!("aboard_{stop}"), &format!("aboard who want to go to {name} / capacity"), -1.0, 1.0)
    });
    FIRST.into_iter().map(feature).chain(REST.into_iter().map(feature)).chain(aboard).collect()
}

/// Cells that a bus drives until it stands, if it brakes from now on.
fn braking(speed: u8) -> u8 {
    speed * speed.saturating_sub(1) / 2
}

/// Something ahead.
#[derive(Clone, Copy)]
struct Ahead {
    distance: u8,
    /// Red, or manned.
    closed: bool,
    ticks: u16,
}

/// The next ones within some cells, the nearest first.
fn next(all: impl Iterator<Item = Ahead>, sight: u8) -> [Option<Ahead>; AHEAD] {
    let mut nearest = [None; AHEAD];
    for ahead in all.filter(|ahead| ahead.distance <= sight) {
        let nearer = |other: &Option<Ahead>| other.is_none_or(|other: Ahead| ahead.distance < other.distance);
        if let Some(place) = nearest.iter().position(nearer) {
            nearest[place..].rotate_right(1);
            nearest[place] = Some(ahead);
        }
    }
    nearest
}

/// How many entries an observation has at most: rows of fast batches are as long.
pub(super) const MOST_FEATURES: usize = 48;
/// The entry for the fares.
pub(super) const MONEY: usize = 3;
/// The entry for the ticks.
pub(super) const STEP: usize = 13;
/// The first entry for what is enforced.
pub(super) const ENFORCED: usize = FIRST.len() + 17;
/// How many entries tell what is enforced.
pub(super) const ENFORCEMENT: usize = 8;
/// The first entry for who is aboard.
pub(super) const ABOARD: usize = FIRST.len() + REST.len();

/// How entries are made: of a whole number by `number · scale − offset`, −1 to 1. Entries that are hidden read 0.
#[derive(Debug)]
pub(super) struct Scales {
    pub(super) scale: [f32; MOST_FEATURES],
    pub(super) offset: [f32; MOST_FEATURES],
}

impl Scales {
    /// What stands for them until they are worked out.
    pub(super) const NONE: Self = Self { scale: [0.0; MOST_FEATURES], offset: [0.0; MOST_FEATURES] };

    /// Those of a scenario with the given entries hidden.
    pub(super) fn new(parameters: &Parameters) -> Self {
        let scenario = &parameters.scenario;
        let (width, height) = scenario.route.grid;
        let (capacity, legal) = (scenario.bus.capacity, scenario.bus.legal);
        let most = |most: u8| f32::from(most);
        let (sight, waiting, ticks) = (most(SIGHT), most(MOST_WAITING), most(MOST_TICKS));
        let wholes: [f32; FIRST.len() + 17] = [
            most(width - 1),
            most(height - 1),
            most(capacity),
            MOST_MONEY / scenario.bus.fare as f32,
            most(MAX_SPEED),
            1.0,
            1.0,
            1.0,
            1.0,
            waiting,
            1.0,
            sight,
            sight,
            f32::from(scenario.time.limit),
            most(parameters.last_cell()),
            most(MOST_CELLS),
            waiting,
            most(capacity),
            most(capacity),
            most(capacity - legal),
            most(legal),
            1.0,
            ticks,
            sight,
            1.0,
            ticks,
            1.0,
            sight,
            1.0,
            most(braking(MAX_SPEED)),
            most(scenario.police.hold),
        ];
        // Those for what is enforced are worked out once a trip, and those after them count passengers.
        let of = |place: usize| wholes.get(place).copied().unwrap_or(most(capacity));
        let is_hidden = |place: usize| parameters.hidden.contains(&place);
        let scale = |place| if is_hidden(place) || of(place) <= 0.0 { 0.0 } else { 2.0 / of(place) };
        Self {
            scale: std::array::from_fn(scale),
            offset: std::array::from_fn(|place| if is_hidden(place) { 0.0 } else { 1.0 }),
        }
    }

    /// The entry at `place` of a number that fits.
    fn entry(&self, place: usize, number: u8) -> f32 {
        f32::from(number) * self.scale[place] - self.offset[place]
    }

    /// The entry at `place` of a number that may be greater than what can be told.
    pub(super) fn counted(&self, place: usize, number: u16) -> f32 {
        (f32::from(number) * self.scale[place]).min(2.0) - self.offset[place]
    }

    /// The entries for what is enforced.
    pub(super) fn enforced(&self, enforcement: &Enforcement) -> [f32; ENFORCEMENT] {
        let share = |part: f32, whole: f32| (part / whole).min(1.0);
        let values = [
            enforcement.inspect,
            share(enforcement.load_fine, MOST_FINE),
            share(enforcement.radar, MOST_RADAR),
            enforcement.caught,
            enforcement.light_fined,
            share(enforcement.flight_fine, MOST_FINE),
            share(enforcement.speed_fine, MOST_FINE),
            share(enforcement.light_fine, MOST_FINE),
        ];
        let entry = |value: usize| {
            let offset = self.offset[ENFORCED + value];
            if offset > 0.0 { 2.0 * values[value] - offset } else { 0.0 }
        };
        std::array::from_fn(entry)
    }
}

pub(super) fn observe(parameters: &Parameters, state: &CityState, out: &mut [f32]) {
    let scenario = &parameters.scenario;
    let (position, load) = (state.position, state.load());
    let (x, y) = parameters.route[usize::from(position)];
    let near = |cell: u8| cell.checked_sub(position);

    let lights = state.layout.lights.iter().filter_map(|light| {
        let (closed, ticks) = (light.is_red(state.steps), light.ticks_to_change(state.steps));
        Some(Ahead { distance: near(light.cell)?, closed, ticks })
    });
    let lights = next(lights, SIGHT);
    let checkpoints = state.layout.checkpoints.iter().enumerate().filter_map(|(place, checkpoint)| {
        let waits = checkpoint.manned && state.satisfied >> place & 1 == 0;
        Some(Ahead { distance: near(checkpoint.cell)?, closed: waits, ticks: 0 })
    });
    let police = next(checkpoints, scenario.police.sight.min(SIGHT));
    let distance = |ahead: Option<Ahead>| ahead.map_or(SIGHT, |ahead| ahead.distance);
    let closed = |ahead: Option<Ahead>| u8::from(ahead.is_some_and(|ahead| ahead.closed));
    let ticks = |ahead: Option<Ahead>| ahead.map_or(0, |ahead| ahead.ticks.min(MOST_TICKS.into()) as u8);
    let closed_at = |cells: u8| {
        let stands = |ahead: &Option<Ahead>| ahead.is_some_and(|ahead| ahead.closed && ahead.distance == cells);
        lights.iter().chain(&police).any(stands)
    };

    let here = parameters.stop_at(position);
    let after = scenario.route.stops.iter().position(|&stop| stop > position).unwrap_or(parameters.stops() - 1);
    let to_stop = if here.is_some() { 0 } else { scenario.route.stops[after].saturating_sub(position) };
    let waiting = |stop: Option<usize>| {
        stop.and_then(|stop| state.queues.get(stop)).copied().unwrap_or_default().min(MOST_WAITING)
    };
    let alighting = |stop: Option<usize>| stop.map_or(0, |stop| state.aboard[stop]);
    let boards_here = here.is_some_and(|stop| stop < state.queues.len());
    let (red, police_here) = (state.red_here(), state.unsatisfied_here().is_some());

    // 0 where an entry is no small number.
    let numbers: [u8; ENFORCED] = [
        x,
        y,
        load,
        0,
        state.speed,
        red.into(),
        police_here.into(),
        (red || police_here).into(),
        boards_here.into(),
        waiting(here),
        closed_at(1).into(),
        distance(lights[0]),
        distance(police[0]),
        0,
        position,
        to_stop.min(MOST_CELLS),
        waiting(Some(after)),
        alighting(Some(after)),
        alighting(here),
        parameters.over(load),
        scenario.bus.legal.saturating_sub(load),
        closed(lights[0]),
        ticks(lights[0]),
        distance(lights[1]),
        closed(lights[1]),
        ticks(lights[1]),
        closed(police[0]),
        distance(police[1]),
        closed(police[1]),
        braking(state.speed),
        state.held,
    ];
    let scales = &parameters.scales;
    for (place, (entry, &number)) in out.iter_mut().zip(&numbers).enumerate() {
        *entry = scales.entry(place, number);
    }
    out[MONEY] = scales.counted(MONEY, state.totals.paid);
    out[STEP] = scales.counted(STEP, state.steps);
    out[ENFORCED..ABOARD].copy_from_slice(&scales.enforced(&state.layout.enforcement));
    for (place, &count) in state.aboard.iter().enumerate().skip(1) {
        out[ABOARD + place - 1] = scales.entry(ABOARD + place - 1, count);
    }
}
