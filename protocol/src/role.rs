//! What one may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A role; each may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees rooms.
    Watch,
    /// Changes rooms.
    Drive,
    /// Closes rooms, and sees totals.
    Admin,
}

impl Role {
    const ALL: [Self; 3] = [Self::Watch, Self::Drive, Self::Admin];

    fn name(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Drive => "drive",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.name() == name).ok_or_else(|| UnknownRole(name.to_owned()))
    }
}

/// A word that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no role: name one of watch, drive, admin")]
pub struct UnknownRole(String);
