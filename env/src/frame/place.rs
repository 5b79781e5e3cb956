//! Small types that frames and the descriptions of rules share.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Cell;

/// What [`Frame::outputs`](super::Frame::outputs) are.
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
    pub cell: Cell,
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
