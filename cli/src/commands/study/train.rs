//! Training the agents of a study: each once, and on where it was interrupted.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use daladala_agents::{Checkpoint, DeviceKind};
use daladala_env::{Rules, RulesVisitor};
use daladala_learning::{Evaluations, Report, TrainConfig, TrainingRun};
use indicatif::ProgressBar;

use super::drive::INTERRUPTED;
use crate::runs::RunFolder;

/// Episodes of each evaluation of a training: enough to tell good weights from lucky ones.
const EVALUATION_EPISODES: usize = 4000;
/// Evaluations of a training.
const EVALUATIONS: u64 = 50;
/// From one save of a training to the next.
const SAVE_EVERY: Duration = Duration::from_mins(1);

/// Trains an agent and keeps its weights, unless they are there.
pub(super) struct Train<'a> {
    config: &'a TrainConfig,
    steps: u64,
    seed: u64,
    weights: &'a Path,
    /// Counts steps.
    bar: &'a ProgressBar,
}

impl<'a> Train<'a> {
    pub(super) fn new(config: &'a TrainConfig, steps: u64, seed: u64, weights: &'a Path, bar: &'a ProgressBar) -> Self {
        Self { config, steps, seed, weights, bar }
    }
}

impl RulesVisitor for Train<'_> {
    type Output = anyhow::Result<()>;

    fn visit<R: Rules>(self, rules: R) -> anyhow::Result<()> {
        let Self { config, steps, seed, weights, bar } = self;
        if Checkpoint::load(weights).is_ok() {
            bar.inc(steps);
            return Ok(());
        }
        let folder = weights.with_extension("run");
        let (mut run, mut folder) = if RunFolder::can_resume(&folder) {
            let resumed = RunFolder::resume(&folder, &rules, DeviceKind::Cpu);
            resumed.with_context(|| format!("remove {} to train it again", folder.display()))?
        } else {
            let evaluations =
                Evaluations { every: (steps / EVALUATIONS).max(1), episodes: EVALUATION_EPISODES, stop_at: None };
            let run = TrainingRun::new(config, &rules, seed, steps, evaluations, None)?;
            (run, RunFolder::create(&folder, config, false)?)
        };
        let mut told = 0;
        let mut tell = |report: &Report| {
            let done = report.progress.steps.min(steps);
            bar.inc(done - told);
            told = done;
        };
        if !folder.train(&mut run, SAVE_EVERY, &mut tell)? {
            bail!(INTERRUPTED);
        }
        run.result()?.checkpoint.save(weights)?;
        folder.finish()
    }
}
