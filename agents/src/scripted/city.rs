//! Drivers of `city`, each a way to answer its question: how many to carry, how fast, and what to obey. They go by the
//! observation alone.

use daladala_env::{OutputKind, RulesInfo};

use crate::policy::Policy;

const MOVE: usize = 0;
const SPEED_UP: usize = 1;
const STOP: usize = 2;
const PICK_UP: usize = 3;
const DROP_OFF: usize = 4;
/// Number of `city` actions.
const ACTIONS: usize = 5;

// What entries of the observation are divided by; a test compares them with the rules.
const SIGHT: f32 = 12.0;
const MOST_CELLS: f32 = 36.0;
const MOST_TICKS: f32 = 20.0;
const MAX_SPEED: f32 = 3.0;
const MOST_FINE: f32 = 200.0;

/// The expected fine of a checkpoint, k, up to which filling the bus everywhere earns more than choosing where: at the default
/// scenario `outlaw` and `selective` earn the same at a chance of 0.146 and a fine of 30 k.
const FINE_WORTH_RISKING: f32 = 4.4;

/// How a driver answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Carries three fifths of the legal load, and keeps to the speed limit.
    Timid,
    /// Carries the legal load, and keeps to the speed limit.
    Legal,
    /// Carries the legal load, and speeds.
    Speeder,
    /// Fills the bus, and keeps to the speed limit.
    Greedy,
    /// Fills the bus, and speeds.
    Outlaw,
    /// Carries the legal load at first; on the last part of the road fills the bus while no manned checkpoint is in sight.
    /// Speeds.
    Selective,
    /// An outlaw where the load is counted so rarely that it pays, selective elsewhere.
    Informed,
    /// An outlaw who runs red lights.
    Reckless,
    /// Reckless, and flees checkpoints.
    Fugitive,
}

impl Style {
    fn speed(self) -> u8 {
        match self {
            Self::Timid | Self::Legal | Self::Greedy => 2,
            _ => 3,
        }
    }

    fn obeys_lights(self) -> bool {
        !matches!(self, Self::Reckless | Self::Fugitive)
    }

    fn obeys_police(self) -> bool {
        self != Self::Fugitive
    }
}

/// A driver of `city`.
#[derive(Debug, Clone)]
pub struct CityDriver {
    style: Style,
    places: Places,
    observation_size: usize,
    capacity: f32,
    legal: f32,
    /// The progress from which a selective driver fills the bus.
    last_part: f32,
}

/// Where features stand in the observation.
#[derive(Debug, Clone)]
struct Places {
    passengers: usize,
    speed: usize,
    waiting: usize,
    progress: usize,
    stop_distance: usize,
    waiting_next: usize,
    alight_next: usize,
    alight_here: usize,
    held: usize,
    inspect: usize,
    load_fine: usize,
    lights: [[usize; 3]; 2],
    police: [[usize; 2]; 2],
}

/// What a driver makes of an observation.
struct View<'a> {
    places: &'a Places,
    observation: &'a [f32],
}

impl View<'_> {
    /// From 0 to 1.
    fn value(&self, place: usize) -> f32 {
        f32::midpoint(self.observation[place], 1.0)
    }

    fn is(&self, place: usize) -> bool {
        self.value(place) > 0.0
    }

    fn cells(&self, place: usize, most: f32) -> u8 {
        (self.value(place) * most).round() as u8
    }

    /// Cells to the next stop; 0 at one.
    fn stop_distance(&self) -> u8 {
        self.cells(self.places.stop_distance, MOST_CELLS)
    }

    fn speed(&self) -> u8 {
        self.cells(self.places.speed, MAX_SPEED)
    }

    /// Cells to the manned checkpoints in sight.
    fn manned(&self) -> impl Iterator<Item = u8> {
        self.places.police.iter().filter(|[_, manned]| self.is(*manned)).map(|&[cells, _]| self.cells(cells, SIGHT))
    }

    /// Cells to the lights that will be red when the bus comes there at `speed`.
    fn red(&self, speed: u8) -> impl Iterator<Item = u8> {
        let lights = self.places.lights.iter().filter(|[distance, ..]| self.value(*distance) < 1.0);
        lights.filter_map(move |&[distance, red, ticks]| {
            let (cells, change) = (self.cells(distance, SIGHT), self.cells(ticks, MOST_TICKS));
            // The cell of the light is left in this tick, counted from 1.
            let left = cells / speed + 1;
            let changed = left > change;
            (self.is(red) != changed).then_some(cells)
        })
    }
}

/// Cells that a bus drives until it stands, if it brakes after a tick at `speed`.
fn braking(speed: u8) -> u8 {
    speed * speed.saturating_sub(1) / 2
}

impl CityDriver {
    /// A driver of this style, for a scenario of `city`.
    ///
    /// # Panics
    /// If `info` describes other rules.
    #[must_use]
    pub fn new(style: Style, info: &RulesInfo) -> Self {
        let place = |name: &str| info.spaces.feature(name).expect("a feature of city");
        let places = Places {
            passengers: place("passengers"),
            speed: place("speed"),
            waiting: place("waiting"),
            progress: place("progress"),
            stop_distance: place("stop_distance"),
            waiting_next: place("waiting_next"),
            alight_next: place("alight_next"),
            alight_here: place("alight_here"),
            held: place("held"),
            inspect: place("inspect"),
            load_fine: place("load_fine"),
            lights: [
                ["light_distance", "light_1_red", "light_1_ticks"].map(place),
                ["light_2_distance", "light_2_red", "light_2_ticks"].map(place),
            ],
            police: [
                ["police_distance", "police_1_manned"].map(place),
                ["police_2_distance", "police_2_manned"].map(place),
            ],
        };
        let last_part = info.stops.iter().rev().nth(1).or(info.stops.first());
        let last_part = info.route.iter().position(|cell| Some(cell) == last_part).unwrap_or_default();
        Self {
            style,
            places,
            observation_size: info.observation_size(),
            capacity: info.capacity as f32,
            legal: info.legal_capacity as f32,
            last_part: last_part as f32 / (info.route.len() - 1) as f32,
        }
    }

    /// How many it wants aboard.
    fn wanted(&self, view: &View) -> f32 {
        let expected_fine = view.value(self.places.inspect) * view.value(self.places.load_fine) * MOST_FINE;
        match self.style {
            Style::Timid => (self.legal * 0.6).round(),
            Style::Legal | Style::Speeder => self.legal,
            Style::Greedy | Style::Outlaw | Style::Reckless | Style::Fugitive => self.capacity,
            Style::Informed if expected_fine < FINE_WORTH_RISKING => self.capacity,
            Style::Selective | Style::Informed => {
                let on_last_part = view.value(self.places.progress) >= self.last_part - 1e-3;
                if on_last_part && view.manned().next().is_none() { self.capacity } else { self.legal }
            }
        }
    }

    fn choose(&self, view: &View) -> usize {
        let places = &self.places;
        if view.is(places.held) {
            return MOVE;
        }
        let (speed, to_stop) = (view.speed(), view.stop_distance());
        let has_room = (view.value(places.passengers) * self.capacity).round() < self.wanted(view);
        let at_stop = if to_stop > 0 || speed > 1 {
            None
        } else if view.is(places.alight_here) {
            Some(DROP_OFF)
        } else if has_room && view.is(places.waiting) {
            Some(PICK_UP)
        } else {
            None
        };
        if let Some(action) = at_stop {
            return action;
        }
        let wants_stop = view.is(places.alight_next) || has_room && view.is(places.waiting_next);
        // In the cell of a stop the next one is not told: it is far enough.
        let stop = (wants_stop && to_stop > 0).then_some(to_stop);
        let fits = |next: &u8| {
            // What stands in a cell that the bus can't stand in any more is no target.
            let reachable = |cells: &u8| *cells >= braking(speed);
            let police = view.manned().filter(|_| self.style.obeys_police()).filter(reachable);
            let red = view.red((*next).max(1)).filter(|_| self.style.obeys_lights());
            stop.into_iter().chain(police).chain(red).all(|cells| next + braking(*next) <= cells)
        };
        let fastest = (speed + 1).min(self.style.speed());
        let next = (speed.saturating_sub(1)..=fastest).rev().find(fits).unwrap_or(speed.saturating_sub(1));
        if next < speed || next == 0 {
            STOP
        } else if next > speed && speed > 0 {
            SPEED_UP
        } else {
            MOVE
        }
    }
}

impl Policy for CityDriver {
    fn observation_size(&self) -> usize {
        self.observation_size
    }

    fn actions(&self) -> usize {
        ACTIONS
    }

    fn output_kind(&self) -> OutputKind {
        OutputKind::Probabilities
    }

    fn outputs(&self, observations: &[f32], outputs: &mut [f32]) {
        outputs.fill(0.0);
        let rows = observations.chunks_exact(self.observation_size).zip(outputs.chunks_exact_mut(ACTIONS));
        for (observation, outputs) in rows {
            outputs[self.choose(&View { places: &self.places, observation })] = 1.0;
        }
    }
}
