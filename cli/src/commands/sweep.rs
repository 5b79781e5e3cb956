//! `daladala sweep`: trainings over configurations and seeds, several at a time, each in a folder of its own.

mod grid;
mod pool;
mod report;
mod results;

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use daladala_agents::Algorithm;
use daladala_env::{Rules, RulesVisitor, SpecId};
use daladala_learning::{Evaluations, LearningError, Report, TrainingResult, TrainingRun, defaults};
use indicatif::ProgressBar;
use serde::Serialize;

use super::train::{EvaluationArgs, parse_save_every};
use crate::arguments::{DeviceArgs, RulesArgs, SET_HELP, one_of};
use crate::files::{ensure_free, write_text};
use crate::hyperparameters::{merged, read};
use crate::interrupt;
use crate::numbers::{count_in, some};
use crate::output::{print, print_json, progress_bar};
use crate::runs::{RunFolder, curve, lock};
use grid::{Configuration, configurations, folder};
use results::{Figures, Outcome, Results, RunResult, Tried, best_first};

/// The most trainings of a configuration.
const MAX_SEEDS: u64 = 1000;
/// What the sweep was asked for; another one needs another folder.
const SETTINGS: &str = "sweep.json";
/// The folders of the runs.
const RUNS: &str = "runs";
/// In the folder of a run that is finished.
const RESULT: &str = "result.json";
const MODEL: &str = "model.safetensors";

#[derive(Debug, clap::Args)]
#[command(mut_arg("set", |arg| arg.help(SET_HELP)))]
pub(crate) struct Args {
    /// The learning algorithm.
    #[arg(long, value_parser = one_of(Algorithm::ALL))]
    algo: Algorithm,
    /// Hyperparameters to try, as TOML: a list of values each, of which every combination is tried, or a
    /// `[[configuration]]` each. Without it the defaults alone.
    #[arg(long, value_name = "FILE")]
    grid: Option<PathBuf>,
    /// Where results, plots and runs go. The same command goes on with a sweep that was interrupted.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Trainings of each configuration, with one seed after the other.
    #[arg(long, default_value_t = 5, allow_negative_numbers = true, value_parser = count_in::<u64>(1..=MAX_SEEDS))]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    seed: u64,
    #[command(flatten)]
    rules: RulesArgs,
    /// Environment steps of each training [default: what the algorithm needs for the rules].
    #[arg(long, allow_negative_numbers = true, value_parser = some::<u64>)]
    steps: Option<u64>,
    #[command(flatten)]
    evaluation: EvaluationArgs,
    /// Trainings at a time [default: one a core].
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          value_parser = count_in::<usize>(1..=1024))]
    jobs: Option<usize>,
    /// Seconds between saves of a run that goes on: what a kill may cost at most.
    #[arg(long, value_name = "SECONDS", default_value = "30", allow_negative_numbers = true, value_parser = parse_save_every)]
    save_every: Duration,
    #[command(flatten)]
    device: DeviceArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What all runs have in common.
#[derive(Debug, Serialize)]
struct Settings<'a> {
    algorithm: Algorithm,
    #[serde(flatten)]
    spec: &'a SpecId,
    steps: u64,
    evaluations: Evaluations,
    configurations: &'a [Configuration],
}

impl RulesVisitor for &Args {
    type Output = anyhow::Result<()>;

    fn visit<R: Rules>(self, rules: R) -> anyhow::Result<()> {
        self.sweep(&rules)
    }
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        self.rules.spec_to_train_on()?.visit(&self)
    }

    fn sweep<R: Rules>(&self, rules: &R) -> anyhow::Result<()> {
        let info = rules.info();
        let defaults = defaults(self.algo, &info.id.rules);
        let base = merged(&defaults.config, None, &self.rules.hyperparameters())?;
        let grid = self.grid.as_deref().map(read).transpose()?.unwrap_or_default();
        let about = || self.grid.as_ref().map_or("the grid".to_owned(), |path| path.display().to_string());
        let configurations = configurations(grid, &base).with_context(about)?;
        let steps = self.steps.unwrap_or(defaults.steps);
        let evaluations = self.evaluation.plan(steps, None);
        let settings =
            Settings { algorithm: self.algo, spec: &info.id, steps, evaluations, configurations: &configurations };
        let _lock = self.claim(&settings)?;
        interrupt::catch()?;

        let seeds: Vec<u64> = (0..self.seeds).map(|more| self.seed.wrapping_add(more)).collect();
        let runs: Vec<_> = configurations
            .iter()
            .flat_map(|configuration| seeds.iter().map(move |&seed| (configuration, seed)))
            .collect();
        let to_do =
            runs.iter().filter(|(configuration, seed)| !self.run_path(configuration, *seed).join(RESULT).exists());
        let bar = progress_bar(steps.saturating_mul(to_do.count() as u64), "steps", self.json);
        let jobs = self.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        let finished = pool::each(&runs, jobs, &|&(configuration, seed)| {
            self.run_one(rules, &settings, configuration, seed, &bar)
        })?;
        bar.finish_and_clear();

        let mut finished = finished.into_iter();
        let mut tried: Vec<_> = configurations
            .iter()
            .map(|configuration| Tried::new(configuration, finished.by_ref().take(seeds.len()).collect()))
            .collect();
        best_first(&mut tried);
        let results =
            Results { algorithm: self.algo, info: &info, spec: &info.id, steps, seeds, configurations: tried };
        report::write(&self.out, &results)?;
        if self.json {
            return print_json(&results);
        }
        print(report::table(&results))?;
        print(format!("Plots, results.json and the weights of every run are in {}.", self.out.display()))
    }

    /// Makes the folder this sweep's own, or finds that it is.
    fn claim(&self, settings: &Settings) -> anyhow::Result<File> {
        let about = || format!("{} cannot be the folder of a sweep", self.out.display());
        let wanted = serde_json::to_string_pretty(settings)?;
        let path = self.out.join(SETTINGS);
        std::fs::create_dir_all(self.out.join(RUNS)).with_context(about)?;
        let lock = lock(&self.out)?;
        match std::fs::read_to_string(&path) {
            Ok(found) => {
                ensure!(found == wanted, "{} holds another sweep: name another folder", self.out.display());
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                ensure_free(&self.out, &[report::RESULTS])?;
                write_text(&path, &wanted)?;
            }
            Err(error) => return Err(error).with_context(about),
        }
        Ok(lock)
    }

    fn run_path(&self, configuration: &Configuration, seed: u64) -> PathBuf {
        self.out.join(RUNS).join(folder(&configuration.name)).join(format!("seed-{seed}"))
    }

    /// A training, from its beginning, or where it was interrupted, or what it came to before.
    fn run_one<R: Rules>(
        &self,
        rules: &R,
        settings: &Settings,
        configuration: &Configuration,
        seed: u64,
        bar: &ProgressBar,
    ) -> anyhow::Result<RunResult> {
        ensure!(!interrupt::asked(), "interrupted: the same command goes on");
        let path = self.run_path(configuration, seed);
        let result = path.join(RESULT);
        if !result.exists() {
            self.train(rules, settings, configuration, seed, &path, bar).inspect_err(|_| interrupt::ask())?;
        }
        // Also what was just written is read, so that a sweep says the same to the last digit when it is asked again.
        let about = || format!("{}: remove {} to train it again", result.display(), path.display());
        let text = std::fs::read_to_string(&result).with_context(about)?;
        let found: RunResult = serde_json::from_str(&text).map_err(|error| anyhow!("{error}")).with_context(about)?;
        let whole = found.seed == seed && found.failure.is_some() != found.outcome.is_some();
        ensure!(whole, "{} is not of this run: remove {} to train it again", result.display(), path.display());
        Ok(found)
    }

    /// Trains, from the beginning or where it was interrupted, and writes down what came of it.
    fn train<R: Rules>(
        &self,
        rules: &R,
        settings: &Settings,
        configuration: &Configuration,
        seed: u64,
        path: &Path,
        bar: &ProgressBar,
    ) -> anyhow::Result<()> {
        let (mut run, mut folder) = if RunFolder::can_resume(path) {
            let resumed = RunFolder::resume(path, rules, self.device.device);
            resumed.with_context(|| format!("remove {} to train it again", path.display()))?
        } else {
            let Settings { steps, evaluations, .. } = settings;
            let config = &configuration.config;
            let device = self.device.device.open()?;
            let run = TrainingRun::new(config, rules, seed, *steps, evaluations.clone(), device.as_ref())?;
            (run, RunFolder::create(path, config, false)?)
        };
        let mut told = run.trainer().done();
        bar.set_length(bar.length().unwrap_or_default().saturating_sub(told));
        let mut tell = |report: &Report| {
            let done = report.progress.steps.min(settings.steps);
            bar.inc(done.saturating_sub(told));
            told = done;
        };
        let mut result = RunResult { seed, failure: None, outcome: None };
        match folder.train(&mut run, self.save_every, &mut tell) {
            Ok(true) => result.outcome = Some(Self::outcome(&run, path)?),
            Ok(false) => bail!("interrupted: the same command goes on"),
            // It says something about the hyperparameters.
            Err(error) if matches!(error.downcast_ref(), Some(LearningError::Diverged { .. })) => {
                result.failure = Some(error.to_string());
            }
            Err(error) => return Err(error),
        }
        write_text(&path.join(RESULT), &serde_json::to_string(&result)?)?;
        folder.finish()
    }

    fn outcome<R: Rules>(run: &TrainingRun<R>, path: &Path) -> anyhow::Result<Outcome> {
        let TrainingResult { checkpoint, evaluation, returns, validation, on_training_layouts } = run.result()?;
        checkpoint.save(&path.join(MODEL))?;
        let curve = curve(path)?;
        Ok(Outcome {
            steps: run.trainer().done(),
            seconds: curve.last().map_or(0.0, |point| point.seconds),
            solved: curve.iter().find(|point| Some(point.steps) == run.solved_at()).cloned(),
            validation: Figures::from(&validation),
            unseen: Figures::from(&evaluation),
            seen: Figures::from(&on_training_layouts),
            curve,
            returns,
        })
    }
}
