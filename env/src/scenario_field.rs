//! What a field of a scenario is, in data: its unit, its bounds, what it means and where its number comes from.

use std::fmt;

use serde::{Serialize, Serializer};

/// A field of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ScenarioField {
    /// Its name, as `--set` takes it: `table.key`.
    pub name: &'static str,
    /// Its unit; empty where it is a plain number, a chance or no number.
    pub unit: &'static str,
    /// What it may be. Of a list, each number.
    pub bounds: Bounds,
    /// What it is.
    pub meaning: &'static str,
    /// Where the number of the default scenario comes from.
    pub source: &'static str,
}

/// What a field may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bounds {
    /// A number from 0 to 1.
    Chance,
    /// A number between two, which it may be.
    Between(u32, u32),
    /// No plain number: what it has to be, in words.
    Words(&'static str),
}

impl Bounds {
    /// Whether a number is within them; of no plain number nothing is said.
    #[must_use]
    pub fn hold(self, number: f64) -> bool {
        match self {
            Self::Chance => (0.0..=1.0).contains(&number),
            Self::Between(least, greatest) => (f64::from(least)..=f64::from(greatest)).contains(&number),
            Self::Words(_) => true,
        }
    }

    /// What is wrong with a number, if anything is.
    pub(crate) fn check(self, number: f64) -> Result<(), String> {
        match self {
            _ if self.hold(number) => Ok(()),
            Self::Chance => Err(format!("{number} is no chance: it has to be {self}")),
            _ => Err(format!("{number} has to be {self}")),
        }
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chance => f.write_str("0 to 1"),
            Self::Between(least, 1_000_000) => write!(f, "{least} to 1 000 000"),
            Self::Between(least, greatest) => write!(f, "{least} to {greatest}"),
            Self::Words(words) => f.write_str(words),
        }
    }
}

impl Serialize for Bounds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
