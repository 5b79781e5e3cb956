//! `daladala eval`

use clap::builder::RangedU64ValueParser;
use daladala_agents::{Choice, Evaluation, evaluate, registry};
use daladala_env::RuleSet;
use daladala_env::rules::Classic;

use crate::output::{figures, grouped, print, print_json, progress_bar};

/// Episodes that are accepted at most: their figures are kept until the end.
const MAX_EPISODES: u64 = 100_000_000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A built-in name (see `daladala models`) or the path of a weights file.
    #[arg(long)]
    model: String,
    /// The rules to drive by.
    #[arg(long, default_value_t)]
    rules: RuleSet,
    /// How many episodes.
    #[arg(long, default_value_t = 1000, allow_negative_numbers = true,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=MAX_EPISODES))]
    episodes: usize,
    /// The seed: the same seed gives the same figures, on any number of threads.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    seed: u64,
    /// Sample actions by their probabilities instead of taking the best (models with logits).
    #[arg(long)]
    sampled: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let RuleSet::Classic = self.rules;
        let choice = if self.sampled { Choice::Sampled } else { Choice::Greedy };
        let policy = registry::load_for(&self.model, &Classic, choice)?;
        let bar = progress_bar(self.episodes as u64, "episodes", self.json);
        let evaluation = evaluate(&*policy, &Classic, self.seed, self.episodes, &|more| bar.inc(more));
        bar.finish_and_clear();
        if self.json { print_json(&evaluation) } else { print(table(&self.model, &evaluation)) }
    }
}

pub(crate) fn table(model: &str, evaluation: &Evaluation) -> comfy_table::Table {
    let percent = |rate: f64| format!("{:.2} %", 100.0 * rate);
    let optimal = evaluation.optimal_fraction.map_or_else(|| "unknown".to_owned(), |f| format!("{:.3} %", 100.0 * f));
    figures([
        ("model", model.to_owned()),
        ("episodes", grouped(evaluation.episodes as f64)),
        ("return, mean ± std", format!("{:.2} ± {:.2}", evaluation.mean_return, evaluation.std_return)),
        ("return, least to greatest", format!("{:.0} to {:.0}", evaluation.min_return, evaluation.max_return)),
        ("of the best return", optimal),
        ("steps", format!("{:.1}", evaluation.mean_length)),
        ("passengers at the end", format!("{:.1}", evaluation.mean_passengers)),
        ("money", format!("{} TSh", grouped(evaluation.mean_money))),
        ("legal", percent(evaluation.legal_rate)),
        ("fined", percent(evaluation.fine_rate)),
        ("crashed", percent(evaluation.crash_rate)),
        ("speed", format!("{} steps/s", grouped(evaluation.steps_per_second))),
    ])
}
