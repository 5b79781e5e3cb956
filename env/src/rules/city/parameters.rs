//! A scenario made ready for the dynamics: the route as cells, chances as tables of random words.

use arrayvec::ArrayVec;

use super::observation::{self, Scales};
use super::scenario::FieldError;
use super::{CityScenario, MAX_SPEED, MAX_STOPS};
use crate::error::EnvError;
use crate::frame::Cell;

/// The entries that a table of a Poisson distribution may have: beyond it, chances are below that of a random word.
const MOST_COUNTED: usize = 255;

/// A scenario, and what is worked out from it once.
#[derive(Debug)]
pub(super) struct Parameters {
    pub(super) name: String,
    pub(super) scenario: CityScenario,
    /// The cells of the route.
    pub(super) route: Vec<Cell>,
    /// The stop of each cell of the route, where there is one.
    pub(super) stop_of_cell: Vec<Option<u8>>,
    /// The cells of the route without a stop.
    pub(super) free_cells: Vec<u8>,
    /// How many wait at the start: a table for [`poisson`] of each stop but the last.
    pub(super) start_queues: Vec<Vec<u32>>,
    /// How many come in a tick.
    pub(super) arrivals: Vec<Vec<u32>>,
    /// Where who boards at each stop but the last wants to go: the words below which it is each stop after it.
    pub(super) destinations: Vec<ArrayVec<u32, MAX_STOPS>>,
    /// What leaving a cell brings at speed 1, 2 and 3, by the load.
    leaving: [Vec<Leaving>; MAX_SPEED as usize],
    /// The entries of the observation that read 0.
    pub(super) hidden: Vec<usize>,
    /// How the entries of the observation are made.
    pub(super) scales: Scales,
}

impl Parameters {
    pub(super) fn new(name: &str, scenario: CityScenario) -> Result<Self, EnvError> {
        let refused = |FieldError { field, problem }: FieldError| EnvError::InvalidScenario {
            scenario: name.to_owned(),
            field: field.to_owned(),
            problem,
        };
        scenario.check().map_err(refused)?;
        let route = scenario.cells().map_err(refused)?;
        let stops = &scenario.route.stops;
        let stop_of_cell: Vec<Option<u8>> = (0..route.len())
            .map(|cell| stops.iter().position(|&stop| usize::from(stop) == cell).map(|stop| stop as u8))
            .collect();
        let free = stop_of_cell.iter().enumerate().filter(|(_, stop)| stop.is_none()).map(|(cell, _)| cell as u8);
        let tables = |means: &[f64]| means.iter().map(|&mean| poisson_table(mean)).collect();
        let mut parameters = Self {
            name: name.to_owned(),
            free_cells: free.collect(),
            start_queues: tables(&scenario.demand.queues),
            arrivals: tables(&scenario.demand.arrivals),
            destinations: scenario.demand.destinations.iter().map(|row| cumulative(row)).collect(),
            leaving: std::array::from_fn(|slower| {
                (0..=scenario.bus.capacity).map(|load| Leaving::new(&scenario, slower as u8 + 1, load)).collect()
            }),
            route,
            stop_of_cell,
            scenario,
            hidden: Vec::new(),
            scales: Scales::NONE,
        };
        let features = observation::features(&parameters);
        for hidden in &parameters.scenario.observation.hidden {
            let place = features.iter().position(|feature| feature.name == *hidden);
            let unknown = || {
                refused(FieldError { field: "observation.hidden", problem: format!("there is no feature '{hidden}'") })
            };
            parameters.hidden.push(place.ok_or_else(unknown)?);
        }
        parameters.scales = Scales::new(&parameters);
        Ok(parameters)
    }

    /// How many stops there are, the last among them.
    pub(super) fn stops(&self) -> usize {
        self.scenario.route.stops.len()
    }

    pub(super) fn last_cell(&self) -> u8 {
        self.route.len() as u8 - 1
    }

    /// The stop of a cell.
    pub(super) fn stop_at(&self, cell: u8) -> Option<usize> {
        self.stop_of_cell[usize::from(cell)].map(usize::from)
    }

    /// The stretch between two stops that a cell without one lies in.
    pub(super) fn stretch_of(&self, cell: u8) -> usize {
        self.scenario.route.stops.partition_point(|&stop| stop < cell) - 1
    }

    /// How many of a load are above the legal one.
    pub(super) fn over(&self, load: u8) -> u8 {
        load.saturating_sub(self.scenario.bus.legal)
    }

    /// What leaving a cell brings at a speed above 0 with a load that the bus can hold.
    pub(super) fn leaving(&self, speed: u8, load: u8) -> &Leaving {
        &self.leaving[usize::from(speed - 1)][usize::from(load)]
    }
}

/// What leaving a cell brings at a speed and with a load.
#[derive(Debug)]
pub(super) struct Leaving {
    /// How many are above the legal load.
    pub(super) over: u8,
    /// The chance of a crash.
    pub(super) hazard: f64,
    /// The harm of a crash, k.
    pub(super) harm: f64,
    /// Expected deaths as hazards really are, in micromorts.
    pub(super) micromorts: f32,
}

impl Leaving {
    pub(super) fn new(scenario: &CityScenario, speed: u8, load: u8) -> Self {
        let crash = &scenario.crash;
        let over = load.saturating_sub(scenario.bus.legal);
        let hazard = crash.hazard * squared(speed) * (1.0 + f64::from(over) / crash.overload);
        let harm = (crash.harm + crash.harm_aboard * f64::from(load)) * squared(speed);
        // They grow beyond what is certain, which chances cannot.
        let real = (hazard / crash.hazard_scale).min(1.0);
        let hazard = hazard.min(1.0);
        let deaths = crash.deaths.min(1.0 / squared(speed));
        let micromorts = real * deaths * f64::from(load) * squared(speed) * 1e6;
        Self { over, hazard, harm, micromorts: micromorts as f32 }
    }
}

/// (v / 2)².
fn squared(speed: u8) -> f64 {
    debug_assert!(speed <= MAX_SPEED);
    (f64::from(speed) / 2.0).powi(2)
}

/// Random words are below this, and so is a chance of 1 made a word.
const WORDS: f64 = 4_294_967_296.0;

/// The words below which something of this chance happens.
pub(super) fn word_of(chance: f64) -> u32 {
    // Floats beyond the greatest word become it.
    (chance * WORDS) as u32
}

/// Whether something of chance `chance` happens, by a random word.
pub(super) fn chance(word: u32, chance: f32) -> bool {
    word < word_of(f64::from(chance))
}

/// The words below which a number of the Poisson distribution is at most 0, 1, 2…
fn poisson_table(mean: f64) -> Vec<u32> {
    let (mut term, mut sum) = ((-mean).exp(), 0.0);
    let mut table = Vec::new();
    for count in 1..=MOST_COUNTED {
        sum += term;
        table.push(word_of(sum));
        term *= mean / count as f64;
        if word_of(sum) == u32::MAX {
            break;
        }
    }
    table
}

/// A number of the Poisson distribution of a table, by a random word.
pub(super) fn poisson(word: u32, table: &[u32]) -> u8 {
    table.partition_point(|&below| word >= below) as u8
}

/// The words below which it is the first, the second…
fn cumulative(chances: &[f64]) -> ArrayVec<u32, MAX_STOPS> {
    let sums = chances.iter().scan(0.0, |sum, chance| {
        *sum += chance;
        Some(word_of(*sum))
    });
    sums.collect()
}
