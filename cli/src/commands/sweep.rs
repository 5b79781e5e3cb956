//! `daladala sweep`: trainings over configurations and seeds, several at a time, each in a folder of its own.

mod grid;
mod pool;
mod report;
mod results;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::builder::RangedU64ValueParser;
use daladala_agents::Algorithm;
use daladala_agents::training::{Evaluations, Report, TrainConfig, TrainingResult, TrainingRun};
use daladala_env::rules::Classic;
use daladala_env::{RuleSet, Rules};
use indicatif::ProgressBar;
use serde::Serialize;

use super::train::parse_save_every;
use crate::arguments::{DeviceArgs, one_of};
use crate::files::WholeFile;
use crate::hyperparameters::read;
use crate::interrupt;
use crate::output::{print, print_json, progress_bar};
use crate::runs::{RunFolder, curve};
use grid::{Configuration, configurations, folder};
use results::{Figures, Outcome, Results, RunResult, SOLVED, Tried, best_first};

/// Evaluations of a training, unless said otherwise.
const EVALUATIONS: u64 = 50;
/// The most episodes of an evaluation.
const MAX_EPISODES: u64 = 1_000_000;
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
pub(crate) struct Args {
    /// The learning algorithm.
    #[arg(long, value_parser = one_of(Algorithm::ALL))]
    algo: Algorithm,
    /// Hyperparameters to try, as TOML: a list of values each, of which every combination is tried, or a
    /// [[configuration]] each. Without it the defaults alone.
    #[arg(long, value_name = "FILE")]
    grid: Option<PathBuf>,
    /// Where results, plots and runs go. The same command goes on with a sweep that was interrupted.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Trainings of each configuration, with one seed after the other.
    #[arg(long, default_value_t = 5, allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(1..=MAX_SEEDS))]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    seed: u64,
    /// The rules to learn.
    #[arg(long, default_value_t)]
    rules: RuleSet,
    /// Environment steps of each training [default: what the algorithm needs for the rules].
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// Environment steps between evaluations [default: a fiftieth of all].
    #[arg(long, value_name = "STEPS", allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(1..))]
    eval_every: Option<u64>,
    /// Episodes of each evaluation.
    #[arg(long, value_name = "N", default_value_t = 100, allow_negative_numbers = true,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=MAX_EPISODES))]
    eval_episodes: usize,
    /// Trainings at a time [default: one a core].
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
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
    rules: &'a str,
    steps: u64,
    evaluations: Evaluations,
    configurations: &'a [Configuration],
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self.rules {
            RuleSet::Classic => self.sweep(&Classic),
        }
    }

    fn sweep<R: Rules>(&self, rules: &R) -> anyhow::Result<()> {
        let defaults = TrainConfig::new(self.algo);
        let grid = self.grid.as_deref().map(read).transpose()?.unwrap_or_default();
        let about = || self.grid.as_ref().map_or("the grid".to_owned(), |path| path.display().to_string());
        let configurations = configurations(grid, &defaults).with_context(about)?;
        let steps = self.steps.unwrap_or_else(|| defaults.default_steps());
        let every = self.eval_every.unwrap_or_else(|| steps.div_ceil(EVALUATIONS));
        let evaluations = Evaluations { every, episodes: self.eval_episodes, stop_at: None };
        let settings =
            Settings { algorithm: self.algo, rules: rules.name(), steps, evaluations, configurations: &configurations };
        self.claim(&settings)?;
        interrupt::catch()?;

        let seeds: Vec<u64> = (0..self.seeds).map(|more| self.seed.wrapping_add(more)).collect();
        let runs: Vec<_> = configurations
            .iter()
            .flat_map(|configuration| seeds.iter().map(move |&seed| (configuration, seed)))
            .collect();
        let bar = progress_bar(steps * runs.len() as u64, "steps", self.json);
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
        let results = Results { algorithm: self.algo, rules: rules.name(), steps, seeds, configurations: tried };
        report::write(&self.out, &results)?;
        if self.json {
            return print_json(&results);
        }
        print(report::table(&results))?;
        print(format!("Plots, results.json and the weights of every run are in {}.", self.out.display()))
    }

    /// Makes the folder this sweep's own, or finds that it is.
    fn claim(&self, settings: &Settings) -> anyhow::Result<()> {
        let about = || format!("{} cannot be the folder of a sweep", self.out.display());
        let wanted = serde_json::to_string_pretty(settings)?;
        let path = self.out.join(SETTINGS);
        match std::fs::read_to_string(&path) {
            Ok(found) => {
                ensure!(found == wanted, "{} holds another sweep: name another folder", self.out.display());
                Ok(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                std::fs::create_dir_all(self.out.join(RUNS)).with_context(about)?;
                write_text(&path, &wanted)
            }
            Err(error) => Err(error).with_context(about),
        }
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
        let path = self.out.join(RUNS).join(folder(&configuration.name)).join(format!("seed-{seed}"));
        if let Ok(text) = std::fs::read_to_string(path.join(RESULT)) {
            bar.inc(settings.steps);
            return serde_json::from_str(&text).with_context(|| format!("{}", path.join(RESULT).display()));
        }
        let result = match self.train(rules, settings, configuration, seed, &path, bar) {
            Ok(result) => result,
            Err(error) if error.downcast_ref::<daladala_agents::AgentError>().is_some_and(is_its_own_fault) => {
                RunResult { seed, failure: Some(format!("{error:#}")), outcome: None }
            }
            Err(error) => return Err(error),
        };
        write_text(&path.join(RESULT), &serde_json::to_string(&result)?)?;
        Ok(result)
    }

    fn train<R: Rules>(
        &self,
        rules: &R,
        settings: &Settings,
        configuration: &Configuration,
        seed: u64,
        path: &Path,
        bar: &ProgressBar,
    ) -> anyhow::Result<RunResult> {
        let start = Instant::now();
        let (mut run, mut folder) = if RunFolder::can_resume(path) {
            RunFolder::resume(path, rules, self.device.device)?
        } else {
            let Settings { steps, evaluations, .. } = settings;
            let config = &configuration.config;
            let device = self.device.device.for_training()?;
            let run = TrainingRun::new(config, rules, seed, *steps, evaluations.clone(), &device)?;
            (run, RunFolder::create(path, config, false)?)
        };
        let mut told = 0;
        let mut tell = |report: &Report| {
            let done = report.progress.steps.min(settings.steps);
            bar.inc(done - told);
            told = done;
        };
        let finished = folder.train(&mut run, self.save_every, &mut tell)?;
        ensure!(finished, "interrupted: the same command goes on");
        let TrainingResult { checkpoint, evaluation, returns, on_training_layouts } = run.result();
        checkpoint.save(&path.join(MODEL))?;
        folder.finish()?;
        let curve = curve(path)?;
        let solved = curve.iter().find(|point| point.optimal_fraction >= Some(SOLVED)).cloned();
        let seconds = curve.last().map_or_else(|| start.elapsed().as_secs_f64(), |point| point.seconds);
        let outcome = Outcome {
            steps: run.trainer().done(),
            seconds,
            solved,
            unseen: Figures::from(&evaluation),
            seen: Figures::from(&on_training_layouts),
            curve,
            returns,
        };
        Ok(RunResult { seed, failure: None, outcome: Some(outcome) })
    }
}

/// A run that its hyperparameters have spoilt says something about them; one that could not be written does not.
fn is_its_own_fault(error: &daladala_agents::AgentError) -> bool {
    matches!(error, daladala_agents::AgentError::Diverged { .. })
}

fn write_text(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = WholeFile::create(path)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).with_context(|| format!("{}", path.display()))?;
    file.finish()?;
    Ok(())
}
