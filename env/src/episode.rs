//! What is known of an episode once it has ended.

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

use crate::info::{MAX_FIGURES, RulesInfo};
use crate::rules::{Ending, Rules};

/// The figures of one finished episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpisodeStats {
    /// The undiscounted sum of its rewards.
    pub episode_return: f32,
    /// Its length in steps.
    pub length: u32,
    /// How it ended: an index into [`RulesInfo::endings`].
    pub ending: Ending,
    /// The figures that the rules declare, in the order of [`RulesInfo::figures`].
    pub figures: ArrayVec<f32, MAX_FIGURES>,
}

impl EpisodeStats {
    /// Those of an episode whose last state this is. `figures` is how many the rules declare.
    pub(crate) fn of<R: Rules>(rules: &R, state: &R::State, episode_return: f32, length: u32, figures: usize) -> Self {
        let (count, mut figures) = (figures, ArrayVec::from([0.0; MAX_FIGURES]));
        figures.truncate(count);
        rules.figures(state, &mut figures);
        Self { episode_return, length, ending: rules.ending(state), figures }
    }

    /// The figure of this name, where the rules have one.
    #[must_use]
    pub fn figure(&self, info: &RulesInfo, name: &str) -> Option<f32> {
        self.figures.get(info.figure(name)?).copied()
    }
}
