//! One tick, in the order in which things happen.

use arrayvec::ArrayVec;

use super::parameters::{Leaving, Parameters, chance, poisson};
use super::{
    CityState, CrashMode, DROP_OFF, MAX_BOARD, MAX_SPEED, MAX_STOPS, MOVE, PICK_UP, SPEED_LIMIT, SPEED_UP, STOP,
};
use crate::generator::Generator;
use crate::rules::{Action, StepTerms, Transition};

/// What a reward is the sum of, in their order.
pub(super) const REWARD_TERMS: usize = 6;
/// The costs, in their order.
pub(super) const COST_TERMS: usize = 3;

/// The random words of a tick. All are drawn, whatever happens.
pub(super) struct Words {
    arrivals: ArrayVec<u32, MAX_STOPS>,
    rival: u32,
    rival_stop: u32,
    /// One for each who may board.
    destinations: ArrayVec<u32, { MAX_BOARD as usize }>,
    inspection: u32,
    bribe: u32,
    cells: [CellWords; MAX_SPEED as usize],
}

/// The random words of a cell that is left.
#[derive(Clone, Copy)]
pub(super) struct CellWords {
    /// A red light or a checkpoint: never both are in a cell.
    pub(super) violation: u32,
    pub(super) radar: u32,
    pub(super) crash: u32,
}

/// Where the words of a tick are read that matter once queues have grown.
pub(super) trait TickRandom {
    /// Where one who boards wants to go.
    fn destination(&self, boarding: usize) -> u32;
    fn inspection(&self) -> u32;
    fn bribe(&self) -> u32;
    /// Of the first, second or third cell that is left.
    fn cell(&self, cell: usize) -> CellWords;
}

impl TickRandom for Words {
    fn destination(&self, boarding: usize) -> u32 {
        self.destinations[boarding]
    }

    fn inspection(&self) -> u32 {
        self.inspection
    }

    fn bribe(&self) -> u32 {
        self.bribe
    }

    fn cell(&self, cell: usize) -> CellWords {
        self.cells[cell]
    }
}

impl Words {
    /// How many there are.
    pub(super) fn count(parameters: &Parameters) -> u32 {
        parameters.arrivals.len() as u32 + 4 + u32::from(parameters.scenario.bus.board) + 3 * u32::from(MAX_SPEED)
    }

    pub(super) fn draw(parameters: &Parameters, generator: &mut Generator) -> Self {
        let mut word = || generator.next_u32();
        Self {
            arrivals: parameters.arrivals.iter().map(|_| word()).collect(),
            rival: word(),
            rival_stop: word(),
            destinations: (0..parameters.scenario.bus.board).map(|_| word()).collect(),
            inspection: word(),
            bribe: word(),
            cells: std::array::from_fn(|_| CellWords { violation: word(), radar: word(), crash: word() }),
        }
    }
}

/// Money and costs of a tick, k.
#[derive(Default)]
struct Account {
    paid: u16,
    fines: f32,
    cells: u16,
    harm: f32,
    micromorts: f32,
    violations: u16,
    overload_km: f32,
}

impl Account {
    fn leave(&mut self, cell: &Leaving) {
        self.cells += 1;
        self.micromorts += cell.micromorts;
        self.overload_km += f32::from(cell.over) * KM_PER_CELL;
    }

    /// The terms of the reward. `first` tells the first tick of a trip.
    fn rewards(&self, parameters: &Parameters, first: bool) -> [f32; REWARD_TERMS] {
        let scenario = &parameters.scenario;
        let contract = &scenario.contract;
        [
            f32::from(self.paid) * (scenario.bus.fare * contract.fares) as f32,
            -self.fines * contract.fines as f32,
            -scenario.time.cost as f32,
            -f32::from(self.cells) * scenario.fuel.cost as f32,
            -self.harm * scenario.crash.share as f32,
            if first { -contract.lease as f32 } else { 0.0 },
        ]
    }
}

/// What a tick brings in which the bus drives at a speed and with a load, or stands while some alight, and nothing else
/// happens to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quiet {
    pub(super) reward: f32,
    pub(super) micromorts: f32,
    pub(super) overload_km: f32,
}

impl Quiet {
    /// `passengers` are aboard a bus that drives, or alight from one that stands.
    pub(super) fn new(parameters: &Parameters, speed: u8, passengers: u8) -> Self {
        Self::fined(parameters, speed, passengers, 0.0)
    }

    /// The same, with fines.
    pub(super) fn fined(parameters: &Parameters, speed: u8, passengers: u8, fines: f32) -> Self {
        let mut account = Account { fines, ..Account::default() };
        let load = passengers;
        if speed == 0 {
            account.paid = passengers.into();
        }
        let cell = Leaving::new(&parameters.scenario, speed, load);
        for _ in 0..speed {
            account.leave(&cell);
            if parameters.scenario.crash.mode == CrashMode::Expected {
                account.harm += (cell.hazard * cell.harm) as f32;
            }
        }
        let reward = account.rewards(parameters, false).iter().sum();
        Self { reward, micromorts: account.micromorts, overload_km: account.overload_km }
    }
}

pub(super) fn tick(
    parameters: &Parameters,
    state: &mut CityState,
    action: Action,
    words: &Words,
    terms: Option<StepTerms<'_>>,
) -> Transition {
    grow_queues(parameters, state, words);
    drive_tick(parameters, state, action, words, terms)
}

/// What happens in a tick once queues have grown.
pub(super) fn drive_tick(
    parameters: &Parameters,
    state: &mut CityState,
    action: Action,
    words: &impl TickRandom,
    terms: Option<StepTerms<'_>>,
) -> Transition {
    let mut account = Account::default();
    let first = state.steps == 0;
    if state.held > 0 {
        state.held -= 1;
        state.speed = 0;
    } else {
        act(parameters, state, action, words, &mut account);
    }
    stand_at_checkpoint(parameters, state, words, &mut account);
    if !state.impounded {
        drive(parameters, state, words, &mut account);
    }
    state.steps += 1;
    state.totals.peak = state.totals.peak.max(state.load());
    settle(parameters, state, &account, first, terms)
}

/// Passengers come, and a rival may take some.
fn grow_queues(parameters: &Parameters, state: &mut CityState, words: &Words) {
    let demand = &parameters.scenario.demand;
    for ((queue, table), &word) in state.queues.iter_mut().zip(&parameters.arrivals).zip(&words.arrivals) {
        *queue = queue.saturating_add(poisson(word, table)).min(demand.most);
    }
    if chance(words.rival, demand.rival as f32) {
        let stop = (u64::from(words.rival_stop) * state.queues.len() as u64) >> 32;
        let queue = &mut state.queues[stop as usize];
        *queue -= demand.rival_takes.min(*queue);
    }
}

fn act(parameters: &Parameters, state: &mut CityState, action: Action, words: &impl TickRandom, account: &mut Account) {
    state.speed = match action {
        MOVE => state.speed.max(1),
        SPEED_UP => (state.speed + 1).min(MAX_SPEED),
        _ => state.speed.saturating_sub(1),
    };
    let Some(stop) = parameters.stop_at(state.position).filter(|_| state.speed == 0) else { return };
    match action {
        PICK_UP if stop < state.queues.len() => {
            let boarding = boarding(parameters, state.queues[stop], state.load());
            state.queues[stop] -= boarding;
            for place in 0..usize::from(boarding) {
                state.aboard[destination(parameters, stop, words.destination(place))] += 1;
            }
        }
        DROP_OFF => {
            let alighting = state.aboard[stop].min(parameters.scenario.bus.alight);
            state.aboard[stop] -= alighting;
            account.paid += u16::from(alighting);
        }
        _ => {}
    }
}

/// How many of a queue board in a tick.
pub(super) fn boarding(parameters: &Parameters, queue: u8, load: u8) -> u8 {
    queue.min(room(parameters, load)).min(parameters.scenario.bus.board)
}

/// Where one wants to go who boards at a stop, by a random word.
pub(super) fn destination(parameters: &Parameters, stop: usize, word: u32) -> usize {
    let after = parameters.destinations[stop].iter().filter(|&&below| word >= below).count();
    // The sum of a row may fall short of 1 by a rounding error.
    (stop + 1 + after).min(parameters.stops() - 1)
}

/// How many may board: up to the legal load, and above it only where it is reached already.
fn room(parameters: &Parameters, load: u8) -> u8 {
    let bus = &parameters.scenario.bus;
    if load < bus.legal { bus.legal - load } else { bus.capacity - load }
}

/// Standing in a manned checkpoint's cell satisfies it, and the load may be counted.
fn stand_at_checkpoint(parameters: &Parameters, state: &mut CityState, words: &impl TickRandom, account: &mut Account) {
    if state.speed > 0 {
        return;
    }
    let Some(checkpoint) = state.unsatisfied_here() else { return };
    state.satisfied |= 1 << checkpoint;
    let over = parameters.over(state.load());
    if over == 0 {
        return;
    }
    state.totals.overloaded_passes += 1;
    let enforcement = state.layout.enforcement;
    if !chance(words.inspection(), enforcement.inspect) {
        return;
    }
    let (police, bribe) = (&parameters.scenario.police, &parameters.scenario.bribe);
    if chance(words.bribe(), bribe.chance as f32) {
        account.fines += bribe.amount as f32;
        return;
    }
    fine(state, account, enforcement.load_fine);
    state.totals.load_fines += 1;
    if police.impound.is_some_and(|most| state.load() > most) {
        state.impounded = true;
        return;
    }
    put_off(state, over);
    state.held = police.hold;
}

fn fine(state: &mut CityState, account: &mut Account, amount: f32) {
    account.fines += amount;
    state.totals.times_fined += 1;
}

/// Those go who want to go farthest.
fn put_off(state: &mut CityState, mut count: u8) {
    for aboard in state.aboard.iter_mut().rev() {
        let going = count.min(*aboard);
        *aboard -= going;
        count -= going;
    }
}

/// The cells of the tick, one after another, until the bus arrives or crashes.
fn drive(parameters: &Parameters, state: &mut CityState, words: &impl TickRandom, account: &mut Account) {
    let (speed, load) = (state.speed, state.load());
    let (scenario, enforcement) = (&parameters.scenario, state.layout.enforcement);
    if speed == 0 {
        return;
    }
    let cell = parameters.leaving(speed, load);
    let Leaving { hazard, harm, .. } = *cell;
    for word in (0..usize::from(speed)).map(|place| words.cell(place)) {
        let mut crash = hazard;
        if state.red_here() {
            account.violations += 1;
            if chance(word.violation, enforcement.light_fined) {
                fine(state, account, enforcement.light_fine);
            }
            crash = 1.0 - (1.0 - crash) * (1.0 - scenario.lights.crash);
        }
        if let Some(checkpoint) = state.unsatisfied_here() {
            // It is passed once, whatever comes of it.
            state.satisfied |= 1 << checkpoint;
            account.violations += 1;
            state.totals.overloaded_passes += u16::from(cell.over > 0);
            if chance(word.violation, enforcement.caught) {
                fine(state, account, enforcement.flight_fine);
            }
        }
        if speed > SPEED_LIMIT {
            account.violations += 1;
            state.totals.fast_cells += 1;
            if chance(word.radar, enforcement.radar) {
                fine(state, account, enforcement.speed_fine);
            }
        }
        account.leave(cell);
        match scenario.crash.mode {
            CrashMode::Sampled if chance(word.crash, crash as f32) => {
                account.harm += harm as f32;
                state.crashed = true;
                return;
            }
            CrashMode::Sampled => {}
            CrashMode::Expected => account.harm += (crash * harm) as f32,
        }
        state.position += 1;
        if state.position == parameters.last_cell() {
            let terminal = state.aboard.len() - 1;
            account.paid += u16::from(state.aboard[terminal]);
            state.aboard[terminal] = 0;
            return;
        }
    }
}

/// The length of a cell, km.
const KM_PER_CELL: f32 = 0.1;

/// What the tick brought.
fn settle(
    parameters: &Parameters,
    state: &mut CityState,
    account: &Account,
    first: bool,
    terms: Option<StepTerms<'_>>,
) -> Transition {
    let scenario = &parameters.scenario;
    let totals = &mut state.totals;
    totals.paid += account.paid;
    totals.fines += account.fines;
    totals.violations += account.violations;
    totals.cells += account.cells;
    totals.overload_km += account.overload_km;
    totals.micromorts += account.micromorts;
    let rewards = account.rewards(parameters, first);
    let costs: [f32; COST_TERMS] = [account.micromorts, f32::from(account.violations), account.overload_km];
    if let Some(StepTerms { reward, cost }) = terms {
        reward.copy_from_slice(&rewards);
        cost.copy_from_slice(&costs);
    }
    let arrived = state.position == parameters.last_cell();
    let terminated = arrived || state.crashed || state.impounded;
    let truncated = !terminated && state.steps >= scenario.time.limit;
    Transition { reward: rewards.iter().sum(), cost: costs[0], terminated, truncated }
}

/// Bit `a` for an action that may do what none before it does.
pub(super) fn action_mask(parameters: &Parameters, state: &CityState) -> u32 {
    let stop = parameters.stop_at(state.position);
    let alighting = stop.map_or(0, |stop| state.aboard[stop]);
    mask_of(parameters, (state.held, state.speed), stop, (state.load(), alighting))
}

/// The same of what it depends on: ticks to be held and the speed; the stop that the bus is at; how many are aboard, and
/// how many of them want to alight there.
pub(super) fn mask_of(
    parameters: &Parameters,
    (held, speed): (u8, u8),
    stop: Option<usize>,
    (load, alighting): (u8, u8),
) -> u32 {
    if held > 0 {
        return 1 << MOVE;
    }
    let exchanges = stop.filter(|_| speed <= 1);
    // Who waits at the next tick is not known. Nobody boards at the last stop.
    let boards = exchanges.is_some_and(|stop| stop + 1 < parameters.stops() && room(parameters, load) > 0);
    let alights = exchanges.is_some() && alighting > 0;
    let speeds_up = (1..MAX_SPEED).contains(&speed);
    1 << MOVE
        | u32::from(boards) << PICK_UP
        | u32::from(alights) << DROP_OFF
        | 1 << STOP
        | u32::from(speeds_up) << SPEED_UP
}
