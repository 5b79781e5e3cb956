//! What a trip is drawn from: where lights and checkpoints stand, who waits, and what is enforced.

use std::ops::Range;

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

use super::parameters::{Parameters, chance, poisson};
use super::placement::Placement;
use super::{LONGEST_LIGHT, MAX_CELLS, MAX_CHECKPOINTS, MAX_LIGHTS, MAX_STOPS};
use crate::generator::Generator;

/// A traffic light: green for some ticks, then red for some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Light {
    /// Its cell, as an index into the route.
    pub cell: u8,
    /// How long it is green, ticks.
    pub green: u8,
    /// How long it is red, ticks.
    pub red: u8,
    /// Where in its cycle it stands at the reset, ticks from the begin of green.
    pub phase: u8,
}

impl Light {
    /// Where in its cycle it stands after some ticks.
    pub(super) fn place(self, step: u16) -> u16 {
        (u16::from(self.phase) + step) % (u16::from(self.green) + u16::from(self.red))
    }

    /// Whether it is red after some ticks.
    #[must_use]
    pub fn is_red(self, step: u16) -> bool {
        self.place(step) >= u16::from(self.green)
    }

    /// Ticks until it changes.
    #[must_use]
    pub fn ticks_to_change(self, step: u16) -> u16 {
        let place = self.place(step);
        let green = u16::from(self.green);
        if place < green { green - place } else { green + u16::from(self.red) - place }
    }
}

/// A police checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Its cell, as an index into the route.
    pub cell: u8,
    /// Whether somebody is there in this trip.
    pub manned: bool,
}

/// What is enforced in this trip: what the scenario says, or what was drawn of its ranges. Fines are in k.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they are the fields of the scenario's tables police, speed and lights")]
pub struct Enforcement {
    pub inspect: f32,
    pub load_fine: f32,
    pub caught: f32,
    pub flight_fine: f32,
    pub radar: f32,
    pub speed_fine: f32,
    pub light_fined: f32,
    pub light_fine: f32,
}

/// What a trip is drawn from, or given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CityLayout {
    /// The traffic lights.
    pub lights: ArrayVec<Light, MAX_LIGHTS>,
    /// The police checkpoints.
    pub checkpoints: ArrayVec<Checkpoint, MAX_CHECKPOINTS>,
    /// How many wait at the start, at each stop but the last.
    pub queues: ArrayVec<u8, MAX_STOPS>,
    /// What is enforced.
    pub enforcement: Enforcement,
}

/// Draws cells of those from each of the `places` on, and brings them there.
fn bring_forward(free: &mut [u8], places: Range<usize>, generator: &mut Generator) {
    for place in places {
        let other = place + generator.below((free.len() - place) as u32) as usize;
        free.swap(place, other);
    }
}

impl CityLayout {
    pub(super) fn draw(parameters: &Parameters, generator: &mut Generator) -> Self {
        let scenario = &parameters.scenario;
        let (lights, checkpoints) = (usize::from(scenario.lights.count), usize::from(scenario.police.checkpoints));
        let mut cells = [0; MAX_CELLS];
        let free = &mut cells[..parameters.free_cells.len()];
        free.copy_from_slice(&parameters.free_cells);
        bring_forward(free, 0..lights, generator);
        match &scenario.police.placement {
            None => bring_forward(free, lights..lights + checkpoints, generator),
            Some(weights) => {
                Placement::new(parameters, weights).bring_forward(free, lights..lights + checkpoints, generator);
            }
        }
        let mut between = |(least, greatest): (u8, u8)| least + generator.below(u32::from(greatest - least) + 1) as u8;
        let lights = free[..lights].iter().map(|&cell| {
            let (green, red) = (between(scenario.lights.green), between(scenario.lights.red));
            Light { cell, green, red, phase: between((0, green + red - 1)) }
        });
        let lights = lights.collect();
        let manned = scenario.police.manned;
        let cells = free[usize::from(scenario.lights.count)..][..checkpoints].iter();
        let checkpoints =
            cells.map(|&cell| Checkpoint { cell, manned: chance(generator.next_u32(), manned as f32) }).collect();
        let start = |table: &Vec<u32>| poisson(generator.next_u32(), table).min(scenario.demand.most);
        let queues = parameters.start_queues.iter().map(start).collect();
        Self { lights, checkpoints, queues, enforcement: Enforcement::draw(parameters, generator) }
    }

    /// Anything anywhere, crowds among it.
    pub(super) fn draw_any(parameters: &Parameters, generator: &mut Generator) -> Self {
        let mut layout = Self::draw(parameters, generator);
        for queue in &mut layout.queues {
            *queue = generator.below(u32::from(parameters.scenario.demand.most) + 1) as u8;
        }
        for checkpoint in &mut layout.checkpoints {
            checkpoint.manned = generator.below(4) > 0;
        }
        layout.enforcement.inspect = generator.uniform();
        layout
    }

    /// What is wrong with it, if anything is.
    pub(super) fn check(&self, parameters: &Parameters) -> Result<(), String> {
        let scenario = &parameters.scenario;
        let counts = (self.lights.len(), self.checkpoints.len(), self.queues.len());
        let needed =
            (usize::from(scenario.lights.count), usize::from(scenario.police.checkpoints), parameters.stops() - 1);
        if counts != needed {
            let (lights, checkpoints, queues) = needed;
            return Err(format!("there have to be {lights} lights, {checkpoints} checkpoints and {queues} queues"));
        }
        let cells = self.lights.iter().map(|light| light.cell);
        let mut cells: Vec<u8> = cells.chain(self.checkpoints.iter().map(|checkpoint| checkpoint.cell)).collect();
        cells.sort_unstable();
        if !cells.is_sorted_by(|a, b| a < b) || cells.iter().any(|cell| !parameters.free_cells.contains(cell)) {
            return Err("lights and checkpoints stand apart, on cells of the route without a stop".to_owned());
        }
        let in_cycle = |light: &Light| {
            let lengths = 1..=LONGEST_LIGHT;
            lengths.contains(&light.green) && lengths.contains(&light.red) && light.phase < light.green + light.red
        };
        if !self.lights.iter().all(in_cycle) {
            return Err(format!("a light is green and red for 1 to {LONGEST_LIGHT} ticks and begins within its cycle"));
        }
        if self.queues.iter().any(|&queue| queue > scenario.demand.most) {
            return Err(format!("at most {} wait at a stop", scenario.demand.most));
        }
        self.enforcement.check()
    }
}

impl Enforcement {
    /// What the scenario says where it draws nothing.
    pub(super) fn usual(parameters: &Parameters) -> Self {
        Self::of(parameters, |_, value| value as f32)
    }

    fn draw(parameters: &Parameters, generator: &mut Generator) -> Self {
        Self::of(parameters, |field, value| match parameters.scenario.randomize.get(field) {
            None => value as f32,
            Some(&[least, greatest]) => (least + (greatest - least) * f64::from(generator.uniform())) as f32,
        })
    }

    /// That of the scenario, each number as `drawn` has it by its field.
    fn of(parameters: &Parameters, mut drawn: impl FnMut(&str, f64) -> f32) -> Self {
        let scenario = &parameters.scenario;
        Self {
            inspect: drawn("police.inspect", scenario.police.inspect),
            load_fine: drawn("police.fine", scenario.police.fine),
            caught: drawn("police.caught", scenario.police.caught),
            flight_fine: drawn("police.flight_fine", scenario.police.flight_fine),
            radar: drawn("speed.radar", scenario.speed.radar),
            speed_fine: drawn("speed.fine", scenario.speed.fine),
            light_fined: drawn("lights.fined", scenario.lights.fined),
            light_fine: drawn("lights.fine", scenario.lights.fine),
        }
    }

    fn check(&self) -> Result<(), String> {
        let chances = [self.inspect, self.caught, self.radar, self.light_fined];
        let fines = [self.load_fine, self.flight_fine, self.speed_fine, self.light_fine];
        let good = chances.iter().all(|chance| (0.0..=1.0).contains(chance));
        if good && fines.iter().all(|fine| (0.0..=1e6).contains(fine)) {
            Ok(())
        } else {
            Err("chances of enforcement are 0 to 1, fines 0 to 1 000 000 k".to_owned())
        }
    }
}
