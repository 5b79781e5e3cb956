//! The results of a sweep: a table, a file for machines, plots.

use std::path::Path;

use comfy_table::{CellAlignment, Table, presets};
use daladala_agents::statistics::Mean;
use daladala_env::info::{Figure, FigureKind};

use super::results::{Figures, Outcome, Results, Tried};
use crate::files::write_text;
use crate::output::grouped;
use crate::plots::{
    Area, Curve, Distribution, Estimate, HEADING, Labels, MOST_SERIES, Unit, distributions, intervals,
    intervals_height, learning_curves, svg,
};
use crate::runs::Point;

/// All results, for programs.
pub(super) const RESULTS: &str = "results.json";
const WIDTH: u32 = 1200;
/// Pixels that plots with an axis of their own on the left are high.
const HEIGHT: u32 = 520;
/// Rows that a plot of figures has at most: more is no picture any more.
const MOST_ROWS: usize = 40;

/// Writes everything that can be looked at into `folder`.
pub(super) fn write(folder: &Path, results: &Results) -> anyhow::Result<()> {
    write_text(&folder.join(RESULTS), &serde_json::to_string_pretty(results)?)?;
    let tried: Vec<_> = results.configurations.iter().filter(|tried| tried.outcomes().next().is_some()).collect();
    if tried.is_empty() {
        return Ok(());
    }
    let few = &tried[..tried.len().min(MOST_SERIES)];
    let rows = &tried[..tried.len().min(MOST_ROWS)];
    let labels = Names::of(&tried);
    let save = |name: &str, shown: &[&Tried], height, draw: &dyn Fn(&Area) -> anyhow::Result<()>| {
        let heading = heading(results, shown.len(), tried.len(), &labels);
        write_text(&folder.join(name), &svg((WIDTH, HEADING + height), &heading, draw)?)
    };
    save("learning_curves.svg", few, HEIGHT, &|area| draw_curves(area, few, &labels))?;
    save("returns.svg", few, HEIGHT, &|area| draw_returns(area, few, &labels))?;
    save("stability.svg", rows, intervals_height(rows.len()), &|area| draw_stability(area, rows, &labels))?;
    save("generalisation.svg", rows, 2 * intervals_height(rows.len()), &|area| draw_generalisation(area, rows, &labels))
}

/// What the configurations are called beside a picture.
enum Names {
    /// By the values of these hyperparameters, which all of them vary.
    Values(String),
    Whole,
}

impl Names {
    fn of(tried: &[&Tried]) -> Self {
        let varied = &tried[0].configuration.varied;
        let alike = tried.iter().all(|tried| &tried.configuration.varied == varied);
        if alike && !varied.is_empty() { Self::Values(varied.join(" · ")) } else { Self::Whole }
    }

    fn name(&self, tried: &Tried) -> String {
        match self {
            Self::Values(_) => tried.configuration.values(),
            Self::Whole => tried.configuration.name.clone(),
        }
    }
}

fn heading(results: &Results, shown: usize, all: usize, names: &Names) -> String {
    let mut heading = format!("{} on {}", results.algorithm, results.spec);
    if let Names::Values(keys) = names {
        heading = format!("{heading}, {keys}");
    }
    if shown < all {
        heading = format!("{heading}, the best {shown} configurations of {all}");
    }
    match results.seeds.len() {
        1 => format!("{heading}, 1 seed"),
        seeds => format!("{heading}, {seeds} seeds"),
    }
}

fn draw_curves(area: &Area, tried: &[&Tried], names: &Names) -> anyhow::Result<()> {
    let curves = tried.iter().map(|tried| {
        let longest = tried.outcomes().max_by_key(|outcome| outcome.curve.len());
        let points = longest.into_iter().flat_map(|outcome| &outcome.curve);
        let steps: Vec<_> = points.map(|point| point.steps as f64).collect();
        let returns = |outcome: &Outcome| steps.iter().map_while(|&steps| at(&outcome.curve, steps)).collect();
        Curve::over_seeds(names.name(tried), &steps, &tried.outcomes().map(returns).collect::<Vec<_>>())
    });
    let labels = Labels {
        title: "Learning: mean over the seeds, and one standard deviation around it",
        x: "environment steps",
        y: "mean return of the evaluations",
    };
    learning_curves(area, labels, &curves.collect::<Vec<_>>())
}

/// The return of a curve after so many steps, between two evaluations on the line between them; none after the last.
fn at(curve: &[Point], steps: f64) -> Option<f64> {
    let next = curve.iter().position(|point| point.steps as f64 >= steps)?;
    let right = &curve[next];
    let Some(left) = next.checked_sub(1).map(|index| &curve[index]) else { return Some(right.mean_return) };
    let part = (steps - left.steps as f64) / (right.steps - left.steps) as f64;
    Some(left.mean_return + part * (right.mean_return - left.mean_return))
}

fn draw_returns(area: &Area, tried: &[&Tried], names: &Names) -> anyhow::Result<()> {
    let pooled = tried.iter().map(|tried| {
        let returns = tried.outcomes().flat_map(|outcome| outcome.returns.iter().copied()).collect();
        Distribution::of(names.name(tried), returns)
    });
    let labels = Labels {
        title: "Distribution of returns on unseen layouts, all seeds together",
        x: "return of an episode (sum of its rewards)",
        y: "episodes with at most this return",
    };
    distributions(area, labels, &pooled.collect::<Vec<_>>())
}

fn draw_stability(area: &Area, tried: &[&Tried], names: &Names) -> anyhow::Result<()> {
    let estimates = over_seeds(tried, names, &|outcome| outcome.unseen.mean_return);
    let title = "Stability: mean return on unseen layouts";
    intervals(area, title, Unit::Number, "mean return of a training, from the worst seed to the best", &estimates)
}

/// On the layouts that training began with, and on others: in parts of the best return where that is known, as one set
/// of layouts may be worth more than the other.
fn draw_generalisation(area: &Area, tried: &[&Tried], names: &Names) -> anyhow::Result<()> {
    let known = tried.iter().all(|tried| tried.optimal_fraction.is_some());
    let figure = |figures: &Figures| match figures.optimal_fraction {
        Some(fraction) if known => 100.0 * fraction,
        _ => figures.mean_return,
    };
    let what = if known { "% of the best return" } else { "mean return" };
    let what = format!("{what}, from the worst seed to the best");
    let parts = area.split_evenly((2, 1));
    let seen = over_seeds(tried, names, &|outcome| figure(&outcome.seen));
    intervals(&parts[0], "On the layouts that training began with", Unit::Number, &what, &seen)?;
    let unseen = over_seeds(tried, names, &|outcome| figure(&outcome.unseen));
    intervals(&parts[1], "On unseen layouts", Unit::Number, &what, &unseen)
}

/// The mean of a figure over the seeds of each configuration, within the least and the greatest.
fn over_seeds(tried: &[&Tried], names: &Names, figure: &dyn Fn(&Outcome) -> f64) -> Vec<Estimate> {
    let estimate = |tried: &&Tried| {
        let figures: Vec<f64> = tried.outcomes().map(figure).collect();
        let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = figures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let value = Mean::of(figures.into_iter()).mean;
        Estimate { label: names.name(tried), value, interval: Some([least, greatest]) }
    };
    tried.iter().map(estimate).collect()
}

/// A row a configuration, the best first.
pub(super) fn table(results: &Results) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let is_rate = |figure: &&Figure| figure.kind == FigureKind::Rate;
    let rates: Vec<_> = results.info.figures.iter().filter(is_rate).collect();
    let first = ["configuration", "return, mean ± std", "worst seed", "of the best", "on training layouts"];
    let names = rates.iter().map(|figure| figure.name.as_str());
    table.set_header(first.into_iter().chain(names).chain(["solved", "steps to solve", "seconds"]));
    for tried in &results.configurations {
        let percent = |rate: f64| if rate.is_nan() { "–".to_owned() } else { format!("{:.2} %", 100.0 * rate) };
        let number = |number: f64| if number.is_nan() { "–".to_owned() } else { format!("{number:.2}") };
        let first = [
            tried.configuration.name.clone(),
            format!("{} ± {}", number(tried.mean_return), number(tried.std_return)),
            number(tried.worst_return),
            percent(tried.optimal_fraction.unwrap_or(f64::NAN)),
            number(tried.mean_return_seen),
        ];
        let rate = |figure: &&Figure| percent(tried.means.get(&figure.mean_name()).copied().unwrap_or(f64::NAN));
        let last = [
            format!("{} of {}", tried.solved, tried.runs.len()),
            tried.steps_to_solve.map_or_else(|| "–".to_owned(), grouped),
            tried.seconds_to_solve.map_or_else(|| "–".to_owned(), |seconds| format!("{seconds:.2}")),
        ];
        table.add_row(first.into_iter().chain(rates.iter().map(rate)).chain(last));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
