//! What does not change from frame to frame.

use daladala_env::{OutputKind, Place, RulesInfo};

/// The city and who drives in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The rule set.
    pub rules: String,
    /// Who drives.
    pub model: String,
    /// The cells of the route, as (x, y), in driving order; x to the right, y upwards.
    pub route: Vec<(u8, u8)>,
    /// Cells that have a name.
    pub places: Vec<Place>,
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
            places: info.places.clone(),
            actions: info.spaces.actions.clone(),
            outputs,
        }
    }
}
