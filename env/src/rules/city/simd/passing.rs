//! Red lights and checkpoints, trip by trip but in the lanes, where nothing worse than a fine comes of them: the bus drives
//! on as if they were not there.

use super::block::{Lights, Trips};
use super::kernel::Tables;
use crate::rules::city::layout::Enforcement;
use crate::rules::city::parameters::{Parameters, chance};
use crate::rules::city::tick::TickRandom;
use crate::rules::city::{CrashMode, MAX_CHECKPOINTS};

/// What came of them.
#[derive(Default)]
pub(super) struct Passed {
    pub(super) violations: u16,
    /// The checkpoints that the bus stood at or passed, a bit each.
    pub(super) satisfied: u8,
    /// Of these, those with too many aboard.
    pub(super) overloaded: u16,
    pub(super) fines: f32,
    pub(super) times_fined: u16,
}

impl Passed {
    fn fine(&mut self, amount: f32) {
        self.fines += amount;
        self.times_fined += 1;
    }
}

/// Stands at a checkpoint at speed 0, passes all in the cells that are left at others. Nothing, where the load may be
/// counted or the bus may crash: that is for the plain rules.
pub(super) fn pass(
    parameters: &Parameters,
    tables: &Tables,
    trips: &Trips,
    enforcement: &Enforcement,
    words: &impl TickRandom,
    (lane, speed): (usize, u8),
) -> Option<Passed> {
    let over = parameters.over(trips.load(parameters, lane));
    let mut passed = Passed::default();
    if speed == 0 {
        passed.satisfied = checkpoints_at(trips, lane, trips.position[lane]);
        return (over == 0).then_some(passed);
    }
    for place in 0..speed {
        let (cell, word) = (trips.position[lane] + place, words.cell(place.into()));
        let is_red = |lights: &Lights| lights.cell[lane] == cell && lights.clock[lane] >= lights.green[lane];
        if trips.lights[..usize::from(parameters.scenario.lights.count)].iter().any(is_red) {
            if parameters.scenario.crash.mode == CrashMode::Expected || word.crash < tables.red_crash {
                return None;
            }
            passed.violations += 1;
            if chance(word.violation, enforcement.light_fined) {
                passed.fine(enforcement.light_fine);
            }
        }
        let met = checkpoints_at(trips, lane, cell);
        if met != 0 {
            passed.satisfied |= met;
            passed.violations += 1;
            passed.overloaded += u16::from(over > 0);
            if chance(word.violation, enforcement.caught) {
                passed.fine(enforcement.flight_fine);
            }
        }
    }
    Some(passed)
}

/// The bit of the checkpoint in a cell that the bus has not stood at.
fn checkpoints_at(trips: &Trips, lane: usize, cell: u8) -> u8 {
    let waits = |place: usize| {
        let checkpoints = &trips.checkpoints[place];
        u8::from(checkpoints.cell[lane] == cell) & checkpoints.waits[lane]
    };
    (0..MAX_CHECKPOINTS).fold(0, |met, place| met | waits(place) << place)
}
