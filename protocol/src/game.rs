//! What is played: rules, scenario and who drives.

use daladala_env::{Cell, FrameField, OutputKind, Place, RulesInfo};
use serde::{Deserialize, Serialize};

/// What does not change while one driver drives by one rule set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GameInfo {
    /// The rule set.
    pub rules: String,
    /// The scenario of the rules; empty in recordings that are older than scenarios.
    pub scenario: String,
    /// The hash of all parameters of the scenario.
    pub scenario_hash: String,
    /// Who drives.
    pub model: String,
    /// Width and height in cells.
    pub grid: (u8, u8),
    /// The cells of the route, in driving order.
    pub route: Vec<Cell>,
    /// The cells where passengers wait, in the order of `waiting` of a frame.
    pub stops: Vec<Cell>,
    /// The step limit.
    pub max_steps: u32,
    /// How many the bus can hold.
    pub capacity: u32,
    /// How many it may hold by law.
    pub legal_capacity: u32,
    /// The names of the actions.
    pub actions: Vec<String>,
    /// What rewards are the sum of.
    pub reward_terms: Vec<String>,
    /// What steps cost beside their rewards.
    pub cost_terms: Vec<String>,
    /// What the outputs of a frame are.
    pub outputs: OutputKind,
    /// Cells with names.
    pub places: Vec<Place>,
    /// The fields of a frame, in the order of their numbers.
    pub frame: Vec<FrameField>,
}

impl GameInfo {
    /// The game of a driver named `model`, whose outputs are of a kind, by the rules that `info` describes.
    #[must_use]
    pub fn of(info: &RulesInfo, model: impl Into<String>, outputs: OutputKind) -> Self {
        Self {
            rules: info.id.rules.clone(),
            scenario: info.id.scenario.clone(),
            scenario_hash: info.id.scenario_hash.clone(),
            model: model.into(),
            grid: info.grid,
            route: info.route.clone(),
            stops: info.stops.clone(),
            max_steps: info.max_steps,
            capacity: info.capacity,
            legal_capacity: info.legal_capacity,
            actions: info.spaces.actions.clone(),
            reward_terms: info.reward_terms.iter().map(|term| term.name.clone()).collect(),
            cost_terms: info.cost_terms.iter().map(|term| term.name.clone()).collect(),
            outputs,
            places: info.places.clone(),
            frame: info.frame_schema(),
        }
    }
}
