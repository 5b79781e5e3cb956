//! `daladala study safety`: what a limit to the risk of a trip costs.
//!
//! Agents are trained to keep a limit to the mean cost of a trip (PPO-Lagrangian), others to pay a price for every unit of
//! it. All of them and the drivers written by hand then drive the same trips: profit against risk. On `tiny`, whose optimum
//! is known, every learning algorithm is measured against that.

mod report;
mod tiny;

use std::path::PathBuf;

use anyhow::{Context, ensure};
use daladala_agents::Algorithm;
use daladala_env::{RuleSet, SpecId};
use daladala_learning::defaults;
use serde::Serialize;

use super::Args;
use super::drive::{Drive, Driver, Named, ensure_apart};
use super::points::{Point, Points};
use super::train::Train;
use crate::hyperparameters::{merged, with};
use crate::interrupt;
use crate::numbers::some;
use crate::output::{print, print_json, progress_bar};
use crate::runs::lock;

/// Drivers written by hand that stand beside the trained ones.
const SCRIPTED: [&str; 6] = ["timid", "legal", "greedy", "speeder", "selective", "outlaw"];

#[derive(Debug, clap::Args)]
pub(crate) struct SafetyArgs {
    #[command(flatten)]
    shared: Args,
    /// A limit to the mean cost of a trip, micromorts; may be given again.
    #[arg(long, value_name = "MICROMORTS", allow_negative_numbers = true, default_values_t = [4.0, 8.0, 16.0])]
    limit: Vec<f64>,
    /// A price of a micromort, k, of the penalised agents; may be given again.
    #[arg(long, value_name = "K", allow_negative_numbers = true, default_values_t = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6])]
    price: Vec<f64>,
    /// Environment steps of each agent; by default what the algorithm needs.
    #[arg(long, allow_negative_numbers = true, value_parser = some::<u64>)]
    steps: Option<u64>,
    /// Environment steps of each learner on `tiny`.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, allow_negative_numbers = true,
          value_parser = some::<u64>)]
    tiny_steps: u64,
}

/// What an agent was trained for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Aim {
    /// At most so many micromorts a trip.
    Limit(f64),
    /// Profit less this price of each micromort, k.
    Price(f64),
}

/// What the study comes to.
#[derive(Serialize)]
struct Results<'a> {
    study: &'a str,
    #[serde(flatten)]
    spec: &'a SpecId,
    episodes: usize,
    seed: u64,
    /// Environment steps of each agent.
    steps: u64,
    limits: Vec<Kept>,
    points: Vec<Point>,
    tiny: tiny::Table,
}

/// How a limit was kept, and what that cost.
#[derive(Debug, Clone, Serialize)]
struct Kept {
    limit: f64,
    micromorts: f64,
    mean_return: f64,
    /// Of a penalised agent at that risk, on the straight line between two of them; none beyond all of them.
    penalised_return: Option<f64>,
}

impl Aim {
    fn name(self) -> String {
        match self {
            Self::Limit(limit) => format!("limit {limit}"),
            Self::Price(price) => format!("price {price}"),
        }
    }

    fn value(self) -> f64 {
        match self {
            Self::Limit(value) | Self::Price(value) => value,
        }
    }

    /// What is laid over the hyperparameters.
    fn hyperparameters(self) -> toml::Table {
        let mut over = toml::Table::new();
        match self {
            Self::Limit(limit) => _ = over.insert("cost_limit".to_owned(), limit.into()),
            Self::Price(price) => {
                over.insert("cost_price".to_owned(), price.into());
                over.insert("multiplier_learning_rate".to_owned(), 0.0.into());
            }
        }
        over
    }
}

impl SafetyArgs {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let Args { out, episodes, seed, json, .. } = &self.shared;
        let spec = self.shared.scenario.spec(RuleSet::City)?;
        let set = self.shared.scenario.hyperparameters();
        let id = spec.id();
        for (flag, values) in [("--limit", &self.limit), ("--price", &self.price)] {
            let wrong = values.iter().find(|value| !value.is_finite() || **value <= 0.0);
            ensure!(wrong.is_none(), "{flag} {}: it has to be a number above 0", wrong.unwrap_or(&0.0));
        }
        let untrained = SCRIPTED.into_iter().chain(self.shared.model.iter().map(String::as_str));
        let untrained: Vec<Named> = untrained.map(Named::of).collect::<anyhow::Result<_>>()?;
        ensure_apart(&untrained)?;
        for driver in &untrained {
            driver.ensure_drives(&spec)?;
        }
        let about = || format!("{} cannot be the folder of a study", out.display());
        std::fs::create_dir_all(out).with_context(about)?;
        let _lock = lock(out)?;
        let tuned = defaults(Algorithm::PpoLagrangian, &id.rules);
        let steps = self.steps.unwrap_or(tuned.steps);
        let base = merged(&tuned.config, None, &set)?;
        let name = format!("safety, {steps} steps, {} on tiny, {}", self.tiny_steps, set.join(" "));
        let mut points = Points::open(out, &name, &id, *episodes, *seed)?;
        interrupt::catch()?;

        let aims: Vec<Aim> = self.limit.iter().copied().map(Aim::Limit).collect();
        let aims: Vec<Aim> = aims.into_iter().chain(self.price.iter().copied().map(Aim::Price)).collect();
        // What is to be expected is the same, and it varies less.
        let trained_on = spec.with_field("crash.mode", "\"expected\"")?;
        let bar = progress_bar(steps * aims.len() as u64, "steps", *json);
        for aim in &aims {
            bar.set_message(aim.name());
            let config = with(&base, aim.hyperparameters())?;
            let weights = self.weights(*aim);
            trained_on.visit(Train::new(&config, steps, *seed, &weights, &bar))?;
        }
        bar.finish_and_clear();

        let bar = progress_bar(((aims.len() + SCRIPTED.len()) * episodes) as u64, "episodes", *json);
        let mut found = Vec::new();
        let trained = aims.iter().map(|aim| {
            let model = self.weights(*aim).display().to_string();
            (Named { model, name: aim.name(), weights: None }, aim.value())
        });
        for (Named { model, name, weights }, value) in trained.chain(untrained.into_iter().map(|driver| (driver, 0.0)))
        {
            if let Some(point) = points.find(&name, weights.as_deref(), value) {
                bar.inc(*episodes as u64);
                found.push(point.clone());
                continue;
            }
            let (driver, seed, episodes) = (Driver::Named(&model), *seed, *episodes);
            let evaluation = spec.visit(Drive { driver, seed, episodes, bar: &bar })?;
            found.push(points.add(&Point::new(&name, weights, value, &evaluation))?);
        }
        bar.finish_and_clear();

        let results = Results {
            study: "safety",
            spec: &id,
            episodes: *episodes,
            seed: *seed,
            steps,
            limits: kept(&self.limit, &found),
            points: found,
            tiny: tiny::measured(out, self.tiny_steps, *seed, *json)?,
        };
        report::write(out, &results)?;
        if *json {
            return print_json(&results);
        }
        print(report::table(&results))?;
        for kept in &results.limits {
            print(kept.sentence())?;
        }
        print(results.tiny.shown())?;
        print(format!("Plots, results.csv, results.json and the weights are in {}.", out.display()))
    }

    fn weights(&self, aim: Aim) -> PathBuf {
        self.shared.out.join("models").join(format!("{}.safetensors", aim.name().replace(' ', "-")))
    }
}

impl Kept {
    fn sentence(&self) -> String {
        let Self { limit, micromorts, mean_return, penalised_return } = self;
        let kept = if micromorts <= limit { "is kept" } else { "is not kept" };
        let beside = penalised_return.map_or_else(
            || "which no two penalised agents have between them".to_owned(),
            |penalised| format!("{:+.1} % of the penalised at that risk", 100.0 * (mean_return / penalised - 1.0)),
        );
        format!("The limit of {limit} micromorts {kept}: {micromorts:.2}, with {mean_return:.2} k, {beside}.")
    }
}

/// How each limit was kept.
fn kept(limits: &[f64], points: &[Point]) -> Vec<Kept> {
    let risk = |point: &Point| point.figure("micromorts").unwrap_or(f64::NAN);
    let penalised = frontier(points.iter().filter(|point| point.driver.starts_with("price ")));
    let of = |limit: &f64| {
        let point = points.iter().find(|point| point.driver == Aim::Limit(*limit).name())?;
        let (micromorts, mean_return) = (risk(point), point.mean_return);
        Some(Kept { limit: *limit, micromorts, mean_return, penalised_return: at(&penalised, micromorts) })
    };
    limits.iter().filter_map(of).collect()
}

/// Risk and profit, from the least risk to the greatest.
fn frontier<'a>(points: impl Iterator<Item = &'a Point>) -> Vec<(f64, f64)> {
    let mut frontier: Vec<_> =
        points.filter_map(|point| Some((point.figure("micromorts")?, point.mean_return))).collect();
    frontier.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    frontier
}

/// The profit at a risk, on the straight line between two agents.
fn at(frontier: &[(f64, f64)], risk: f64) -> Option<f64> {
    frontier.array_windows().find_map(|&[(left, low), (right, high)]| {
        let between = left <= risk && risk <= right && left < right;
        between.then(|| low + (high - low) * (risk - left) / (right - left))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profit_at_a_risk_lies_on_the_line_between_two_agents() {
        let frontier = [(2.0, 10.0), (4.0, 20.0), (8.0, 24.0)];
        assert_eq!(at(&frontier, 3.0), Some(15.0));
        assert_eq!(at(&frontier, 8.0), Some(24.0));
        assert_eq!(at(&frontier, 1.0), None);
        assert_eq!(at(&frontier, 9.0), None);
    }
}
