//! The `city` rules: is it worth it to overload and to speed, given what is enforced and what a crash costs?
//!
//! A trip along one road with stops, traffic lights and police checkpoints. `docs/CITY.md` tells the rules in prose and
//! where the numbers come from; every constant is a field of the [scenario](CityScenario).

mod batch;
#[cfg(feature = "exact")]
pub mod exact;
mod fields;
mod info;
mod layout;
mod library;
mod observation;
mod parameters;
mod placement;
mod scenario;
mod simd;
mod tick;
mod view;

use std::sync::Arc;

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

pub use batch::CityBatch;
pub(crate) use fields::FIELDS;
pub use layout::{Checkpoint, CityLayout, Enforcement, Light};
pub(crate) use library::{NAMES as SCENARIO_NAMES, summary as scenario_summary};
pub use scenario::*;

use super::{Action, Ending, FrameContext, Rules, StepTerms, Transition};
use crate::checker::DrawAny;
use crate::error::EnvError;
use crate::frame::Frame;
use crate::generator::Generator;
use crate::info::RulesInfo;
use parameters::Parameters;

/// The name of the rules.
pub(crate) const NAME: &str = "city";

/// The longest side of the grid, cells.
pub(crate) const MAX_GRID: u8 = 64;
/// The most cells of a route.
pub(crate) const MAX_CELLS: usize = 120;
/// The most stops of a route.
pub(crate) const MAX_STOPS: usize = 8;
/// The most traffic lights.
pub(crate) const MAX_LIGHTS: usize = 8;
/// The most police checkpoints.
pub(crate) const MAX_CHECKPOINTS: usize = 8;
/// The most who board in a tick: each draws a destination.
pub(crate) const MAX_BOARD: u8 = 8;
/// The fastest speed notch: cells a tick.
pub(crate) const MAX_SPEED: u8 = 3;
/// The speed limit, notches.
pub(crate) const SPEED_LIMIT: u8 = 2;
/// How far lights are seen, and checkpoints at most, cells.
pub(crate) const SIGHT: u8 = 12;
/// The longest that a light is green, or red, ticks.
pub(crate) const LONGEST_LIGHT: u8 = 60;

pub(crate) const MOVE: Action = 0;
pub(crate) const SPEED_UP: Action = 1;
pub(crate) const STOP: Action = 2;
pub(crate) const PICK_UP: Action = 3;
pub(crate) const DROP_OFF: Action = 4;

/// The names of the actions, in their order.
pub(crate) const ACTION_NAMES: [&str; 5] = ["Move", "Speed up", "Stop", "Pick up", "Drop off"];

/// The rules, with a scenario.
#[derive(Debug, Clone)]
pub struct City {
    parameters: Arc<Parameters>,
}

/// A trip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CityState {
    /// What it was drawn from.
    pub layout: CityLayout,
    /// The cell of the bus, as an index into the route.
    pub position: u8,
    /// Speed notch: cells a tick.
    pub speed: u8,
    /// Ticks since the reset.
    pub steps: u16,
    /// Ticks for which the police hold the bus.
    pub held: u8,
    /// How many wait at each stop but the last.
    pub queues: ArrayVec<u8, MAX_STOPS>,
    /// How many are aboard by where they want to go: an entry for each stop.
    pub aboard: ArrayVec<u8, MAX_STOPS>,
    /// The checkpoints that the bus has stood at, a bit each.
    pub satisfied: u8,
    /// The bus has crashed.
    pub crashed: bool,
    /// The police have taken the bus.
    pub impounded: bool,
    /// What has come together so far.
    pub totals: Totals,
}

/// Sums over the ticks of a trip.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Passengers who alighted where they wanted to, and paid.
    pub paid: u16,
    /// Fines and bribes, k.
    pub fines: f32,
    /// How often the bus was fined.
    pub times_fined: u16,
    /// How often it was fined for its load.
    pub load_fines: u16,
    /// Red lights and checkpoints that were passed, and cells above the speed limit.
    pub violations: u16,
    /// Manned checkpoints that were passed or stood at with too many aboard.
    pub overloaded_passes: u16,
    /// The most aboard at the end of a tick.
    pub peak: u8,
    /// Cells driven.
    pub cells: u16,
    /// Of these, at speed 3.
    pub fast_cells: u16,
    /// Passengers above the legal load times km.
    pub overload_km: f32,
    /// Expected deaths, in micromorts.
    pub micromorts: f32,
}

impl City {
    /// The rules with a scenario of this name. What is wrong with it is told by the field.
    pub fn new(name: &str, scenario: CityScenario) -> Result<Self, EnvError> {
        let parameters = Parameters::new(name, scenario)?;
        Ok(Self { parameters: Arc::new(parameters) })
    }

    /// The scenario.
    #[must_use]
    pub fn scenario(&self) -> &CityScenario {
        &self.parameters.scenario
    }
}

impl CityState {
    /// The start of a trip.
    pub(crate) fn new(layout: CityLayout, stops: usize) -> Self {
        Self {
            queues: layout.queues.clone(),
            layout,
            position: 0,
            speed: 0,
            steps: 0,
            held: 0,
            aboard: std::iter::repeat_n(0, stops).collect(),
            satisfied: 0,
            crashed: false,
            impounded: false,
            totals: Totals::default(),
        }
    }

    /// How many are aboard.
    #[must_use]
    pub fn load(&self) -> u8 {
        self.aboard.iter().sum()
    }

    /// The place of the manned checkpoint in the bus's cell that it has not stood at yet.
    fn unsatisfied_here(&self) -> Option<usize> {
        let stands = |(place, checkpoint): (usize, &Checkpoint)| {
            let here = checkpoint.cell == self.position && checkpoint.manned;
            (here && self.satisfied >> place & 1 == 0).then_some(place)
        };
        self.layout.checkpoints.iter().enumerate().find_map(stands)
    }

    /// Whether the light in the bus's cell is red.
    fn red_here(&self) -> bool {
        self.layout.lights.iter().any(|light| light.cell == self.position && light.is_red(self.steps))
    }
}

impl Rules for City {
    type Layout = CityLayout;
    type State = CityState;
    type Batch = CityBatch;

    fn info(&self) -> RulesInfo {
        info::info(&self.parameters)
    }

    fn draw(&self, generator: &mut Generator) -> CityLayout {
        CityLayout::draw(&self.parameters, generator)
    }

    fn start(&self, layout: &CityLayout, _: &mut Generator) -> CityState {
        CityState::new(layout.clone(), self.parameters.stops())
    }

    fn step(
        &self,
        state: &mut CityState,
        action: Action,
        generator: &mut Generator,
        terms: Option<StepTerms<'_>>,
    ) -> Transition {
        let words = tick::Words::draw(&self.parameters, generator);
        tick::tick(&self.parameters, state, action, &words, terms)
    }

    fn observe(&self, state: &CityState, out: &mut [f32]) {
        observation::observe(&self.parameters, state, out);
    }

    fn action_mask(&self, state: &CityState) -> u32 {
        tick::action_mask(&self.parameters, state)
    }

    fn check_layout(&self, layout: &CityLayout) -> Result<(), EnvError> {
        layout.check(&self.parameters).map_err(EnvError::InvalidLayout)
    }

    fn check_state(&self, state: &CityState, ended: bool) -> Result<(), EnvError> {
        let parameters = &self.parameters;
        self.check_layout(&state.layout)?;
        let arrived = state.position == parameters.last_cell();
        let late = state.steps >= parameters.scenario.time.limit;
        let over = state.crashed || state.impounded || arrived || late;
        let wrong = if state.position > parameters.last_cell() {
            "the bus is off the route"
        } else if state.speed > MAX_SPEED {
            "the bus is too fast"
        } else if state.queues.len() != parameters.stops() - 1 || state.aboard.len() != parameters.stops() {
            "the stops are not those of the scenario"
        } else if state.queues.iter().any(|&queue| queue > parameters.scenario.demand.most) {
            "more wait than can"
        } else if state.aboard.iter().map(|&count| u32::from(count)).sum::<u32>()
            > u32::from(parameters.scenario.bus.capacity)
        {
            "more are aboard than the bus can hold"
        } else if state.steps > parameters.scenario.time.limit || state.held > parameters.scenario.police.hold {
            "it has lasted too long"
        } else if over != ended {
            "it is over, or not, when it can't be"
        } else {
            return Ok(());
        };
        Err(EnvError::InvalidState(wrong.to_owned()))
    }

    fn steps(&self, state: &CityState) -> u32 {
        u32::from(state.steps)
    }

    fn figures(&self, state: &CityState, out: &mut [f32]) {
        info::figures(&self.parameters, state, out);
    }

    fn ending(&self, state: &CityState) -> Ending {
        info::ending(&self.parameters, state)
    }

    fn frame(&self, state: &CityState, context: &FrameContext) -> Frame {
        view::frame(&self.parameters, state, context)
    }

    fn layout(&self, state: &CityState) -> CityLayout {
        state.layout.clone()
    }
}

impl DrawAny for City {
    fn draw_any(&self, generator: &mut Generator) -> CityLayout {
        CityLayout::draw_any(&self.parameters, generator)
    }
}
