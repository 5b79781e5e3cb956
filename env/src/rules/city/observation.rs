//! What a driver sees and knows. Every entry is `2 · value − 1` of a value from 0 to 1.

use super::parameters::Parameters;
use super::{CityState, MAX_SPEED, SIGHT};
use crate::spaces::Feature;

/// How many of the next lights and of the next checkpoints are told.
const AHEAD: usize = 2;

/// Fares that are as much as can be told, k.
const MOST_MONEY: f32 = 60.0;
/// Queues that are as long as can be told.
const MOST_WAITING: f32 = 30.0;
/// Ticks to the change of a light that are as many as can be told.
const MOST_TICKS: f32 = 20.0;
/// Distances to a stop that are as great as can be told, cells.
const MOST_CELLS: f32 = 36.0;
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

pub(super) fn observe(parameters: &Parameters, state: &CityState, out: &mut [f32]) {
    let scenario = &parameters.scenario;
    let (position, load) = (state.position, state.load());
    let (x, y) = parameters.route[usize::from(position)];
    let (width, height) = scenario.route.grid;
    let flag = |flag| f32::from(u8::from(flag));
    let share = |part: f32, whole: f32| if whole > 0.0 { (part / whole).min(1.0) } else { 0.0 };
    let of = |part: u8, whole: u8| share(f32::from(part), f32::from(whole));
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
    let distance = |ahead: Option<Ahead>| ahead.map_or(1.0, |ahead| of(ahead.distance, SIGHT));
    let closed = |ahead: Option<Ahead>| flag(ahead.is_some_and(|ahead| ahead.closed));
    let ticks = |ahead: Option<Ahead>| ahead.map_or(0.0, |ahead| share(f32::from(ahead.ticks), MOST_TICKS));
    let closed_at = |cells: u8| {
        let stands = |ahead: &Option<Ahead>| ahead.is_some_and(|ahead| ahead.closed && ahead.distance == cells);
        lights.iter().chain(&police).any(stands)
    };

    let here = parameters.stop_at(position);
    let after = scenario.route.stops.iter().position(|&stop| stop > position).unwrap_or(parameters.stops() - 1);
    let to_stop = if here.is_some() { 0 } else { scenario.route.stops[after].saturating_sub(position) };
    let waiting = |stop: Option<usize>| stop.and_then(|stop| state.queues.get(stop)).copied().unwrap_or_default();
    let alighting = |stop: Option<usize>| of(stop.map_or(0, |stop| state.aboard[stop]), scenario.bus.capacity);
    let boards_here = here.is_some_and(|stop| stop < state.queues.len());
    let enforcement = state.layout.enforcement;
    let (capacity, legal) = (scenario.bus.capacity, scenario.bus.legal);

    let first: [f32; FIRST.len()] = [
        of(x, width - 1),
        of(y, height - 1),
        of(load, capacity),
        share(f32::from(state.totals.paid) * scenario.bus.fare as f32, MOST_MONEY),
        of(state.speed, MAX_SPEED),
        flag(state.red_here()),
        flag(state.unsatisfied_here().is_some()),
        flag(state.red_here() || state.unsatisfied_here().is_some()),
        flag(boards_here),
        share(f32::from(waiting(here)), MOST_WAITING),
        flag(closed_at(1)),
        distance(lights[0]),
        distance(police[0]),
        share(f32::from(state.steps), f32::from(scenario.time.limit)),
    ];
    let rest: [f32; REST.len()] = [
        of(position, parameters.last_cell()),
        share(f32::from(to_stop), MOST_CELLS),
        share(f32::from(waiting(Some(after))), MOST_WAITING),
        alighting(Some(after)),
        alighting(here),
        of(parameters.over(load), capacity - legal),
        of(legal.saturating_sub(load), legal),
        closed(lights[0]),
        ticks(lights[0]),
        distance(lights[1]),
        closed(lights[1]),
        ticks(lights[1]),
        closed(police[0]),
        distance(police[1]),
        closed(police[1]),
        of(braking(state.speed), braking(MAX_SPEED)),
        of(state.held, scenario.police.hold),
        enforcement.inspect,
        share(enforcement.load_fine, MOST_FINE),
        share(enforcement.radar, MOST_RADAR),
        enforcement.caught,
        enforcement.light_fined,
        share(enforcement.flight_fine, MOST_FINE),
        share(enforcement.speed_fine, MOST_FINE),
        share(enforcement.light_fine, MOST_FINE),
    ];
    let aboard = state.aboard.iter().skip(1).map(|&count| of(count, capacity));
    for (entry, value) in out.iter_mut().zip(first.into_iter().chain(rest).chain(aboard)) {
        *entry = 2.0 * value - 1.0;
    }
    for &place in &parameters.hidden {
        out[place] = 0.0;
    }
}
