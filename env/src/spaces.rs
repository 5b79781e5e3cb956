//! Observations and actions described in data, so that bindings, documents and viewers read one source.

use serde::Serialize;

/// One entry of the observation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Feature {
    /// Its name, in `snake_case`.
    pub name: &'static str,
    /// What it tells.
    pub meaning: &'static str,
    /// The least value it takes.
    pub low: f32,
    /// The greatest value it takes.
    pub high: f32,
}

/// The spaces of a rule set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spaces {
    /// The observation, entry by entry; its length is the observation size.
    pub observation: &'static [Feature],
    /// The names of the actions; an action is an index into them.
    pub actions: &'static [&'static str],
}
