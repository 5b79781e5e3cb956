//! Every learning algorithm on `tiny`, against the exact optimum.

use std::path::Path;

use anyhow::Context;
use comfy_table::Table as Shown;
use daladala_agents::{Algorithm, Choice, DeviceKind, Policy, policy_generators, registry};
use daladala_env::rules::City;
use daladala_env::rules::city::exact::{Exact, Value, Weights, surely};
use daladala_env::{RuleSet, RuleSpec, Rules};
use daladala_learning::defaults;
use serde::Serialize;

use super::super::train::Train;
use crate::hyperparameters::with;
use crate::output::{columns, progress_bar};

/// A limit that binds, micromorts: the optimum has 0.655.
const LIMIT: f64 = 0.2;

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    /// Environment steps of each learner.
    steps: u64,
    /// The greatest mean return, k, and its micromorts.
    optimum: Measured,
    /// The same within the limit of PPO-Lagrangian.
    limit: f64,
    limited_optimum: Measured,
    learners: Vec<Learner>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Measured {
    mean_return: f64,
    micromorts: f64,
}

#[derive(Debug, Serialize)]
struct Learner {
    algorithm: Algorithm,
    #[serde(flatten)]
    exact: Measured,
    /// What it lacks to the optimum, to that within the limit where it has one.
    regret: f64,
}

impl From<Value> for Measured {
    fn from(value: Value) -> Self {
        Self { mean_return: value.reward, micromorts: value.cost }
    }
}

/// Trains each algorithm on `tiny`, in `folder`, and works out what may be expected of what it learnt.
pub(super) fn measured(folder: &Path, steps: u64, seed: u64, is_quiet: bool) -> anyhow::Result<Table> {
    let city = City::named("tiny").context("the scenario is a part of the program")?;
    let exact = Exact::new(&city)?;
    let spec = RuleSpec::named(RuleSet::City.name(), Some("tiny"))?;
    let optimum = exact.optimum(Weights::REWARD);
    let limited = exact.constrained(LIMIT).context("an empty bus costs nothing")?.value;
    let bar = progress_bar(steps * Algorithm::ALL.len() as u64, "steps", is_quiet);
    let mut learners = Vec::new();
    for algorithm in Algorithm::ALL {
        bar.set_message(format!("{algorithm} on tiny"));
        let mut config = defaults(algorithm, "tiny").config;
        if algorithm == Algorithm::PpoLagrangian {
            config = with(&config, toml::Table::from_iter([("cost_limit".to_owned(), LIMIT.into())]))?;
        }
        let weights = folder.join("models").join(format!("tiny-{algorithm}.safetensors"));
        spec.visit(Train::new(&config, steps, seed, &weights, &bar))?;
        let path = weights.display().to_string();
        let policy = registry::load(&path, &city.info(), Choice::Greedy, DeviceKind::Cpu)?.policy;
        let value = expected(&exact, &city, &*policy);
        let best = if algorithm == Algorithm::PpoLagrangian { limited } else { optimum };
        learners.push(Learner { algorithm, exact: value.into(), regret: best.reward - value.reward });
    }
    bar.finish_and_clear();
    Ok(Table { steps, optimum: optimum.into(), limit: LIMIT, limited_optimum: limited.into(), learners })
}

/// What may be expected of a policy that is sure of its actions.
fn expected(exact: &Exact, city: &City, policy: &dyn Policy) -> Value {
    exact.evaluate(|state| {
        let mut observation = vec![0.0; policy.observation_size()];
        city.observe(state, &mut observation);
        let mut outputs = vec![0.0; policy.actions()];
        policy.outputs(&observation, &mut outputs);
        let (mut action, masks) = ([0], [city.action_mask(state)]);
        policy.choose(&outputs, Some(&masks), &mut policy_generators(0, 0..1), &mut action);
        surely(action[0])
    })
}

impl Table {
    pub(super) fn shown(&self) -> Shown {
        let header = (
            format!("tiny, {} steps", self.steps),
            ["profit, k", "regret, k", "micromorts"].map(str::to_owned).to_vec(),
        );
        let row = |name: String, Measured { mean_return, micromorts }: Measured, regret: f64| {
            (name, [mean_return, regret, micromorts].map(|number| format!("{number:.4}")).to_vec())
        };
        let optima = [
            row("optimum".to_owned(), self.optimum, 0.0),
            row(format!("optimum within {} micromorts", self.limit), self.limited_optimum, 0.0),
        ];
        let learners = self.learners.iter().map(|of| row(of.algorithm.to_string(), of.exact, of.regret));
        columns([header].into_iter().chain(optima).chain(learners))
    }
}
