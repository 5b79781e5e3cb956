//! What does not change from frame to frame.

use daladala_env::{Cell, OutputKind, Place, RulesInfo};

/// The city and who drives in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The rule set.
    pub rules: String,
    /// Who drives.
    pub model: String,
    /// The cells of the route, as (x, y), in driving order; x to the right, y upwards.
    pub route: Vec<Cell>,
    /// The cells where passengers wait, in the order of a frame's `waiting`.
    pub stops: Vec<Cell>,
    /// Cells that have a name.
    pub places: Vec<Place>,
    /// How many the bus can hold.
    pub capacity: u32,
    /// How many it may hold by law.
    pub legal_capacity: u32,
    /// The names of the actions.
    pub actions: Vec<String>,
    /// What the driver's outputs are.
    pub outputs: OutputKind,
}

impl Setting {
    /// The setting of episodes by the rules that `info` describes.
    pub fn of(info: &RulesInfo, model: impl Into<String>, outputs: OutputKind) -> Self {
        Self {
            rules: info.id.rules.clone(),
            model: model.into(),
            route: info.route.clone(),
            stops: info.stops.clone(),
            capacity: info.capacity,
            legal_capacity: info.legal_capacity,
            places: info.places.clone(),
            actions: info.spaces.actions.clone(),
            outputs,
        }
    }
}
