//! The learning curve of a run, read back from its figures: they are complete even where the run was interrupted.

use std::path::Path;

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};

use super::log::PROGRESS;

/// An evaluation in the midst of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    /// Environment steps until then.
    pub(crate) steps: u64,
    /// Wall time until then.
    pub(crate) seconds: f64,
    pub(crate) mean_return: f64,
    /// Where the rules let it be known.
    pub(crate) optimal_fraction: Option<f64>,
}

/// The evaluations of the run in `folder`.
pub(crate) fn curve(folder: &Path) -> anyhow::Result<Vec<Point>> {
    let path = folder.join(PROGRESS);
    let about = || format!("{} cannot be read", path.display());
    let mut reader = csv::Reader::from_path(&path).with_context(about)?;
    let columns = reader.headers().with_context(about)?.clone();
    let place = |name: &str| {
        let found = columns.iter().position(|column| column == name);
        found.ok_or_else(|| anyhow!("{} has no column '{name}'", path.display()))
    };
    let (steps, seconds) = (place("step")?, place("seconds")?);
    let (mean_return, optimal_fraction) = (place("eval/mean_reward")?, place("eval/optimal_fraction")?);
    let mut points = Vec::new();
    for row in reader.records() {
        let row = row.with_context(about)?;
        let number = |place: usize| row.get(place).and_then(|cell| cell.parse::<f64>().ok());
        if let (Some(steps), Some(seconds), Some(mean_return)) = (number(steps), number(seconds), number(mean_return)) {
            points.push(Point {
                steps: steps as u64,
                seconds,
                mean_return,
                optimal_fraction: number(optimal_fraction),
            });
        }
    }
    Ok(points)
}
