//! What the study of safety comes to: a table, files for machines, the frontier of profit against risk.

use std::fmt::Write;
use std::path::Path;

use comfy_table::Table;

use super::super::points::Point;
use super::super::report::quoted;
use super::{Results, SCRIPTED};
use crate::files::write_text;
use crate::output::columns;
use crate::plots::{Curve, HEADING, Labels, Mark, curves, svg};

const WIDTH: u32 = 1200;
/// Pixels that the plot is high.
const HEIGHT: u32 = 620;

/// Writes everything that can be looked at into `folder`.
pub(super) fn write(folder: &Path, results: &Results) -> anyhow::Result<()> {
    write_text(&folder.join("results.json"), &serde_json::to_string_pretty(results)?)?;
    write_text(&folder.join("results.csv"), &csv(results)?)?;
    let line = |label: &str, of: &dyn Fn(&Point) -> bool| {
        let mut points: Vec<_> = results
            .points
            .iter()
            .filter(|point| of(point))
            .filter_map(|point| Some((point.figure("micromorts")?, point.mean_return, point.return_ci95)))
            .collect();
        points.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
        Curve::with_intervals(label, points.into_iter())
    };
    let mut lines = vec![
        line("within a limit", &|point| point.driver.starts_with("limit ")),
        line("at a price", &|point| point.driver.starts_with("price ")),
    ];
    lines.extend(SCRIPTED.iter().map(|name| line(name, &|point| point.driver == *name)));
    let marks: Vec<_> =
        results.limits.iter().map(|kept| Mark { x: kept.limit, label: format!("limit {}", kept.limit) }).collect();
    let heading = format!("Profit against risk, {}, {} trips a point", results.spec, results.episodes);
    let labels = Labels {
        title: "What a trip earns, and what it puts at risk",
        x: "expected deaths of occupants, micromorts a trip",
        y: "profit a trip, k TSh",
    };
    let plot = svg((WIDTH, HEADING + HEIGHT), &heading, |area| curves(area, labels, &lines, &marks))?;
    write_text(&folder.join("frontier.svg"), &plot)
}

fn csv(results: &Results) -> anyhow::Result<String> {
    let mut text = String::from("driver,value,mean_return,return_low,return_high,micromorts,overload_km,speeding\n");
    for point in &results.points {
        let [low, high] = point.return_ci95;
        let figure = |name| point.figure(name).map_or_else(String::new, |figure| figure.to_string());
        let (risk, overload, speeding) = (figure("micromorts"), figure("overload_km"), figure("speeding"));
        let Point { value, mean_return, .. } = point;
        let driver = quoted(&point.driver);
        writeln!(text, "{driver},{value},{mean_return},{low},{high},{risk},{overload},{speeding}")?;
    }
    Ok(text)
}

/// Profit and risk of each driver.
pub(super) fn table(results: &Results) -> Table {
    let header = ("driver".to_owned(), ["profit, k", "micromorts", "overload, km"].map(str::to_owned).to_vec());
    let rows = results.points.iter().map(|point| {
        let [low, high] = point.return_ci95;
        let figure = |name| point.figure(name).map_or_else(String::new, |figure| format!("{figure:.2}"));
        let profit = format!("{:.2} ± {:.2}", point.mean_return, (high - low) / 2.0);
        (point.driver.clone(), vec![profit, figure("micromorts"), figure("overload_km")])
    });
    columns(std::iter::once(header).chain(rows))
}
