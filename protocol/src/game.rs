//! What is played: rules, scenario and who drives.

use daladala_env::{OutputKind, Place};
use serde::{Deserialize, Serialize};

/// What does not change while one driver drives by one rule set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GameInfo {
    /// The rule set.
    pub rules: String,
    /// The scenario of the rules, and the hash of all its parameters. Recordings of earlier versions lack these.
    #[serde(default)]
    pub scenario: String,
    /// The hash of all parameters of the scenario.
    #[serde(default)]
    pub scenario_hash: String,
    /// Who drives.
    pub model: String,
    /// Width and height in cells.
    pub grid: (u8, u8),
    /// The cells of the route, in driving order.
    pub route: Vec<(u8, u8)>,
    /// The step limit.
    pub max_steps: u32,
    /// How many the bus can hold.
    pub physical_max_passengers: u32,
    /// How many it may hold by law.
    pub legal_capacity: u32,
    /// The names of the actions.
    pub actions: Vec<String>,
    /// What rewards are the sum of. Recordings of earlier versions lack this and what follows.
    #[serde(default)]
    pub reward_terms: Vec<String>,
    /// What the outputs of a frame are.
    #[serde(default = "unknown_outputs")]
    pub outputs: OutputKind,
    /// Cells with names.
    #[serde(default)]
    pub places: Vec<Place>,
}

/// Recordings that don't say what their outputs are have none.
fn unknown_outputs() -> OutputKind {
    OutputKind::Values
}
