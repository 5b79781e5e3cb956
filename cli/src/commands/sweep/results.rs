//! What a sweep finds: of each run, of each configuration over its seeds, and in all.

use std::collections::{BTreeMap, BTreeSet};

use daladala_agents::statistics::Mean;
use daladala_agents::{Algorithm, Evaluation};
use daladala_env::{RulesInfo, SpecId};
use serde::{Deserialize, Serialize};

use super::grid::Configuration;
use crate::runs::Point;

/// One training.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RunResult {
    pub(super) seed: u64,
    /// Why there is no outcome.
    pub(super) failure: Option<String>,
    /// None where it failed.
    pub(super) outcome: Option<Outcome>,
}

/// How a training went.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// Environment steps.
    pub(super) steps: u64,
    /// Wall time, beside the other runs.
    pub(super) seconds: f64,
    /// The first evaluation that counts as solved.
    pub(super) solved: Option<Point>,
    /// On layouts that had no part in training, by which configurations are ranked.
    pub(super) validation: Figures,
    /// On others that had no part in ranking either: what is reported.
    pub(super) unseen: Figures,
    /// On those that it began with.
    pub(super) seen: Figures,
    pub(super) curve: Vec<Point>,
    /// On the unseen layouts, an episode each.
    pub(super) returns: Vec<f32>,
}

/// What is kept of an evaluation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Figures {
    pub(super) episodes: usize,
    pub(super) mean_return: f64,
    pub(super) std_return: f64,
    pub(super) optimal_fraction: Option<f64>,
    /// The means of the figures that the rules declare, by their names.
    #[serde(flatten)]
    pub(super) means: BTreeMap<String, f64>,
}

impl From<&Evaluation> for Figures {
    fn from(evaluation: &Evaluation) -> Self {
        let Evaluation { episodes, mean_return, std_return, optimal_fraction, .. } = *evaluation;
        let means = evaluation.figures.iter().map(|one| (one.figure.mean_name(), one.mean)).collect();
        Self { episodes, mean_return, std_return, optimal_fraction, means }
    }
}

/// All of a sweep, the best configuration first.
#[derive(Debug, Serialize)]
pub(super) struct Results<'a> {
    pub(super) algorithm: Algorithm,
    /// What describes the rules.
    #[serde(skip)]
    pub(super) info: &'a RulesInfo,
    #[serde(flatten)]
    pub(super) spec: &'a SpecId,
    pub(super) steps: u64,
    pub(super) seeds: Vec<u64>,
    pub(super) configurations: Vec<Tried<'a>>,
}

/// A configuration over its seeds.
#[derive(Debug, Serialize)]
pub(super) struct Tried<'a> {
    #[serde(flatten)]
    pub(super) configuration: &'a Configuration,
    /// Of the runs' mean returns on validation layouts, over the seeds: what the configurations are ranked by.
    pub(super) validation_return: f64,
    /// Of the runs' mean returns on unseen layouts, over the seeds.
    pub(super) mean_return: f64,
    pub(super) std_return: f64,
    pub(super) return_ci95: Option<[f64; 2]>,
    pub(super) worst_return: f64,
    /// Of the runs' mean returns on the layouts that they began with.
    pub(super) mean_return_seen: f64,
    /// Mean fraction of the best return on unseen layouts.
    pub(super) optimal_fraction: Option<f64>,
    /// The means of the figures that the rules declare on unseen layouts, by their names.
    #[serde(flatten)]
    pub(super) means: BTreeMap<String, f64>,
    /// Runs that were solved, and what the median of these took.
    pub(super) solved: usize,
    pub(super) steps_to_solve: Option<f64>,
    pub(super) seconds_to_solve: Option<f64>,
    /// Runs that came to nothing.
    pub(super) failed: usize,
    pub(super) runs: Vec<RunResult>,
}

impl<'a> Tried<'a> {
    pub(super) fn new(configuration: &'a Configuration, runs: Vec<RunResult>) -> Self {
        let outcomes: Vec<_> = runs.iter().filter_map(|run| run.outcome.as_ref()).collect();
        let over = |figure: &dyn Fn(&Outcome) -> f64| {
            let values: Vec<f64> = outcomes.iter().map(|outcome| figure(outcome)).collect();
            Mean::of(values.into_iter())
        };
        let returns = over(&|outcome| outcome.unseen.mean_return);
        let solved: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.solved.as_ref()).collect();
        let fractions: Option<Vec<f64>> = outcomes.iter().map(|outcome| outcome.unseen.optimal_fraction).collect();
        let names: BTreeSet<_> = outcomes.iter().flat_map(|outcome| outcome.unseen.means.keys()).collect();
        let mean = |name: &String| over(&|outcome| outcome.unseen.means.get(name).copied().unwrap_or(f64::NAN)).mean;
        let means = names.into_iter().map(|name| (name.clone(), mean(name))).collect();
        Self {
            configuration,
            validation_return: over(&|outcome| outcome.validation.mean_return).mean,
            mean_return: returns.mean,
            std_return: returns.std,
            return_ci95: returns.ci95(),
            worst_return: outcomes.iter().map(|outcome| outcome.unseen.mean_return).fold(f64::NAN, f64::min),
            mean_return_seen: over(&|outcome| outcome.seen.mean_return).mean,
            optimal_fraction: fractions.filter(|f| !f.is_empty()).map(|f| Mean::of(f.into_iter()).mean),
            means,
            solved: solved.len(),
            steps_to_solve: median(solved.iter().map(|point| point.steps as f64).collect()),
            seconds_to_solve: median(solved.iter().map(|point| point.seconds).collect()),
            failed: runs.len() - outcomes.len(),
            runs,
        }
    }

    pub(super) fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.runs.iter().filter_map(|run| run.outcome.as_ref())
    }
}

/// By the mean return on validation layouts, and of equals what was solved most often and soonest. The returns that are
/// reported take no part: the greatest of many is too good by chance.
pub(super) fn best_first(tried: &mut [Tried]) {
    let known = |value: f64| if value.is_nan() { f64::NEG_INFINITY } else { value };
    let mean = |tried: &Tried| known(tried.validation_return);
    let steps = |tried: &Tried| tried.steps_to_solve.unwrap_or(f64::INFINITY);
    tried.sort_by(|a, b| {
        let by_return = mean(b).total_cmp(&mean(a));
        by_return.then(b.solved.cmp(&a.solved)).then(steps(a).total_cmp(&steps(b)))
    });
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let (upper, lower) = (values.get(values.len() / 2)?, values.get((values.len() - 1) / 2)?);
    Some(f64::midpoint(*upper, *lower))
}

#[cfg(test)]
mod tests {
    use daladala_learning::defaults;

    use super::*;

    fn run(seed: u64, mean_return: f64, solved_at: Option<u64>) -> RunResult {
        let figures = Figures {
            episodes: 1,
            mean_return,
            std_return: 0.0,
            means: BTreeMap::from([("legal_rate".to_owned(), 1.0)]),
            optimal_fraction: None,
        };
        let solved = solved_at.map(|steps| Point { steps, seconds: 1.0, mean_return, optimal_fraction: None });
        let outcome = Outcome {
            steps: 100,
            seconds: 1.0,
            solved,
            validation: figures.clone(),
            unseen: figures.clone(),
            seen: figures,
            curve: Vec::new(),
            returns: Vec::new(),
        };
        RunResult { seed, failure: None, outcome: Some(outcome) }
    }

    fn configuration(name: &str) -> Configuration {
        let config = defaults(Algorithm::Ppo, "classic").config;
        Configuration { name: name.to_owned(), hyperparameters: toml::Table::new(), varied: Vec::new(), config }
    }

    #[test]
    fn figures_are_over_the_seeds_and_failures_are_counted() {
        let configuration = configuration("a");
        let failure = RunResult { seed: 3, failure: Some("it diverged".into()), outcome: None };
        let tried = Tried::new(&configuration, vec![run(1, 10.0, Some(50)), run(2, 20.0, Some(70)), failure]);
        assert_eq!((tried.mean_return, tried.std_return, tried.worst_return), (15.0, 5.0, 10.0));
        assert_eq!((tried.solved, tried.failed, tried.steps_to_solve), (2, 1, Some(60.0)));
    }

    #[test]
    fn the_best_comes_first_and_what_never_worked_last() {
        let [a, b, c, d] = ["a", "b", "c", "d"].map(configuration);
        let failure = || RunResult { seed: 1, failure: Some("it diverged".into()), outcome: None };
        let mut tried = [
            Tried::new(&a, vec![failure()]),
            Tried::new(&b, vec![run(1, 10.0, Some(90))]),
            Tried::new(&c, vec![run(1, 10.0, Some(50))]),
            Tried::new(&d, vec![run(1, 11.0, None)]),
        ];
        // What is reported of it is by far the best, by chance.
        let lucky = tried[1].runs[0].outcome.as_mut().unwrap();
        lucky.unseen.mean_return = 1000.0;
        tried[1] = Tried::new(&b, std::mem::take(&mut tried[1].runs));
        assert_eq!(tried[1].mean_return, 1000.0);
        best_first(&mut tried);
        assert_eq!(tried.map(|tried| tried.configuration.name.clone()), ["d", "c", "b", "a"]);
    }
}
