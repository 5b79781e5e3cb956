//! The state frame: everything that a viewer, a recording or a person needs to know about one step.
//!
//! Its JSON keeps the field names and the 0/1 flags of the original system, so that clients made for it read
//! ours. Fields that the original does not have (`waiting`, `route_index`, …) stand beside them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What stands on a cell of the route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HazardKind {
    /// A police checkpoint.
    Police,
    /// A traffic light, red or green.
    TrafficLight,
}

/// A hazard and the cell it stands on; `[x, y, kind]` in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hazard {
    /// The cell, as (x, y).
    pub cell: (u8, u8),
    /// What stands there.
    pub kind: HazardKind,
}

impl Serialize for Hazard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.cell.0, self.cell.1, self.kind).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Hazard {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (x, y, kind) = Deserialize::deserialize(deserializer)?;
        Ok(Self { cell: (x, y), kind })
    }
}

/// What [`StateFrame::outputs`] are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputKind {
    /// The expected return of each action.
    Values,
    /// Unnormalised log-probabilities: their softmax is the chance of each action.
    Logits,
    /// The chance of each action.
    Probabilities,
}

/// A cell with a name; `[x, y, name]` in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The cell, as (x, y).
    pub cell: (u8, u8),
    /// What people call it.
    pub name: String,
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.cell.0, self.cell.1, &self.name).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (x, y, name) = Deserialize::deserialize(deserializer)?;
        Ok(Self { cell: (x, y), name })
    }
}

/// One step of one environment as seen from outside. Cells are (x, y); money is in Tanzanian shillings (TSh).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StateFrame {
    /// Steps since the reset.
    pub step: u32,
    /// The cell of the bus.
    pub position: (u8, u8),
    /// The same, x alone.
    pub x: u8,
    /// The same, y alone.
    pub y: u8,
    /// Where the bus is drawn, x in cells.
    pub pos_x: f32,
    /// Where the bus is drawn, y in cells.
    pub pos_y: f32,
    /// The cell of the bus as an index into the route.
    pub route_index: u32,
    /// How many are aboard.
    pub passengers: u32,
    /// How many the bus can hold.
    pub capacity: u32,
    /// How many it may hold by law.
    pub legal_capacity: u32,
    /// Fares earned, TSh.
    pub money: i64,
    /// Speed notch.
    pub speed: u32,
    /// 1 on a cell whose light is red.
    pub light_red: u8,
    /// 1 on a cell with a police checkpoint.
    pub police_here: u8,
    /// 1 where the bus has to stop.
    pub must_stop: u8,
    /// 1 once the police have fined the bus in this episode.
    pub fined: u8,
    /// 1 once the bus has crashed.
    pub crashed: u8,
    /// All hazards of the episode.
    pub hazards: Vec<Hazard>,
    /// The cells of the police checkpoints.
    pub police_checkpoints: Vec<(u8, u8)>,
    /// The cells of the traffic lights.
    pub traffic_lights: Vec<(u8, u8)>,
    /// `"x,y"` to 1 (red) or 0 (green).
    pub traffic_light_states: BTreeMap<String, u8>,
    /// The cells of the stops where many wait.
    pub high_demand_stops: Vec<(u8, u8)>,
    /// `"x,y"` of a stop to how many wait there.
    pub waiting: BTreeMap<String, u32>,
    /// Steps of the lights' clock.
    pub light_cycle: u32,
    /// Which episode of its stream this is, from 1.
    pub episode: u64,
    /// The action that led here; none right after a reset.
    pub action: Option<u8>,
    /// Its name.
    pub action_name: Option<String>,
    /// The reward of the step.
    pub reward: f32,
    /// The sum of rewards since the reset.
    pub total_reward: f32,
    /// The reward by its parts, in the order of [`RulesInfo::reward_terms`](crate::RulesInfo::reward_terms). Empty right after
    /// a reset, and until whoever steps the environment fills it in.
    #[serde(default)]
    pub reward_terms: Vec<f32>,
    /// What the driver went by when it chose, one number an action. Empty right after a reset, and until whoever
    /// asked the driver fills it in.
    #[serde(default)]
    pub outputs: Vec<f32>,
    /// Which actions the driver chose among: bit `a` for action `a`. None where it looks at no mask, and like the
    /// outputs.
    #[serde(default)]
    pub action_mask: Option<u32>,
    /// Whether the episode has ended by the rules.
    pub terminated: bool,
    /// Whether the episode was cut off by the step limit.
    pub truncated: bool,
    /// How the episode has ended, by the name of [`RulesInfo::endings`](crate::RulesInfo::endings); none while it goes
    /// on. Whoever steps the environment fills it in.
    #[serde(default)]
    pub ending: Option<String>,
}
