//! A tick as exact chances: what a driver may expect of each action, and where it may lead.
//!
//! Written from the text of the rules (`docs/CITY.md`, "A tick") and not from `tick.rs`, with which it shares no code, so
//! that a mistake in either shows when the two are compared. What changes nothing but money is not told apart: fines, radar
//! and bribes are in the expected reward.

use arrayvec::ArrayVec;

use super::super::{
    CityScenario, CrashMode, DROP_OFF, MAX_CHECKPOINTS, MAX_LIGHTS, MAX_SPEED, MAX_STOPS, MOVE, PICK_UP, SPEED_LIMIT,
    SPEED_UP,
};
use crate::rules::Action;

/// All that the rest of a trip depends on, beside the tick and the road. What no longer matters is the same in all of them:
/// nobody waits at a stop that was passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct State {
    /// The cell of the bus, as an index into the route.
    pub position: u8,
    /// Speed notch: cells a tick.
    pub speed: u8,
    /// Ticks for which the police hold the bus.
    pub held: u8,
    /// The manned checkpoints that the bus has stood at or passed, a bit each, in the order of their cells.
    pub satisfied: u8,
    /// How many wait at each stop but the last.
    pub queues: [u8; MAX_STOPS],
    /// How many are aboard by where they want to go.
    pub aboard: [u8; MAX_STOPS],
}

impl State {
    fn load(&self) -> u8 {
        self.aboard.iter().sum()
    }
}

/// Where lights and manned checkpoints stand, as ascending cells of the route.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Road {
    pub(super) lights: ArrayVec<u8, MAX_LIGHTS>,
    pub(super) checkpoints: ArrayVec<u8, MAX_CHECKPOINTS>,
}

impl Road {
    /// The bit of the manned checkpoint in the bus's cell that is not satisfied.
    fn unsatisfied(&self, state: &State) -> Option<u8> {
        let place = self.checkpoints.iter().position(|&cell| cell == state.position)?;
        let bit = 1 << place;
        (state.satisfied & bit == 0).then_some(bit)
    }

    /// Whether a light of the set `red`, a bit each, stands in a cell.
    fn is_red(&self, red: usize, cell: u8) -> bool {
        self.lights.iter().position(|&light| light == cell).is_some_and(|place| red >> place & 1 == 1)
    }
}

/// What an action leads to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// The expected reward of the tick, k, without the lease.
    pub reward: f64,
    /// The expected cost of the tick, micromorts.
    pub cost: f64,
    /// How many alight here and pay.
    pub alighted: u8,
    /// The states that may follow, each once, with their chances. What they lack to 1 is the chance that the trip ends.
    pub next: Vec<(State, f64)>,
}

impl Outcome {
    fn leads_to(&mut self, state: State, chance: f64) {
        if chance <= 0.0 {
            return;
        }
        match self.next.iter_mut().find(|(other, _)| *other == state) {
            Some((_, sum)) => *sum += chance,
            None => self.next.push((state, chance)),
        }
    }
}

/// What `action` leads to in `state`, while the lights of the set `red` are red.
pub(super) fn outcome(scenario: &CityScenario, road: &Road, red: usize, state: &State, action: Action) -> Outcome {
    let mut outcome = Outcome { reward: -scenario.time.cost, ..Outcome::default() };
    let after = if state.held > 0 {
        vec![(State { held: state.held - 1, speed: 0, ..*state }, 1.0)]
    } else {
        driver_acts(scenario, state, action, &mut outcome)
    };
    for (state, chance) in after {
        if state.speed > 0 {
            bus_drives(scenario, road, red, (state, chance), &mut outcome);
        } else {
            bus_stands(scenario, road, (state, chance), &mut outcome);
        }
    }
    outcome
}

/// The stop of a cell.
fn stop_at(scenario: &CityScenario, cell: u8) -> Option<usize> {
    scenario.route.stops.iter().position(|&stop| stop == cell)
}

/// What the action makes of the speed, and who boards or alights: states before the bus drives, with their chances.
fn driver_acts(scenario: &CityScenario, state: &State, action: Action, outcome: &mut Outcome) -> Vec<(State, f64)> {
    let speed = match (action, state.speed) {
        (MOVE | SPEED_UP, 0) => 1,
        (MOVE, speed) => speed,
        (SPEED_UP, speed) => MAX_SPEED.min(speed + 1),
        (_, speed) => speed.saturating_sub(1),
    };
    let mut after = State { speed, ..*state };
    let last = scenario.route.stops.len() - 1;
    match (action, stop_at(scenario, state.position)) {
        (PICK_UP, Some(stop)) if speed == 0 && stop < last => {
            let load = state.load();
            let most = if load >= scenario.bus.legal { scenario.bus.capacity } else { scenario.bus.legal };
            let boarding = scenario.bus.board.min(most - load).min(state.queues[stop]);
            after.queues[stop] -= boarding;
            let mut boarded = Vec::new();
            draw_destinations((after, 1.0), boarding, stop + 1, &scenario.demand.destinations[stop], &mut boarded);
            boarded
        }
        (DROP_OFF, Some(stop)) if speed == 0 => {
            let alighting = scenario.bus.alight.min(state.aboard[stop]);
            after.aboard[stop] -= alighting;
            outcome.alighted = alighting;
            outcome.reward += f64::from(alighting) * scenario.bus.fare * scenario.contract.fares;
            vec![(after, 1.0)]
        }
        _ => vec![(after, 1.0)],
    }
}

/// The multinomial distribution of where `count` passengers want to go, whose chances are `row` from stop `first` on.
fn draw_destinations(
    (state, chance): (State, f64),
    count: u8,
    first: usize,
    row: &[f64],
    into: &mut Vec<(State, f64)>,
) {
    let Some((here, after)) = row.split_first() else {
        if count == 0 {
            into.push((state, chance));
        }
        return;
    };
    // The chance that `going` of them want to go here times the ways to choose which.
    let mut part = 1.0;
    for going in 0..=count {
        let mut next = state;
        next.aboard[first] += going;
        if part > 0.0 {
            draw_destinations((next, chance * part), count - going, first + 1, after, into);
        }
        part *= here * f64::from(count - going) / f64::from(going + 1);
    }
}

/// A bus that stands satisfies a manned checkpoint, and its load may be counted.
fn bus_stands(scenario: &CityScenario, road: &Road, (mut state, chance): (State, f64), outcome: &mut Outcome) {
    let Some(checkpoint) = road.unsatisfied(&state) else { return outcome.leads_to(state, chance) };
    state.satisfied |= checkpoint;
    let (load, police, bribe) = (state.load(), &scenario.police, &scenario.bribe);
    let over = load.saturating_sub(scenario.bus.legal);
    let counted = if over > 0 { police.inspect } else { 0.0 };
    let fined = counted * (1.0 - bribe.chance);
    let paid = fined * police.fine + counted * bribe.chance * bribe.amount;
    outcome.reward -= chance * paid * scenario.contract.fines;
    outcome.leads_to(state, chance * (1.0 - fined));
    if police.impound.is_some_and(|most| load > most) {
        return;
    }
    // One after another they are put off, of those aboard who want to go farthest.
    for _ in 0..over {
        if let Some(farthest) = state.aboard.iter().rposition(|&count| count > 0) {
            state.aboard[farthest] -= 1;
        }
    }
    outcome.leads_to(State { held: police.hold, ..state }, chance * fined);
}

/// The bus leaves as many cells as its speed, each of which may bring fines, or a crash that ends the trip.
fn bus_drives(
    scenario: &CityScenario,
    road: &Road,
    red: usize,
    (mut state, chance): (State, f64),
    outcome: &mut Outcome,
) {
    let (crash, fines) = (&scenario.crash, scenario.contract.fines);
    let load = state.load();
    let over = f64::from(load.saturating_sub(scenario.bus.legal));
    let square = f64::from(state.speed).powi(2) / 4.0;
    let hazard = crash.hazard * square * (1.0 + over / crash.overload);
    let (real, deaths) = ((hazard / crash.hazard_scale).min(1.0), (crash.deaths * square).min(1.0));
    let micromorts = real * deaths * f64::from(load) * 1e6;
    let harm = (crash.harm + crash.harm_aboard * f64::from(load)) * square * crash.share;
    let last = scenario.route.stops.len() - 1;
    let terminal = scenario.route.stops[last];

    // The chance that the bus comes to the cell.
    let mut reaches = chance;
    for _ in 0..state.speed {
        if state.position == terminal {
            break;
        }
        let mut survives = 1.0 - hazard.min(1.0);
        let mut fine = 0.0;
        if road.is_red(red, state.position) {
            survives *= 1.0 - scenario.lights.crash;
            fine += scenario.lights.fined * scenario.lights.fine;
        }
        if let Some(checkpoint) = road.unsatisfied(&state) {
            state.satisfied |= checkpoint;
            fine += scenario.police.caught * scenario.police.flight_fine;
        }
        if state.speed > SPEED_LIMIT {
            fine += scenario.speed.radar * scenario.speed.fine;
        }
        outcome.reward -= reaches * (scenario.fuel.cost + fine * fines + (1.0 - survives) * harm);
        outcome.cost += reaches * micromorts;
        if crash.mode == CrashMode::Sampled {
            reaches *= survives;
        }
        state.position += 1;
    }
    if state.position == terminal {
        outcome.reward += reaches * f64::from(state.aboard[last]) * scenario.bus.fare * scenario.contract.fares;
        return;
    }
    for (queue, &stop) in state.queues.iter_mut().zip(&scenario.route.stops) {
        if stop < state.position {
            *queue = 0;
        }
    }
    outcome.leads_to(state, reaches);
}
