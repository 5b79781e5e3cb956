//! The route on the grid, and the state as a frame.

use super::layout::cells;
use super::{ClassicState, ROUTE_CELLS};
use crate::frame::{Cell, FieldType, FieldValue, Frame, FrameField};
use crate::rules::FrameContext;

/// The corner where the route turns.
const CORNER: u8 = 14;

/// The cells of the route: along y = 14, then down x = 14.
pub(super) const ROUTE: [Cell; ROUTE_CELLS] = {
    let mut route = [(0, 0); ROUTE_CELLS];
    let mut i = 0;
    while i < ROUTE_CELLS {
        let index = i as u8;
        route[i] = if index <= CORNER { (index, CORNER) } else { (CORNER, 2 * CORNER - index) };
        i += 1;
    }
    route
};

/// The fields that these rules add to a frame.
pub(super) fn own_fields() -> Vec<FrameField> {
    vec![FrameField::new("must_stop", "", FieldType::Bool, "The bus has to stop here")]
}

pub(super) fn cell(index: u8) -> Cell {
    ROUTE[usize::from(index)]
}

pub(super) fn frame(state: &ClassicState, context: &FrameContext) -> Frame {
    let lights = cells(state.layout.lights);
    Frame {
        step: u32::from(state.steps),
        position: cell(state.position),
        route_index: u32::from(state.position),
        speed: u32::from(state.speed),
        passengers: u32::from(state.passengers),
        money: i64::from(state.money()),
        waiting: state.waiting.map(u32::from).to_vec(),
        lights_red: lights.iter().map(|&light| state.layout.red >> light & 1 == 1).collect(),
        lights: lights.into_iter().map(cell).collect(),
        police: cells(state.layout.police).into_iter().map(cell).collect(),
        fined: state.fined,
        crashed: state.crashed,
        own: vec![FieldValue::Bool(state.must_stop())],
        ..context.frame()
    }
}
