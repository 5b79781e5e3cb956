//! What does not change from frame to frame.

use daladala_env::{OutputKind, Place, Rules};

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
    /// The setting of episodes by `rules`.
    pub fn of<R: Rules>(rules: &R, model: impl Into<String>, outputs: OutputKind) -> Self {
        Self {
            rules: rules.name().to_owned(),
            model: model.into(),
            route: rules.route().to_vec(),
            places: rules.places(),
            actions: rules.spaces().actions.iter().map(|&action| action.to_owned()).collect(),
            outputs,
        }
    }
}
