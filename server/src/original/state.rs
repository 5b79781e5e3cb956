//! The original's state frame: its JSON keeps the field names and the 0/1 flags that clients made for it read.

use std::collections::BTreeMap;

use daladala_env::{Cell, FieldValue};
use serde::Serialize;

use crate::room::RoomFrame;

/// An action as the original spells it.
pub(super) fn told(name: &str) -> &str {
    match name {
        "Pick up" => "Pickup",
        "Drop off" => "Dropoff",
        "Speed up" => "SpeedUp",
        other => other,
    }
}

/// What stands on a cell of the route, in the original's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum HazardKind {
    Police,
    TrafficLight,
}

/// One step as these clients get it. `docs/ORIGINAL.md` has the fields.
#[derive(Debug, Serialize)]
pub(super) struct StateFrame<'a> {
    step: u32,
    position: Cell,
    x: u8,
    y: u8,
    pos_x: u8,
    pos_y: u8,
    route_index: u32,
    passengers: u32,
    capacity: u32,
    legal_capacity: u32,
    money: f64,
    speed: f64,
    light_red: u8,
    police_here: u8,
    must_stop: u8,
    fined: u8,
    crashed: u8,
    hazards: Vec<(u8, u8, HazardKind)>,
    police_checkpoints: &'a [Cell],
    traffic_lights: &'a [Cell],
    traffic_light_states: BTreeMap<String, u8>,
    high_demand_stops: &'a [Cell],
    waiting: BTreeMap<String, u32>,
    /// The lights' clock, which is the step.
    light_cycle: u32,
    episode: u64,
    /// 0 after a reset.
    action: u8,
    pub(super) action_name: Option<&'a str>,
    reward: f32,
    total_reward: f32,
    reward_terms: &'a [f32],
    outputs: &'a [f32],
    action_mask: Option<u32>,
    /// Whether the episode is over, however it ended.
    terminated: bool,
    truncated: bool,
    ending: Option<&'a str>,
}

impl<'a> StateFrame<'a> {
    pub(super) fn of(frame: &'a RoomFrame) -> Self {
        let (state, game) = (frame.state(), frame.game());
        let (x, y) = state.position;
        let police = state.police.iter().map(|&(x, y)| (x, y, HazardKind::Police));
        let lights = state.lights.iter().map(|&(x, y)| (x, y, HazardKind::TrafficLight));
        let must_stop = game.frame.iter().zip(state.values()).find(|(field, _)| field.name == "must_stop");
        let must_stop = must_stop.is_some_and(|(_, value)| value == FieldValue::Bool(true));
        Self {
            step: state.step,
            position: state.position,
            x,
            y,
            pos_x: x,
            pos_y: y,
            route_index: state.route_index,
            passengers: state.passengers,
            capacity: game.capacity,
            legal_capacity: game.legal_capacity,
            money: state.money as f64,
            speed: state.speed.into(),
            light_red: state.light_red().into(),
            police_here: state.police_here().into(),
            must_stop: must_stop.into(),
            fined: state.fined.into(),
            crashed: state.crashed.into(),
            hazards: police.chain(lights).collect(),
            police_checkpoints: &state.police,
            traffic_lights: &state.lights,
            traffic_light_states: by_cell(&state.lights, state.lights_red.iter().map(|&red| u8::from(red))),
            high_demand_stops: &game.stops,
            waiting: by_cell(&game.stops, state.waiting.iter().copied()),
            light_cycle: state.step,
            episode: state.episode,
            action: state.action.unwrap_or_default(),
            action_name: state.action.and_then(|action| game.actions.get(usize::from(action))).map(|name| told(name)),
            reward: state.reward,
            total_reward: state.total_reward,
            reward_terms: &state.reward_terms,
            outputs: &state.outputs,
            action_mask: state.action_mask,
            terminated: frame.ends_episode(),
            truncated: state.truncated,
            ending: state.ending.as_deref(),
        }
    }
}

/// Values under the original's names of their cells: `"x,y"`.
fn by_cell<T>(cells: &[Cell], values: impl Iterator<Item = T>) -> BTreeMap<String, T> {
    cells.iter().map(|(x, y)| format!("{x},{y}")).zip(values).collect()
}
