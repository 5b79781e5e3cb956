//! `daladala train`

mod hyperparameters;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::bail;
use daladala_agents::training::{Progress, TrainConfig, train};
use daladala_agents::{Algorithm, Choice, Evaluation, NeuralPolicy, evaluate};
use daladala_env::RuleSet;
use daladala_env::rules::Classic;
use serde::Serialize;

use super::eval;
use crate::arguments::one_of;
use crate::files::ensure_writable;
use crate::output::{grouped, print, print_json, progress_bar};
use hyperparameters::{as_toml, merged};

/// Episodes of the evaluation that ends a training.
const EVALUATION_EPISODES: usize = 1000;
/// Its seed, so that it drives other layouts than the training did.
const EVALUATION_SEED: u64 = 0x0e7a_1000_0000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The learning algorithm.
    #[arg(long, value_parser = one_of(Algorithm::ALL))]
    algo: Algorithm,
    /// Hyperparameters as TOML; what it leaves out stays as it is by default.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One hyperparameter, such as `gamma=0.9`; goes over the file's.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print the hyperparameters as TOML instead of training.
    #[arg(long)]
    show_config: bool,
    /// The rules to learn.
    #[arg(long, default_value_t)]
    rules: RuleSet,
    /// Environment steps; by default what the algorithm needs for the rules.
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// The seed: the same seed gives the same weights.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    seed: u64,
    /// Where the weights go (.safetensors).
    #[arg(long, required_unless_present = "show_config")]
    out: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Summary<'a> {
    algorithm: Algorithm,
    rules: &'a str,
    seed: u64,
    steps: u64,
    seconds: f64,
    steps_per_second: f64,
    out: String,
    evaluation: &'a Evaluation,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let RuleSet::Classic = self.rules;
        let config = merged(TrainConfig::new(self.algo), self.config.as_deref(), &self.set)?;
        if self.show_config {
            return print(as_toml(&config)?.trim_end());
        }
        let Some(out) = &self.out else { bail!("--out says where the weights go") };
        ensure_writable(out)?;
        let steps = self.steps.unwrap_or_else(|| config.default_steps());

        let start = Instant::now();
        let bar = progress_bar(steps, "steps", self.json);
        let mut checkpoint = train(&config, &Classic, self.seed, steps, &mut |progress: Progress| {
            bar.set_position(progress.steps.min(steps));
            bar.set_message(format!("return {:7.2}  loss {:8.4}", progress.mean_return, progress.loss));
        });
        bar.finish_and_clear();
        let seconds = start.elapsed().as_secs_f64();

        let policy = NeuralPolicy::new(&checkpoint, Choice::Greedy)?;
        let evaluation = evaluate(&policy, &Classic, EVALUATION_SEED, EVALUATION_EPISODES, &|_| ());
        checkpoint.info.mean_return = evaluation.mean_return;
        checkpoint.save(out)?;

        let algorithm = checkpoint.info.algorithm;
        let steps = checkpoint.info.steps.unwrap_or(steps);
        let steps_per_second = steps as f64 / seconds;
        if self.json {
            return print_json(&Summary {
                algorithm,
                rules: &checkpoint.info.rules,
                seed: self.seed,
                steps,
                seconds,
                steps_per_second,
                out: out.display().to_string(),
                evaluation: &evaluation,
            });
        }
        let speed = grouped(steps_per_second);
        print(format!("Trained {algorithm} for {} steps in {seconds:.1} s ({speed} steps/s).", grouped(steps as f64)))?;
        print(eval::table(&out.display().to_string(), &evaluation))?;
        print(format!("Watch it: daladala serve --model {}", out.display()))
    }
}
