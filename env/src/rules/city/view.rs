//! A trip as frames.

use super::CityState;
use super::info::{TSH, money};
use super::parameters::Parameters;
use crate::frame::{FieldType, FieldValue, Frame, FrameField};
use crate::rules::FrameContext;

/// The fields that these rules add to a frame, in the order of [`frame`].
pub(super) fn own_fields() -> Vec<FrameField> {
    vec![
        FrameField::new("fines", "TSh", FieldType::Int, "Fines and bribes of this episode"),
        FrameField::new("held", "ticks", FieldType::Uint, "For how long the police hold the bus"),
        FrameField::new("manned", "", FieldType::Bools, "Which of the police checkpoints are manned"),
        FrameField::new("aboard", "", FieldType::Uints, "How many aboard want to go to each stop, the last among them"),
        FrameField::new("micromorts", "micromort", FieldType::Float, "Expected deaths of this episode"),
    ]
}

pub(super) fn frame(parameters: &Parameters, state: &CityState, context: &FrameContext) -> Frame {
    let cell = |cell: u8| parameters.route[usize::from(cell)];
    let numbers = |counts: &[u8]| counts.iter().map(|&count| u32::from(count)).collect::<Vec<_>>();
    let CityState { layout, totals, .. } = state;
    Frame {
        step: u32::from(state.steps),
        position: cell(state.position),
        route_index: u32::from(state.position),
        speed: u32::from(state.speed),
        passengers: u32::from(state.load()),
        money: money(parameters, state),
        waiting: numbers(&state.queues),
        lights: layout.lights.iter().map(|light| cell(light.cell)).collect(),
        lights_red: layout.lights.iter().map(|light| light.is_red(state.steps)).collect(),
        police: layout.checkpoints.iter().map(|checkpoint| cell(checkpoint.cell)).collect(),
        fined: totals.times_fined > 0,
        crashed: state.crashed,
        own: vec![
            FieldValue::Int((totals.fines * TSH).round() as i64),
            FieldValue::Uint(u64::from(state.held)),
            FieldValue::Bools(layout.checkpoints.iter().map(|checkpoint| checkpoint.manned).collect()),
            FieldValue::Uints(numbers(&state.aboard).into()),
            FieldValue::Float(totals.micromorts),
        ],
        ..context.frame()
    }
}
