//! What is known of an episode once it has ended.

use serde::{Deserialize, Serialize};

use crate::rules::Outcome;

/// The figures of one finished episode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct EpisodeStats {
    /// The undiscounted sum of its rewards.
    pub episode_return: f32,
    /// Its length in steps.
    pub length: u32,
    /// How it stood at the end.
    pub outcome: Outcome,
}
