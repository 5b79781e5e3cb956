//! `daladala eval`

mod drivers;
mod episodes;
mod plot;
mod table;

use std::path::PathBuf;

use anyhow::ensure;
use daladala_agents::{Choice, Evaluation, evaluate_each};
use daladala_env::{Rules, RulesInfo, RulesVisitor, SpecId};
use serde::Serialize;

use crate::arguments::{DeviceArgs, RulesArgs};
use crate::files::place;
use crate::interrupt;
use crate::numbers::count_in;
use crate::output::{print, print_json, progress_bar};
use drivers::{Driver, drivers};
use episodes::EpisodeFile;
use plot::Plot;
pub(crate) use table::table;

/// Episodes that are accepted at most, of all models together: their returns are kept until the end.
const MAX_EPISODES: u64 = 100_000_000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A built-in name (see `daladala models`) or the path of a weights file; given several times, they are compared.
    #[arg(long, required = true)]
    model: Vec<String>,
    #[command(flatten)]
    rules: RulesArgs,
    /// How many episodes each model drives; they are the same ones for all.
    #[arg(long, default_value_t = 1000, allow_negative_numbers = true,
          value_parser = count_in::<usize>(1..=MAX_EPISODES))]
    episodes: usize,
    /// The seed: the same seed gives the same figures, on any number of threads.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    seed: u64,
    /// Sample actions by their probabilities instead of taking the best (models with logits).
    #[arg(long)]
    sampled: bool,
    /// Let models that learnt to choose among open actions choose among all: to see what masks do.
    #[arg(long)]
    no_masks: bool,
    #[command(flatten)]
    device: DeviceArgs,
    /// Write every episode into a file, a row each.
    #[arg(long, value_name = "FILE.csv")]
    csv: Option<PathBuf>,
    /// Draw the distribution of returns, their means and the rates.
    #[arg(long, value_name = "FILE.svg", value_parser = plot::path)]
    plot: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What was evaluated on what, and by which program: the same whether there is one model or more.
#[derive(Serialize)]
struct Report<'a> {
    version: &'static str,
    #[serde(flatten)]
    spec: &'a SpecId,
    seed: u64,
    models: &'a [Evaluated<'a>],
    /// Of a single model its figures stand here as well.
    #[serde(flatten)]
    only: Option<&'a Evaluated<'a>>,
    /// Those of each, where `only` does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    episodes: Option<usize>,
}

#[derive(Serialize)]
struct Evaluated<'a> {
    model: &'a str,
    #[serde(flatten)]
    evaluation: &'a Evaluation,
}

impl RulesVisitor for &Args {
    type Output = anyhow::Result<()>;

    fn visit<R: Rules>(self, rules: R) -> anyhow::Result<()> {
        self.compare(&rules)
    }
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        self.rules.spec_for(&self.model[0])?.visit(&self)
    }

    fn compare<R: Rules>(&self, rules: &R) -> anyhow::Result<()> {
        let all = self.model.len() as u64 * self.episodes as u64;
        ensure!(all <= MAX_EPISODES, "--episodes: all models together drive {MAX_EPISODES} episodes at most");
        let places = [&self.csv, &self.plot].map(|path| path.as_deref().map(place));
        ensure!(places[0].is_none() || places[0] != places[1], "--csv and --plot need a file each");
        let choice = if self.sampled { Choice::Sampled } else { Choice::Greedy };
        let info = rules.info();
        let mut drivers = drivers(&self.model, &info, choice, self.device.device)
            .map_err(|error| self.rules.explained(&self.model[0], error))?;
        if self.no_masks {
            drivers = drivers.into_iter().map(Driver::unmasked).collect();
        }
        interrupt::catch()?;
        let mut plot = self.plot.as_deref().map(|out| Plot::create(out, drivers.len())).transpose()?;
        let mut csv = self.csv.as_deref().map(|out| EpisodeFile::create(out, self.seed, &info)).transpose()?;

        let bar = progress_bar(all, "episodes", self.json);
        let mut evaluations = Vec::new();
        for Driver { model, label, policy } in &drivers {
            bar.set_message(if drivers.len() > 1 { label.clone() } else { String::new() });
            let mut returns = Vec::new();
            let mut each = |index, episode: &_| {
                if let Some(csv) = &mut csv {
                    csv.write(model, index, episode)?;
                }
                if plot.is_some() {
                    returns.push(episode.stats.episode_return);
                }
                Ok(())
            };
            let progress = |more| {
                ensure!(!interrupt::asked(), "interrupted: nothing has been written");
                bar.inc(more);
                Ok(())
            };
            let evaluation = evaluate_each(&**policy, rules, self.seed, self.episodes, &progress, &mut each)?;
            if let Some(plot) = &mut plot {
                plot.add(label, returns, &evaluation);
            }
            evaluations.push(evaluation);
        }
        bar.finish_and_clear();

        if let Some(csv) = csv {
            csv.finish()?;
        }
        if let Some(plot) = plot {
            plot.finish(&info.id.to_string(), self.episodes, self.seed)?;
        }
        self.report(&info, &drivers, &evaluations)
    }

    fn report(&self, rules: &RulesInfo, drivers: &[Driver], evaluations: &[Evaluation]) -> anyhow::Result<()> {
        if !self.json {
            let labels = drivers.iter().map(|driver| driver.label.as_str());
            return print(table::comparison(&labels.zip(evaluations).collect::<Vec<_>>(), rules));
        }
        let models = drivers.iter().zip(evaluations);
        let models: Vec<_> = models.map(|(driver, evaluation)| Evaluated { model: driver.model, evaluation }).collect();
        let only = if let [only] = &models[..] { Some(only) } else { None };
        print_json(&Report {
            version: env!("CARGO_PKG_VERSION"),
            spec: &rules.id,
            seed: self.seed,
            only,
            episodes: only.is_none().then_some(self.episodes),
            models: &models,
        })
    }
}
