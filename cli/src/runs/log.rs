//! The figures of a training run as it goes on: `progress.csv` for people and scripts, event files for TensorBoard.
//!
//! Both are added to in whole pieces, so that a run that is killed leaves a piece cut at most at the very end. Such an
//! end is dropped when the run is resumed, and readers take it for the end of the file.

mod progress;
mod tensorboard;

use std::path::Path;

use anyhow::{Context, ensure};
pub(super) use progress::NAME as PROGRESS;
use progress::Progress;
use tensorboard::EventFile;

/// Where the figures of a run go. What is not finite is an empty cell, and not shown in TensorBoard.
pub(super) struct RunLog {
    progress: Progress,
    events: EventFile,
}

impl RunLog {
    /// Begins the log of a new run. `columns` are all tags that there will be, `rollout/ep_rew_mean` for example.
    pub(super) fn create(folder: &Path, columns: &[&'static str]) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let progress = Progress::create(folder, columns)?;
        Ok(Self { progress, events: EventFile::create(folder)? })
    }

    /// Goes on with the log of a run from a checkpoint at `step`: what was logged of later steps is dropped, as they
    /// come again.
    pub(super) fn resume(folder: &Path, columns: &[&'static str], step: u64) -> anyhow::Result<Self> {
        ensure!(folder.is_dir(), "{} is no folder: there is no run in it to resume", folder.display());
        let progress = Progress::resume(folder, columns, step)?;
        Ok(Self { progress, events: EventFile::resume(folder, step)? })
    }

    /// Removes the log of a run that is over. Files that are not of a log of ours are left where they are, and said.
    pub(super) fn remove(folder: &Path) -> anyhow::Result<()> {
        let logs = [progress::files(folder), tensorboard::files(folder)?].concat();
        ensure!(
            logs.is_empty() || progress::is_ours(folder),
            "{} has a log that is not of a training of ours: name another folder",
            folder.display()
        );
        for path in logs {
            std::fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
        }
        Ok(())
    }

    /// Wall time of the run, seconds, whatever lay between its parts.
    pub(super) fn seconds(&self) -> f64 {
        self.progress.seconds()
    }

    /// One row and one event. Tags that are left out are empty cells.
    pub(super) fn scalars(&mut self, step: u64, scalars: &[(&'static str, f64)]) -> anyhow::Result<()> {
        self.progress.row(step, scalars)?;
        self.events.scalars(step, scalars)
    }

    /// Brings everything to the disk. To be called before a checkpoint is saved, so that no checkpoint is ahead of the
    /// log.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        self.progress.flush()?;
        self.events.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_go_to_both_and_a_run_is_resumed_in_both() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("runs/first");
        let columns = &["train/loss", "eval/mean_reward"];
        let mut log = RunLog::create(&run, columns).unwrap();
        log.scalars(1, &[("train/loss", 0.5)]).unwrap();
        log.scalars(2, &[("train/loss", 0.25), ("eval/mean_reward", f64::NAN)]).unwrap();
        log.flush().unwrap();
        drop(log);
        let error = RunLog::create(&run, columns).err().unwrap().to_string();
        assert!(error.contains("the log of a run"), "{error}");

        let mut log = RunLog::resume(&run, columns, 1).unwrap();
        log.scalars(2, &[("train/loss", 0.125)]).unwrap();
        drop(log);
        let text = std::fs::read_to_string(run.join("progress.csv")).unwrap();
        let steps: Vec<_> = text.lines().filter_map(|line| line.split(',').next()).collect();
        assert_eq!(steps, ["step", "1", "2"]);
        assert!(text.ends_with(",0.125,\n"), "{text}");
        assert_eq!(std::fs::read_dir(&run).unwrap().count(), 3, "a table and two event files");
    }

    #[test]
    fn there_is_nothing_to_resume_without_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let error = RunLog::resume(&folder.path().join("nothing"), &["train/loss"], 1).err().unwrap().to_string();
        assert!(error.contains("no run"), "{error}");
    }
}
