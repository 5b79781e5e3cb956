//! The route on the grid, and the state as a frame.

use std::collections::BTreeMap;

use super::info::ACTION_NAMES;
use super::layout::cells;
use super::{CAPACITY, ClassicState, LEGAL_CAPACITY, ROUTE_CELLS, STOPS};
use crate::frame::{Hazard, HazardKind, StateFrame};
use crate::rules::FrameContext;

/// The corner where the route turns.
const CORNER: u8 = 14;

/// The cells of the route: along y = 14, then down x = 14.
pub(super) const ROUTE: [(u8, u8); ROUTE_CELLS] = {
    let mut route = [(0, 0); ROUTE_CELLS];
    let mut i = 0;
    while i < ROUTE_CELLS {
        let index = i as u8;
        route[i] = if index <= CORNER { (index, CORNER) } else { (CORNER, 2 * CORNER - index) };
        i += 1;
    }
    route
};

fn cell(index: u8) -> (u8, u8) {
    ROUTE[usize::from(index)]
}

fn key(index: u8) -> String {
    let (x, y) = cell(index);
    format!("{x},{y}")
}

pub(super) fn frame(state: &ClassicState, context: &FrameContext) -> StateFrame {
    let (x, y) = cell(state.position);
    let police: Vec<_> = cells(state.layout.police).into_iter().map(cell).collect();
    let lights = cells(state.layout.lights);
    let light_states: BTreeMap<_, _> =
        lights.iter().map(|&light| (key(light), (state.layout.red >> light & 1) as u8)).collect();
    let lights: Vec<_> = lights.into_iter().map(cell).collect();
    let hazard = |kind| move |&cell| Hazard { cell, kind };
    let hazards = police.iter().map(hazard(HazardKind::Police));
    let hazards = hazards.chain(lights.iter().map(hazard(HazardKind::TrafficLight))).collect();
    let waiting = STOPS.iter().zip(state.waiting).map(|(&stop, waiting)| (key(stop), u32::from(waiting))).collect();
    StateFrame {
        step: u32::from(state.steps),
        position: (x, y),
        x,
        y,
        pos_x: f32::from(x),
        pos_y: f32::from(y),
        route_index: u32::from(state.position),
        passengers: u32::from(state.passengers),
        capacity: u32::from(CAPACITY),
        legal_capacity: u32::from(LEGAL_CAPACITY),
        money: i64::from(state.money()),
        speed: u32::from(state.speed),
        light_red: state.red_here().into(),
        police_here: state.police_here().into(),
        must_stop: state.must_stop().into(),
        fined: state.fined.into(),
        crashed: state.crashed.into(),
        hazards,
        police_checkpoints: police,
        traffic_lights: lights,
        traffic_light_states: light_states,
        high_demand_stops: STOPS.into_iter().map(cell).collect(),
        waiting,
        light_cycle: u32::from(state.steps),
        episode: context.episode,
        action: context.action,
        action_name: context.action.map(|action| ACTION_NAMES[usize::from(action)].to_owned()),
        reward: context.transition.reward,
        total_reward: context.total_reward,
        reward_terms: Vec::new(),
        outputs: Vec::new(),
        action_mask: None,
        terminated: context.transition.terminated,
        truncated: context.transition.truncated,
        ending: None,
    }
}
