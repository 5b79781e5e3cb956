//! How 64 environments are stored: what every tick touches field by field, the rest one environment after another.

use super::passing::Passed;
use crate::episode::EpisodeStats;
use crate::generator::Generator;
use crate::rules::city::layout::Enforcement;
use crate::rules::city::observation::ENFORCEMENT;
use crate::rules::city::parameters::{Parameters, word_of};
use crate::rules::city::tick::mask_of;
use crate::rules::city::{CityState, MAX_CHECKPOINTS, MAX_LIGHTS, MAX_STOPS};
use crate::rules::lanes::{Bytes, LANES, Words, bits};
use crate::vec_env::Snapshot;

/// A count of each trip that a byte may be too small for.
pub(super) type Counts = [u16; LANES];
/// A float of each trip.
pub(super) type Floats = [f32; LANES];

/// 64 environments.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) trips: Trips,
    environments: Vec<Environment>,
    /// The figures of the last finished episodes.
    last_episodes: Vec<Option<EpisodeStats>>,
}

/// What every tick touches of 64 trips.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct Trips {
    pub(super) position: Bytes,
    pub(super) speed: Bytes,
    pub(super) held: Bytes,
    pub(super) queues: [Bytes; MAX_STOPS],
    pub(super) aboard: [Bytes; MAX_STOPS],
    pub(super) peak: Bytes,
    pub(super) lights: [Lights; MAX_LIGHTS],
    pub(super) checkpoints: [Checkpoints; MAX_CHECKPOINTS],
    pub(super) steps: Counts,
    pub(super) paid: Counts,
    pub(super) overload_km: Floats,
    pub(super) micromorts: Floats,
    pub(super) episode_return: Floats,
    pub(super) generator: [Words; 4],
    /// The words below which radar sees a cell at speed 3.
    pub(super) radar: Words,
    /// A bit for each trip that has ended and that no other has followed.
    pub(super) needs_reset: u64,
    /// A bit for each trip in which something else is enforced than usual.
    pub(super) unusual: u64,
    pub(super) violations: Counts,
    pub(super) fast_cells: Counts,
    /// The cells driven, less the position, which grows with them.
    cells: Counts,
    /// The entries of the observation for what is enforced, where that is unusual.
    pub(super) enforced: [[f32; ENFORCEMENT]; LANES],
}

/// A traffic light of each trip.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lights {
    pub(super) cell: Bytes,
    pub(super) green: Bytes,
    pub(super) cycle: Bytes,
    /// Where in its cycle it stands.
    pub(super) clock: Bytes,
}

/// A checkpoint of each trip.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checkpoints {
    pub(super) cell: Bytes,
    /// 1 where it is manned and the bus has not stood at it.
    pub(super) waits: Bytes,
}

/// What seldom changes, and where the plain rules work.
#[derive(Debug, Clone)]
struct Environment {
    /// What is in no lane is always right: the layout, the checkpoints that are satisfied, fines. The rest is what it was
    /// when [`Block::take`] last read it.
    state: CityState,
    episode_return: f32,
}

impl Block {
    /// Environments, at least one. The lanes that are left are copies of the first.
    pub(super) fn new(snapshots: &[Snapshot<CityState>], parameters: &Parameters) -> Self {
        let snapshots: [_; LANES] = std::array::from_fn(|lane| snapshots.get(lane).unwrap_or(&snapshots[0]));
        let environment =
            |snapshot: &&Snapshot<CityState>| Environment { state: snapshot.state.clone(), episode_return: 0.0 };
        let environments = snapshots.iter().map(environment).collect();
        let mut block = Self { trips: Trips::NONE, environments, last_episodes: vec![None; LANES] };
        for (lane, snapshot) in snapshots.into_iter().enumerate() {
            block.set(lane, snapshot, parameters);
        }
        block
    }

    /// Reads one environment.
    pub(super) fn get(&self, lane: usize) -> Snapshot<CityState> {
        Snapshot {
            state: self.state(lane),
            generator: self.trips.generator_of(lane),
            episode_return: self.trips.episode_return[lane],
            length: u32::from(self.trips.steps[lane]),
            needs_reset: self.trips.needs_reset >> lane & 1 == 1,
            last_episode: self.last_episode(lane),
        }
    }

    /// Reads the running episode of one environment.
    pub(super) fn state(&self, lane: usize) -> CityState {
        let mut state = self.environments[lane].state.clone();
        self.trips.read(lane, &mut state);
        state
    }

    /// The figures of the last finished episode of one environment.
    pub(super) fn last_episode(&self, lane: usize) -> Option<EpisodeStats> {
        self.last_episodes[lane].clone()
    }

    /// Replaces one environment.
    pub(super) fn set(&mut self, lane: usize, snapshot: &Snapshot<CityState>, parameters: &Parameters) {
        self.last_episodes[lane].clone_from(&snapshot.last_episode);
        self.begin(lane, snapshot.state.clone(), parameters);
        self.trips.set_generator(lane, &snapshot.generator);
        self.put_back(lane, snapshot.episode_return, snapshot.needs_reset);
    }

    /// What is enforced in a trip.
    pub(super) fn enforcement(&self, lane: usize) -> &Enforcement {
        &self.environments[lane].state.layout.enforcement
    }

    /// Notes what came of the lights and checkpoints that a bus passes in this tick.
    pub(super) fn pass(&mut self, lane: usize, passed: &Passed) {
        self.trips.violations[lane] = self.trips.violations[lane].wrapping_add(passed.violations);
        for place in bits(passed.satisfied.into()) {
            self.trips.checkpoints[place].waits[lane] = 0;
        }
        let state = &mut self.environments[lane].state;
        state.satisfied |= passed.satisfied;
        state.totals.overloaded_passes += passed.overloaded;
        state.totals.fines += passed.fines;
        state.totals.times_fined += passed.times_fined;
    }

    /// Reads a trip that the plain rules are to move on, before the lanes move on without it.
    pub(super) fn take(&mut self, lane: usize) {
        let environment = &mut self.environments[lane];
        self.trips.read(lane, &mut environment.state);
        environment.episode_return = self.trips.episode_return[lane];
    }

    /// A trip that was taken: its state, and the sum of its rewards.
    pub(super) fn taken(&mut self, lane: usize) -> (&mut CityState, f32) {
        let environment = &mut self.environments[lane];
        (&mut environment.state, environment.episode_return)
    }

    /// Notes the figures of an episode that has ended.
    pub(super) fn finish(&mut self, lane: usize, stats: EpisodeStats) {
        self.last_episodes[lane] = Some(stats);
    }

    /// Goes on from a state with a layout of its own; it is still to be put back.
    pub(super) fn begin(&mut self, lane: usize, state: CityState, parameters: &Parameters) {
        self.trips.set_layout(lane, &state, parameters);
        self.environments[lane].state = state;
    }

    /// Puts a trip back into the lanes.
    pub(super) fn put_back(&mut self, lane: usize, episode_return: f32, needs_reset: bool) {
        self.trips.episode_return[lane] = episode_return;
        set_bit(&mut self.trips.needs_reset, lane, needs_reset);
        self.trips.write(lane, &self.environments[lane].state);
    }
}

fn set_bit(bits: &mut u64, lane: usize, value: bool) {
    *bits = *bits & !(1 << lane) | u64::from(value) << lane;
}

const NONE: Bytes = [0; LANES];

impl Trips {
    const NONE: Self = Self {
        position: NONE,
        speed: NONE,
        held: NONE,
        queues: [NONE; MAX_STOPS],
        aboard: [NONE; MAX_STOPS],
        peak: NONE,
        lights: [Lights { cell: NONE, green: NONE, cycle: NONE, clock: NONE }; MAX_LIGHTS],
        checkpoints: [Checkpoints { cell: NONE, waits: NONE }; MAX_CHECKPOINTS],
        steps: [0; LANES],
        paid: [0; LANES],
        violations: [0; LANES],
        cells: [0; LANES],
        fast_cells: [0; LANES],
        overload_km: [0.0; LANES],
        micromorts: [0.0; LANES],
        episode_return: [0.0; LANES],
        radar: [0; LANES],
        generator: [[0; LANES]; 4],
        enforced: [[0.0; ENFORCEMENT]; LANES],
        needs_reset: 0,
        unusual: 0,
    };

    pub(super) fn generator_of(&self, lane: usize) -> Generator {
        Generator::from_words(self.generator.map(|word| word[lane]))
    }

    pub(super) fn set_generator(&mut self, lane: usize, generator: &Generator) {
        for (lanes, word) in self.generator.iter_mut().zip(generator.words()) {
            lanes[lane] = word;
        }
    }

    /// How many are aboard of one trip.
    pub(super) fn load(&self, parameters: &Parameters, lane: usize) -> u8 {
        self.aboard[..parameters.stops()].iter().map(|aboard| aboard[lane]).sum()
    }

    /// The action masks of the first trips, as [`action_mask`](super::super::tick::action_mask) has them of states.
    pub(super) fn action_masks(&self, parameters: &Parameters, masks: &mut [u32]) {
        let mut loads = [0; LANES];
        for aboard in &self.aboard[..parameters.stops()] {
            loads.iter_mut().zip(aboard).for_each(|(load, aboard)| *load += aboard);
        }
        for (lane, mask) in masks.iter_mut().enumerate() {
            let stop = parameters.stop_at(self.position[lane]);
            let alighting = stop.map_or(0, |stop| self.aboard[stop][lane]);
            *mask = mask_of(parameters, (self.held[lane], self.speed[lane]), stop, (loads[lane], alighting));
        }
    }

    /// Reads into `state` what is in lanes.
    fn read(&self, lane: usize, state: &mut CityState) {
        state.position = self.position[lane];
        state.speed = self.speed[lane];
        state.steps = self.steps[lane];
        state.held = self.held[lane];
        for (queue, lanes) in state.queues.iter_mut().zip(&self.queues) {
            *queue = lanes[lane];
        }
        for (aboard, lanes) in state.aboard.iter_mut().zip(&self.aboard) {
            *aboard = lanes[lane];
        }
        let totals = &mut state.totals;
        totals.paid = self.paid[lane];
        totals.violations = self.violations[lane];
        totals.peak = self.peak[lane];
        totals.cells = self.cells[lane].wrapping_add(state.position.into());
        totals.fast_cells = self.fast_cells[lane];
        totals.overload_km = self.overload_km[lane];
        totals.micromorts = self.micromorts[lane];
    }

    /// Writes what is in lanes, but for what [`Self::set_layout`] does.
    fn write(&mut self, lane: usize, state: &CityState) {
        self.position[lane] = state.position;
        self.speed[lane] = state.speed;
        self.steps[lane] = state.steps;
        self.held[lane] = state.held;
        for (lanes, &queue) in self.queues.iter_mut().zip(&state.queues) {
            lanes[lane] = queue;
        }
        for (lanes, &aboard) in self.aboard.iter_mut().zip(&state.aboard) {
            lanes[lane] = aboard;
        }
        for (place, (lanes, checkpoint)) in self.checkpoints.iter_mut().zip(&state.layout.checkpoints).enumerate() {
            lanes.waits[lane] = u8::from(checkpoint.manned && state.satisfied >> place & 1 == 0);
        }
        let totals = &state.totals;
        self.paid[lane] = totals.paid;
        self.violations[lane] = totals.violations;
        self.peak[lane] = totals.peak;
        self.cells[lane] = totals.cells.wrapping_sub(state.position.into());
        self.fast_cells[lane] = totals.fast_cells;
        self.overload_km[lane] = totals.overload_km;
        self.micromorts[lane] = totals.micromorts;
    }

    /// What stays over a trip, and the lights, which move on with the lanes whatever the bus does.
    fn set_layout(&mut self, lane: usize, state: &CityState, parameters: &Parameters) {
        let layout = &state.layout;
        self.radar[lane] = word_of(layout.enforcement.radar.into());
        let is_unusual = layout.enforcement != Enforcement::usual(parameters);
        set_bit(&mut self.unusual, lane, is_unusual);
        if is_unusual {
            self.enforced[lane] = parameters.scales.enforced(&layout.enforcement);
        }
        for (lanes, light) in self.lights.iter_mut().zip(&layout.lights) {
            lanes.cell[lane] = light.cell;
            lanes.green[lane] = light.green;
            lanes.cycle[lane] = light.green + light.red;
            lanes.clock[lane] = light.place(state.steps) as u8;
        }
        for (lanes, checkpoint) in self.checkpoints.iter_mut().zip(&layout.checkpoints) {
            lanes.cell[lane] = checkpoint.cell;
        }
    }
}
