//! The folder of a training: what is known of it, and what it goes on from.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use daladala_agents::DeviceKind;
use daladala_agents::files::remove_unfinished;
use daladala_env::{RuleSpec, Rules};
use daladala_learning::{Evaluated, LearningError, Report, TrainConfig, TrainingRun};

use super::log::{PROGRESS, RunLog};
use crate::files::ensure_free;
use crate::hyperparameters::as_toml;
use crate::interrupt;

/// The hyperparameters.
const CONFIG: &str = "config.toml";
/// What `--resume` goes on from; gone when the run has ended.
const STATE: &str = "resume.state";
/// The best weights so far, as long as there is a state.
const BEST: &str = "best-so-far.safetensors";
/// The rules and the scenario that it trains on.
const RULES: &str = "rules.json";
/// The name of the weights that the run is for.
const WEIGHTS: &str = "weights-name";
/// Held by the process that writes into the folder.
const LOCK: &str = "lock";

/// Figures that every algorithm has.
const COLUMNS: [&str; 8] = [
    "rollout/ep_rew_mean",
    "rollout/ep_len_mean",
    "eval/mean_reward",
    "eval/mean_ep_length",
    "eval/optimal_fraction",
    "time/fps",
    "train/loss",
    "train/learning_rate",
];

pub(crate) struct RunFolder {
    path: PathBuf,
    log: RunLog,
    /// As long as it is open nobody else writes here.
    _lock: File,
    begin: Instant,
    /// Steps that were done before.
    begun_at: u64,
}

impl RunFolder {
    /// An error where `path` holds the run of other weights than `out`: `m` and `m.safetensors` have the same default
    /// folder, and neither may go on with, or replace, what belongs to the other.
    pub(crate) fn ensure_of(path: &Path, out: &Path) -> anyhow::Result<()> {
        match fs::read_to_string(path.join(WEIGHTS)) {
            Ok(name) if name != name_of(out) => {
                bail!("{} is the folder of the run of '{name}': --run FOLDER says where this one is", path.display())
            }
            _ => Ok(()),
        }
    }

    /// Notes that the run is for `out`, and trains on `spec`.
    pub(crate) fn belongs_to(&self, out: &Path, spec: &RuleSpec) -> anyhow::Result<()> {
        let note = |file: &str, text: String| {
            let file = self.path.join(file);
            fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))
        };
        note(WEIGHTS, name_of(out))?;
        note(RULES, serde_json::to_string_pretty(spec)?)
    }

    /// What the run that was interrupted in `path` trains on.
    pub(crate) fn spec(path: &Path) -> anyhow::Result<RuleSpec> {
        ensure!(Self::can_resume(path), "{} holds no run that was interrupted", path.display());
        let file = path.join(RULES);
        let about = || format!("{} does not say what the run trains on", file.display());
        serde_json::from_str(&fs::read_to_string(&file).with_context(about)?).with_context(about)
    }

    /// For a new run, in place of one that has ended. One that can be resumed is only given up on request.
    pub(crate) fn create(path: &Path, config: &TrainConfig, restart: bool) -> anyhow::Result<Self> {
        let about = || format!("{} cannot be the folder of a run", path.display());
        ensure!(
            restart || !Self::can_resume(path),
            "{} holds a run that was interrupted: --resume goes on with it, --restart begins anew",
            path.display()
        );
        fs::create_dir_all(path).with_context(about)?;
        let lock = lock(path)?;
        if !path.join(PROGRESS).exists() {
            ensure_free(path, &[CONFIG, STATE, BEST, RULES, WEIGHTS])?;
        }
        RunLog::remove(path)?;
        forget(path)?;
        fs::write(path.join(CONFIG), as_toml(config)?).with_context(about)?;
        let log = RunLog::create(path, &columns(config))?;
        Ok(Self { path: path.to_owned(), log, _lock: lock, begin: Instant::now(), begun_at: 0 })
    }

    /// With the run that was interrupted in it.
    pub(crate) fn resume<R: Rules>(
        path: &Path,
        rules: &R,
        device: DeviceKind,
    ) -> anyhow::Result<(TrainingRun<R>, Self)> {
        ensure!(Self::can_resume(path), "{} holds no run that was interrupted", path.display());
        let lock = lock(path)?;
        let run = TrainingRun::resume(&path.join(STATE), rules, device.open()?.as_ref())?;
        let begun_at = run.trainer().done();
        let log = RunLog::resume(path, &columns(run.trainer().config()), begun_at)?;
        Ok((run, Self { path: path.to_owned(), log, _lock: lock, begin: Instant::now(), begun_at }))
    }

    /// Whether there is a run in `path` that was interrupted.
    pub(crate) fn can_resume(path: &Path) -> bool {
        path.join(STATE).exists()
    }

    /// Trains until the run is finished or somebody wants the program to stop, and tells `each` how it goes. Whether it
    /// is finished; if not, it can be resumed.
    pub(crate) fn train<R: Rules>(
        &mut self,
        run: &mut TrainingRun<R>,
        save_every: Duration,
        each: &mut dyn FnMut(&Report),
    ) -> anyhow::Result<bool> {
        let mut saved = Instant::now();
        while !run.finished() {
            let report = run.advance().inspect_err(|error| {
                // It would diverge again.
                if matches!(error, LearningError::Diverged { .. }) {
                    let _ = fs::remove_file(self.path.join(STATE));
                }
            })?;
            self.log(&report)?;
            each(&report);
            let interrupted = interrupt::asked() && !run.finished();
            if interrupted || saved.elapsed() >= save_every {
                self.save(run)?;
                saved = Instant::now();
            }
            if interrupted {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn log(&mut self, report: &Report) -> anyhow::Result<()> {
        let progress = &report.progress;
        let fps = (progress.steps - self.begun_at) as f64 / self.begin.elapsed().as_secs_f64();
        let mut figures = vec![
            ("rollout/ep_rew_mean", f64::from(progress.mean_return)),
            ("rollout/ep_len_mean", f64::from(progress.mean_length)),
            ("time/fps", fps),
            ("train/loss", f64::from(progress.loss)),
            ("train/learning_rate", progress.learning_rate),
        ];
        figures.extend(progress.details.iter().map(|&(name, value)| (name, f64::from(value))));
        if let Some(Evaluated { evaluation, .. }) = &report.evaluation {
            figures.push(("eval/mean_reward", evaluation.mean_return));
            figures.push(("eval/mean_ep_length", evaluation.mean_length));
            figures.extend(evaluation.optimal_fraction.map(|fraction| ("eval/optimal_fraction", fraction)));
        }
        self.log.scalars(progress.steps, &figures)
    }

    /// Wall time of the run, seconds, whatever lay between its parts.
    pub(crate) fn seconds(&self) -> f64 {
        self.log.seconds()
    }

    /// So that the run can go on from here.
    pub(crate) fn save<R: Rules>(&mut self, run: &TrainingRun<R>) -> anyhow::Result<()> {
        self.log.flush()?;
        if let Some(best) = run.best() {
            best.save(&self.path.join(BEST))?;
        }
        Ok(run.save(&self.path.join(STATE))?)
    }

    /// Nothing is left to resume.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        self.log.flush()?;
        forget(&self.path)
    }
}

/// Keeps other processes out of `folder` until what is returned is dropped, and removes what those that were killed have
/// left unfinished there.
pub(crate) fn lock(folder: &Path) -> anyhow::Result<File> {
    let about = || format!("{} cannot be written to", folder.display());
    let mut open = File::options();
    // What may be in a file of that name stays there.
    let file = open.write(true).create(true).truncate(false).open(folder.join(LOCK)).with_context(about)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => bail!("another process is writing into {}", folder.display()),
        // Some file systems have no locks.
        Ok(()) | Err(TryLockError::Error(_)) => {
            remove_unfinished(folder);
            Ok(file)
        }
    }
}

fn name_of(out: &Path) -> String {
    out.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Leaves nothing to resume.
fn forget(folder: &Path) -> anyhow::Result<()> {
    for name in [STATE, BEST] {
        match fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{} cannot be removed", folder.join(name).display()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn columns(config: &TrainConfig) -> Vec<&'static str> {
    [&COLUMNS, config.details()].concat()
}
