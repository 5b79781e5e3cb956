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
        FrameField::new("unmanned", "", FieldType::Cells, "The checkpoints where there are no police in this episode"),
        FrameField::new("sight", "cells", FieldType::Uint, "How far a checkpoint is seen"),
        FrameField::new("light_ticks", "ticks", FieldType::Uints, "For how long each light stays as it is"),
        FrameField::new("inspect", "", FieldType::Float, "The chance that the load is counted at a checkpoint"),
        FrameField::new("load_fine", "TSh", FieldType::Float, "The fine for too many aboard"),
        FrameField::new("radar", "", FieldType::Float, "The chance of a cell that radar sees who is too fast"),
        FrameField::new("aboard", "", FieldType::Uints, "How many aboard want to go to each stop, the last among them"),
        FrameField::new("micromorts", "micromort", FieldType::Float, "Expected deaths of this episode"),
    ]
}

pub(super) fn frame(parameters: &Parameters, state: &CityState, context: &FrameContext) -> Frame {
    let cell = |cell: u8| parameters.route[usize::from(cell)];
    let numbers = |counts: &[u8]| counts.iter().map(|&count| u32::from(count)).collect::<Vec<_>>();
    let CityState { layout, totals, .. } = state;
    let checkpoints = |manned: bool| {
        let those = layout.checkpoints.iter().filter(|checkpoint| checkpoint.manned == manned);
        those.map(|checkpoint| cell(checkpoint.cell)).collect::<Vec<_>>()
    };
    let enforcement = &layout.enforcement;
    let light_ticks = layout.lights.iter().map(|light| u32::from(light.ticks_to_change(state.steps)));
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
        police: checkpoints(true),
        fined: totals.times_fined > 0,
        crashed: state.crashed,
        own: vec![
            FieldValue::Int((totals.fines * TSH).round() as i64),
            FieldValue::Uint(u64::from(state.held)),
            FieldValue::Cells(checkpoints(false).into()),
            FieldValue::Uint(u64::from(parameters.scenario.police.sight)),
            FieldValue::Uints(light_ticks.collect()),
            FieldValue::Float(enforcement.inspect),
            FieldValue::Float(enforcement.load_fine * TSH),
            FieldValue::Float(enforcement.radar),
            FieldValue::Uints(numbers(&state.aboard).into()),
            FieldValue::Float(totals.micromorts),
        ],
        ..context.frame()
    }
}
