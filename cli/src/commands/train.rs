//! `daladala train`

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use daladala_agents::{Algorithm, Evaluation};
use daladala_env::{RuleSpec, Rules, RulesVisitor, SpecId};
use daladala_learning::{
    Defaults, Evaluations, MAX_EVALUATION_EPISODES, Report, SOLVED, TrainingResult, TrainingRun, defaults,
};
use indicatif::ProgressBar;
use serde::Serialize;

use super::eval;
use crate::arguments::{DeviceArgs, RulesArgs, SET_HELP, one_of};
use crate::files::{ensure_writable, place};
use crate::hyperparameters::{as_toml, merged};
use crate::interrupt;
use crate::numbers::{count_in, some};
use crate::output::{grouped, print, print_json, progress_bar, tell};
use crate::runs::RunFolder;

/// Evaluations of a training, unless said otherwise.
const EVALUATIONS: u64 = 50;

/// What a training that cannot go on leaves to do.
const BEGIN_ANEW: &str = "nothing to resume (with --algo in place of --resume a training begins)";

#[derive(Debug, clap::Args)]
#[command(mut_arg("set", |arg| arg.help(SET_HELP)))]
pub(crate) struct Args {
    /// The learning algorithm.
    #[arg(long, value_parser = one_of(Algorithm::ALL), required_unless_present = "resume")]
    algo: Option<Algorithm>,
    /// Hyperparameters as TOML; what it leaves out stays as it is by default.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The greatest mean cost of an episode, with --algo ppo-lagrangian.
    #[arg(long, value_name = "COST", allow_negative_numbers = true, conflicts_with = "resume")]
    cost_limit: Option<f32>,
    /// Print the hyperparameters as TOML instead of training.
    #[arg(long)]
    show_config: bool,
    #[command(flatten)]
    rules: RulesArgs,
    /// Environment steps. By default what the algorithm needs for the rules, and fewer where --stop-at is reached.
    #[arg(long, allow_negative_numbers = true, value_parser = some::<u64>)]
    steps: Option<u64>,
    /// Stop as soon as an evaluation reaches this fraction of the best return, where the rules let that be known
    /// [default: 0.995 without --steps, never with it].
    #[arg(long, value_name = "FRACTION", allow_negative_numbers = true, value_parser = parse_fraction)]
    stop_at: Option<f64>,
    #[command(flatten)]
    evaluation: EvaluationArgs,
    /// The seed: the same seed gives the same weights.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    seed: u64,
    /// Where the weights go (.safetensors).
    #[arg(long, required_unless_present = "show_config")]
    out: Option<PathBuf>,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    device: DeviceArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// When a training is evaluated.
#[derive(Debug, clap::Args)]
pub(super) struct EvaluationArgs {
    /// Environment steps between evaluations [default: a fiftieth of all].
    #[arg(long, value_name = "STEPS", allow_negative_numbers = true, value_parser = some::<u64>)]
    eval_every: Option<u64>,
    /// Episodes of each evaluation. The weights that do best are kept.
    #[arg(long, value_name = "N", default_value_t = 100, allow_negative_numbers = true,
          value_parser = count_in::<usize>(1..=MAX_EVALUATION_EPISODES as u64))]
    eval_episodes: usize,
}

impl EvaluationArgs {
    /// For a training over `steps`.
    pub(super) fn plan(&self, steps: u64, stop_at: Option<f64>) -> Evaluations {
        let every = self.eval_every.unwrap_or_else(|| steps.div_ceil(EVALUATIONS));
        Evaluations { every, episodes: self.eval_episodes, stop_at }
    }
}

/// Where the run of these weights is kept where nothing else is said. Only the extension that all weights have is left
/// out: what stands after the dot of `lr-0.1` tells it from `lr-0.2`.
fn run_folder(out: &Path) -> PathBuf {
    if out.extension().is_some_and(|extension| extension == "safetensors") {
        return out.with_extension("run");
    }
    let mut name = out.as_os_str().to_owned();
    name.push(".run");
    name.into()
}

/// Where the run is kept, and whether it goes on.
#[derive(Debug, clap::Args)]
struct RunArgs {
    /// The folder of the run: TensorBoard events, progress.csv, hyperparameters, and what --resume needs
    /// [default: --out with .run in place of .safetensors, or after any other name].
    #[arg(long, value_name = "FOLDER")]
    run: Option<PathBuf>,
    /// Seconds between saves of a run that goes on: what a kill may cost at most.
    #[arg(long, value_name = "SECONDS", default_value = "30", allow_negative_numbers = true, value_parser = parse_save_every)]
    save_every: Duration,
    /// Go on with the run that was interrupted, with its algorithm, hyperparameters, steps and seed.
    #[arg(long, conflicts_with_all = ["algo", "config", "show_config", "steps", "stop_at", "eval_every", "eval_episodes", "seed"])]
    resume: bool,
    /// Begin anew although there is a run to resume.
    #[arg(long, conflicts_with = "resume")]
    restart: bool,
}

#[derive(Serialize)]
struct Summary<'a> {
    algorithm: Algorithm,
    #[serde(flatten)]
    spec: &'a SpecId,
    seed: u64,
    steps: u64,
    seconds: f64,
    steps_per_second: f64,
    out: String,
    run: String,
    evaluation: &'a Evaluation,
}

fn parse_fraction(text: &str) -> Result<f64, String> {
    let fraction = text.parse().ok().filter(|fraction| *fraction > 0.0 && *fraction <= 1.0);
    fraction.ok_or_else(|| "give a number above 0, up to 1".to_owned())
}

pub(super) fn parse_save_every(text: &str) -> Result<Duration, String> {
    let duration = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "give a number of seconds".to_owned())
}

impl RulesVisitor for &Args {
    type Output = anyhow::Result<()>;

    fn visit<R: Rules>(self, rules: R) -> anyhow::Result<()> {
        self.train_on(&rules)
    }
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if self.run.resume
            && let Some(set) = self.rules.hyperparameters().first()
        {
            bail!("--set {set}: a training goes on with the hyperparameters that it was begun with");
        }
        self.spec()?.visit(&self)
    }

    /// What is trained on. A run that goes on knows it, and nothing else may be asked for.
    fn spec(&self) -> anyhow::Result<RuleSpec> {
        let given = self.rules.spec_to_train_on()?;
        let (true, Some(out)) = (self.run.resume, &self.out) else { return Ok(given) };
        let folder = self.folder(out);
        if self.run.run.is_none() {
            RunFolder::ensure_of(&folder, out)?;
        }
        let known = RunFolder::spec(&folder).context(BEGIN_ANEW)?;
        let (given, id) = (given.id(), known.id());
        ensure!(!self.rules.are_given() || given.same_dynamics(&id), "the run trains on '{id}', not on '{given}'");
        Ok(known)
    }

    /// The folder of the run.
    fn folder(&self, out: &Path) -> PathBuf {
        self.run.run.clone().unwrap_or_else(|| run_folder(out))
    }

    fn train_on<R: Rules>(&self, rules: &R) -> anyhow::Result<()> {
        if self.show_config {
            let config = self.wanted(&rules.info().id.rules)?.config;
            print(as_toml(&config)?.trim_end())?;
            let off = config.off();
            return if off.is_empty() { Ok(()) } else { print(format!("# Off unless set: {}", off.join(", "))) };
        }
        let Some(out) = &self.out else { bail!("--out says where the weights go") };
        ensure_writable(out)?;
        let path = self.folder(out);
        ensure!(
            place(out) != place(&path) && place(out).parent() != Some(&place(&path)),
            "--out is the folder of the run or lies in it: give it another place"
        );
        if self.run.run.is_none() {
            RunFolder::ensure_of(&path, out)?;
        }
        let (mut run, mut folder) = if self.run.resume {
            let resumed = RunFolder::resume(&path, rules, self.device.device);
            resumed.context(BEGIN_ANEW)?
        } else {
            let run = self.new_run(rules)?;
            let folder = RunFolder::create(&path, run.trainer().config(), self.run.restart)?;
            (run, folder)
        };
        folder.belongs_to(out, &self.spec()?)?;
        interrupt::catch()?;

        self.drive(out, &mut run, &mut folder)?;
        let seconds = folder.seconds();

        let TrainingResult { checkpoint, evaluation, .. } = run.result()?;
        if let Err(error) = checkpoint.save(out) {
            folder.save(&run)?;
            return Err(error).context("the training is done and kept: --resume in place of --algo saves it");
        }
        folder.finish()?;

        let (algorithm, steps) = (checkpoint.info.algorithm, run.trainer().done());
        let steps_per_second = steps as f64 / seconds;
        if self.json {
            return print_json(&Summary {
                algorithm,
                spec: &checkpoint.info.spec,
                seed: run.trainer().seed(),
                steps,
                seconds,
                steps_per_second,
                out: out.display().to_string(),
                run: path.display().to_string(),
                evaluation: &evaluation,
            });
        }
        let speed = grouped(steps_per_second);
        print(format!("Trained {algorithm} for {} steps in {seconds:.2} s ({speed} steps/s).", grouped(steps as f64)))?;
        print(eval::table(&out.display().to_string(), &evaluation, &rules.info()))?;
        // A bare name may be that of a built-in model.
        let here = if out.parent().is_some_and(|folder| folder.as_os_str().is_empty()) { "./" } else { "" };
        print(format!("Watch it: daladala serve --model {here}{}", out.display()))?;
        print(format!("See its curve: tensorboard --logdir {}", path.display()))
    }

    /// The defaults of the algorithm with what was asked for in their place.
    fn wanted(&self, rules: &str) -> anyhow::Result<Defaults> {
        let Some(algorithm) = self.algo else { bail!("--algo says what is to be trained") };
        let Defaults { config, steps, tuned } = defaults(algorithm, rules);
        let mut set = self.rules.hyperparameters();
        set.extend(self.cost_limit.map(|limit| format!("cost_limit={limit:?}")));
        let config = merged(&config, self.config.as_deref(), &set)?;
        if !tuned {
            tell(format_args!(
                "note: nobody has tuned {algorithm} for '{rules}': hyperparameters that are not given are generic ones"
            ));
        }
        Ok(Defaults { config, steps: self.steps.unwrap_or(steps), tuned })
    }

    fn new_run<R: Rules>(&self, rules: &R) -> anyhow::Result<TrainingRun<R>> {
        let Defaults { config, steps, .. } = self.wanted(&rules.info().id.rules)?;
        let stop_at = self.stop_at.or(self.steps.is_none().then_some(SOLVED));
        let evaluations = self.evaluation.plan(steps, stop_at);
        let device = self.device.device.open()?;
        Ok(TrainingRun::new(&config, rules, self.seed, steps, evaluations, device.as_ref())?)
    }

    fn drive<R: Rules>(&self, out: &Path, run: &mut TrainingRun<R>, folder: &mut RunFolder) -> anyhow::Result<()> {
        let steps = run.trainer().steps();
        let bar = progress_bar(steps, "steps", self.json);
        bar.set_position(run.trainer().done());
        bar.reset_eta();
        let finished = folder.train(run, self.run.save_every, &mut |report| show(&bar, report, steps))?;
        bar.finish_and_clear();
        ensure!(
            finished,
            "interrupted after {} of {steps} steps, which are kept: go on with daladala train --resume --out {}{}",
            run.trainer().done(),
            out.display(),
            self.run.run.as_ref().map_or_else(String::new, |run| format!(" --run {}", run.display()))
        );
        Ok(())
    }
}

fn show(bar: &ProgressBar, report: &Report, steps: u64) {
    let progress = &report.progress;
    bar.set_position(progress.steps.min(steps));
    bar.set_message(format!("return {:7.2}  loss {:8.4}", progress.mean_return, progress.loss));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::run_folder;

    #[test]
    fn names_that_differ_after_a_dot_have_folders_of_their_own() {
        for (out, run) in [
            ("lr-0.1", "lr-0.1.run"),
            ("lr-0.2", "lr-0.2.run"),
            ("a/b.safetensors", "a/b.run"),
            ("lr-0.1.safetensors", "lr-0.1.run"),
            ("plain", "plain.run"),
            ("m.run", "m.run.run"),
        ] {
            assert_eq!(run_folder(Path::new(out)), Path::new(run));
        }
    }
}
