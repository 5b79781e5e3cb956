//! `daladala study police`: where checkpoints should stand and from how far they should be seen, if drivers answer.
//!
//! For each range of sight an outer search moves checkpoints between the stretches of the road. At each placement drivers do
//! what then pays best, which an agent finds by learning on. What is found is then measured on trips that the search never
//! saw, beside checkpoints that stand anywhere alike and a road without police.

mod report;
mod response;
mod search;

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::ValueEnum;
use daladala_env::{RuleSet, RuleSpec, SpecId};
use indicatif::ProgressBar;
use serde::Serialize;

use super::MAX_EPISODES;
use super::drive::Named;
use super::points::{Estimate, Point, Points};
use crate::arguments::ScenarioArgs;
use crate::interrupt;
use crate::numbers::{count, count_in, some};
use crate::output::{print, print_json, progress_bar};
use crate::runs::lock;
use response::{Drivers, Response, Setting, Stage};
use search::Search;

/// The agent that learns what pays.
const MODEL: &str = "ppo-enforcement";
/// How many times as long it learns on where a figure is reported as in the search.
const LONGER: u64 = 5;

#[derive(Debug, clap::Args)]
pub(crate) struct PoliceArgs {
    /// Where tables and the plot go. The same command goes on with a study that was interrupted.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// The agent that learns what pays: a built-in name or a weights file.
    #[arg(long, value_name = "NAME|PATH", default_value = MODEL)]
    model: String,
    /// Environment steps that it is trained for each range of sight first.
    #[arg(long, value_name = "N", default_value_t = 4_000_000, allow_negative_numbers = true,
          value_parser = some::<u64>)]
    sight_steps: u64,
    /// Environment steps that it then learns on at each placement of the search, and five times as many where a figure is
    /// reported; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 100_000, allow_negative_numbers = true, value_parser = count)]
    train_steps: u64,
    /// From how far checkpoints are seen, cells; may be given again.
    #[arg(long, value_name = "CELLS", default_values_t = [12, 2], allow_negative_numbers = true)]
    sight: Vec<u8>,
    /// What the police want to be least.
    #[arg(long, value_enum, default_value_t)]
    minimize: Objective,
    /// Placements that are tried for each range of sight, rounded up to whole generations of the search.
    #[arg(long, value_name = "N", default_value_t = 40, allow_negative_numbers = true,
          value_parser = count_in::<usize>(1..=100_000))]
    candidates: usize,
    /// Episodes of each driver at each placement of the search.
    #[arg(long, value_name = "N", default_value_t = 2000, allow_negative_numbers = true,
          value_parser = count_in::<usize>(2..=MAX_EPISODES))]
    search_episodes: usize,
    /// Episodes of each driver where a figure is reported, others than those of the search.
    #[arg(long, default_value_t = 10_000, allow_negative_numbers = true,
          value_parser = count_in::<usize>(2..=MAX_EPISODES))]
    episodes: usize,
    /// The seed: the same seed gives the same figures, on any number of threads.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    seed: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// A figure that the police can want to be least.
#[derive(Debug, Clone, Copy, Default, PartialEq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Objective {
    /// Passengers above the legal load times distance.
    #[default]
    #[value(name = "overload_km")]
    OverloadKm,
    /// Expected deaths of occupants.
    #[value(name = "micromorts")]
    Micromorts,
}

impl Objective {
    /// The name of the figure.
    fn figure(self) -> &'static str {
        match self {
            Self::OverloadKm => "overload_km",
            Self::Micromorts => "micromorts",
        }
    }
}

/// What the study comes to.
#[derive(Serialize)]
struct Results<'a> {
    study: &'a str,
    #[serde(flatten)]
    spec: &'a SpecId,
    model: &'a str,
    minimize: Objective,
    episodes: usize,
    seed: u64,
    sight_steps: u64,
    train_steps: u64,
    /// How many checkpoints are manned in a trip, on average.
    manned: f64,
    /// The stretches between stops, in the order of placements.
    stretches: Vec<String>,
    /// Of the cells that a checkpoint can stand on, the share of each stretch: where checkpoints stand by default.
    uniform: Vec<f64>,
    /// What drivers do where nobody stands.
    unpoliced: Point,
    cases: Vec<Case>,
}

/// How police of one kind do.
#[derive(Debug, Serialize)]
struct Case {
    /// From how far they are seen, cells.
    sight: u8,
    /// The share of checkpoints in each stretch; none where they stand on any cell alike.
    placement: Option<Vec<f64>>,
    /// How the driver does whom this pays best.
    response: Point,
    /// Overload that a manned checkpoint prevents, passenger-km a trip.
    overload_km_prevented: Estimate,
    /// Expected deaths that it prevents, micromorts a trip.
    micromorts_prevented: Estimate,
}

impl Case {
    fn new(response: Response, unpoliced: &Point, manned: f64) -> anyhow::Result<Self> {
        let Response { setting, point, .. } = response;
        let prevented = |figure: &str| {
            let of = |point: &Point| point.figures.get(figure).copied().with_context(|| format!("no {figure} is told"));
            Ok::<_, anyhow::Error>(difference(of(unpoliced)?, of(&point)?, manned))
        };
        Ok(Self {
            sight: setting.sight,
            placement: setting.placement,
            overload_km_prevented: prevented("overload_km")?,
            micromorts_prevented: prevented("micromorts")?,
            response: point,
        })
    }
}

/// How much less the second is than the first, divided by `shares`. The trips are the same but the drivers may be others, so
/// both intervals count as if nothing were shared, which is too wide rather than too narrow.
fn difference((first, of_first): Estimate, (second, of_second): Estimate, shares: f64) -> Estimate {
    let half = |[low, high]: [f64; 2]| (high - low) / 2.0;
    let mean = (first - second) / shares;
    let half = half(of_first).hypot(half(of_second)) / shares;
    (mean, [mean - half, mean + half])
}

/// A study that is under way.
struct Study<'a> {
    args: &'a PoliceArgs,
    drivers: Drivers<'a>,
    points: Points<Response>,
    /// Counts responses.
    bar: ProgressBar,
}

impl PoliceArgs {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let spec = self.scenario.spec(RuleSet::City)?;
        let id = spec.id();
        let road = Road::of(&spec)?;
        let (set, models) = (self.scenario.hyperparameters(), self.out.join("models"));
        let drivers = Drivers::new(&spec, &self.model, &set, models, self.seed)?;
        // Before any of them drives.
        for &sight in &self.sight {
            drivers.spec(&Setting { sight, placement: None, is_manned: true })?;
        }
        let about = || format!("{} cannot be the folder of a study", self.out.display());
        std::fs::create_dir_all(&self.out).with_context(about)?;
        let _lock = lock(&self.out)?;
        let points = Points::open(&self.out, &self.name()?, &id, self.episodes, self.seed)?;
        interrupt::catch()?;

        let bar = progress_bar(self.sight_steps.saturating_mul(self.sight.len() as u64), "steps", self.json);
        for &sight in &self.sight {
            bar.set_message(format!("sight {sight}"));
            drivers.train(sight, self.sight_steps, &bar)?;
        }
        bar.finish_and_clear();

        let search = Search::new(&road.uniform, self.candidates, self.seed);
        let responses = self.sight.len() * (search.candidates() + 2) + 1;
        let bar = progress_bar(responses as u64, "placements", self.json);
        let mut study = Study { args: self, drivers, points, bar };
        let (unpoliced, cases) = study.cases(&search, &road)?;
        study.bar.finish_and_clear();

        let results = Results {
            study: "police",
            spec: &id,
            model: &self.model,
            minimize: self.minimize,
            episodes: self.episodes,
            seed: self.seed,
            sight_steps: self.sight_steps,
            train_steps: self.train_steps,
            manned: road.manned,
            stretches: road.stretches,
            uniform: road.uniform,
            unpoliced,
            cases,
        };
        report::write(&self.out, &results)?;
        if self.json {
            return print_json(&results);
        }
        print(report::table(&results))?;
        print(report::placements(&results))?;
        print(format!("The plot, results.csv and results.json are in {}.", self.out.display()))
    }

    /// What tells this study from others in its folder.
    fn name(&self) -> anyhow::Result<String> {
        let model = match Named::of(&self.model)? {
            Named { model, weights: Some(weights), .. } => format!("{model} ({weights})"),
            Named { model, .. } => model,
        };
        let Self { sight_steps, train_steps, search_episodes, minimize, .. } = self;
        let figure = minimize.figure();
        let set = self.scenario.hyperparameters().join(" ");
        Ok(format!(
            "police, {figure}, {model}, {sight_steps} and {train_steps} steps, {search_episodes} trips a placement, {set}"
        ))
    }
}

impl Study<'_> {
    /// The response to no police, and to each range of sight that to police anywhere and to those who stand best.
    fn cases(&mut self, search: &Search, road: &Road) -> anyhow::Result<(Point, Vec<Case>)> {
        let sights = self.args.sight.clone();
        // Where nobody stands it makes no difference from how far that is seen.
        let sight = sights.first().copied().unwrap_or_default();
        let unpoliced = self.response(Setting { sight, placement: None, is_manned: false }, Stage::Report)?.point;
        let mut cases = Vec::new();
        for sight in sights {
            let figure = self.args.minimize.figure();
            let best = search.least(|placement| {
                let setting = Setting { sight, placement: Some(placement), is_manned: true };
                let point = self.response(setting, Stage::Search)?.point;
                point.figure(figure).with_context(|| format!("no {figure} is told"))
            })?;
            for placement in [None, Some(best)] {
                let response = self.response(Setting { sight, placement, is_manned: true }, Stage::Report)?;
                cases.push(Case::new(response, &unpoliced, road.manned)?);
            }
        }
        Ok((unpoliced, cases))
    }

    /// What drivers do, which is only worked out where it is not known.
    fn response(&mut self, setting: Setting, stage: Stage) -> anyhow::Result<Response> {
        self.bar.set_message(setting.to_string());
        let known = self.points.find_by(|known| known.setting == setting && known.stage == stage).cloned();
        let response = if let Some(known) = known {
            known
        } else {
            let size = match stage {
                Stage::Search => (self.args.train_steps, self.args.search_episodes),
                Stage::Report => (self.args.train_steps.saturating_mul(LONGER), self.args.episodes),
            };
            let response = self.drivers.response(setting, stage, self.args.minimize.figure(), size)?;
            self.points.add(&response)?
        };
        self.bar.inc(1);
        Ok(response)
    }
}

/// What the police can choose among.
struct Road {
    stretches: Vec<String>,
    /// The share of each in the cells that a checkpoint can stand on.
    uniform: Vec<f64>,
    manned: f64,
}

impl Road {
    fn of(spec: &RuleSpec) -> anyhow::Result<Self> {
        let parameters = &spec.scenario().parameters;
        let field = |table: &str, field: &str| parameters.get(table).and_then(|table| table.get(field));
        let police = |name: &str| field("police", name).and_then(serde_json::Value::as_f64).unwrap_or_default();
        let manned = police("checkpoints") * police("manned");
        ensure!(manned > 0.0, "police.checkpoints and police.manned: there is nobody to place");
        ensure!(field("police", "placement").is_none(), "police.placement: it is what is searched for");
        let info = spec.info();
        let stops = field("route", "stops").and_then(|stops| stops.as_array().cloned()).unwrap_or_default();
        let stops: Vec<f64> = stops.iter().filter_map(serde_json::Value::as_f64).collect();
        let cells: Vec<f64> = stops.array_windows().map(|[from, to]| to - from - 1.0).collect();
        let all: f64 = cells.iter().sum();
        let names = info.places.array_windows().map(|[from, to]| format!("{} – {}", from.name, to.name));
        let stretches: Vec<String> = names.collect();
        ensure!(stretches.len() > 1, "route.stops: there is one stretch alone, and nothing to choose");
        Ok(Self { stretches, uniform: cells.iter().map(|cells| cells / all).collect(), manned })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_checkpoint_prevents_is_its_share_of_the_difference() {
        let (mean, [low, high]) = difference((30.0, [27.0, 33.0]), (10.0, [6.0, 14.0]), 2.0);
        assert_eq!((mean, low, high), (10.0, 7.5, 12.5));
    }

    #[test]
    fn the_stretches_of_a_road_lie_between_its_stops() {
        let road = Road::of(&RuleSpec::of(RuleSet::City)).unwrap();
        assert_eq!(road.stretches.len(), 5);
        assert_eq!(road.stretches[4], "Mnazi Mmoja – Posta");
        assert!((road.uniform[2] - 35.0 / 79.0).abs() < 1e-12 && (road.manned - 2.1).abs() < 1e-12);
    }
}
