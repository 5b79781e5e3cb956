//! Observations and actions described in data, so that bindings, documents and viewers read one source.

use serde::{Deserialize, Serialize};

/// One entry of the observation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// Its name, in `snake_case`.
    pub name: String,
    /// What it tells.
    pub meaning: String,
    /// The least value it takes.
    pub low: f32,
    /// The greatest value it takes.
    pub high: f32,
}

impl Feature {
    /// A feature of this name and meaning, with values from `low` to `high`.
    #[must_use]
    pub fn new(name: &str, meaning: &str, low: f32, high: f32) -> Self {
        Self { name: name.into(), meaning: meaning.into(), low, high }
    }
}

/// The spaces of a rule set: a `Box` of `f32` and a `Discrete`, in Gymnasium's terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spaces {
    /// The observation, entry by entry; its length is the observation size.
    pub observation: Vec<Feature>,
    /// The names of the actions; an action is an index into them.
    pub actions: Vec<String>,
}

impl Spaces {
    /// The shape of the observation of one environment. Its entries are `f32`.
    #[must_use]
    pub fn observation_shape(&self) -> [usize; 1] {
        [self.observation.len()]
    }

    /// The least and the greatest values of the observation, entry by entry.
    #[must_use]
    pub fn observation_bounds(&self) -> (Vec<f32>, Vec<f32>) {
        self.observation.iter().map(|feature| (feature.low, feature.high)).unzip()
    }

    /// The place of a feature in the observation.
    #[must_use]
    pub fn feature(&self, name: &str) -> Option<usize> {
        self.observation.iter().position(|feature| feature.name == name)
    }
}
