//! What the study of the police comes to: tables, files for machines, one plot.

use std::fmt::Write;
use std::path::Path;

use comfy_table::Table;

use super::super::points::Estimate;
use super::super::report::quoted;
use super::{Case, Results};
use crate::files::write_text;
use crate::output::columns;
use crate::plots::{self, HEADING, Unit, intervals, intervals_height, svg};

const WIDTH: u32 = 1200;

/// Writes everything that can be looked at into `folder`.
pub(super) fn write(folder: &Path, results: &Results) -> anyhow::Result<()> {
    write_text(&folder.join("results.json"), &serde_json::to_string_pretty(results)?)?;
    write_text(&folder.join("results.csv"), &csv(results)?)?;
    write_text(&folder.join("police.svg"), &plot(results)?)
}

fn plot(results: &Results) -> anyhow::Result<String> {
    let rows = |of: &dyn Fn(&Case) -> Estimate| {
        let row = |case: &Case| {
            let (value, interval) = of(case);
            plots::Estimate { label: case.name(), value, interval: Some(interval) }
        };
        results.cases.iter().map(row).collect::<Vec<_>>()
    };
    let unpoliced = plots::Estimate {
        label: "no police".to_owned(),
        value: results.unpoliced.mean_return,
        interval: Some(results.unpoliced.return_ci95),
    };
    let profits = rows(&|case| (case.response.mean_return, case.response.return_ci95));
    let mut panels = vec![
        (
            "Overload that a manned checkpoint prevents".to_owned(),
            Unit::Number,
            "passenger-km a trip",
            rows(&|case| case.overload_km_prevented),
        ),
        (
            "Expected deaths of occupants that it prevents".to_owned(),
            Unit::Number,
            "micromorts a trip",
            rows(&|case| case.micromorts_prevented),
        ),
        ("What the driver earns".to_owned(), Unit::Number, "k TSh a trip", [vec![unpoliced], profits].concat()),
    ];
    for Case { sight, placement, .. } in &results.cases {
        let Some(placement) = placement else { continue };
        let shares = results.stretches.iter().zip(placement);
        let rows = shares.map(|(label, &value)| plots::Estimate { label: label.clone(), value, interval: None });
        let title = format!("Where checkpoints stand best that are seen from {sight} cells");
        panels.push((title, Unit::Fraction, "share of checkpoints", rows.collect()));
    }
    let heights: Vec<u32> = panels.iter().map(|panel| intervals_height(panel.3.len())).collect();
    let heading = format!("Where police should stand, {}, {} trips a case", results.spec, results.episodes);
    svg((WIDTH, HEADING + heights.iter().sum::<u32>()), &heading, |area| {
        let mut rest = area.clone();
        for ((title, unit, axis, rows), height) in panels.iter().zip(heights) {
            let (panel, below) = rest.split_vertically(height);
            intervals(&panel, title, *unit, axis, rows)?;
            rest = below;
        }
        Ok(())
    })
}

impl Case {
    fn name(&self) -> String {
        let placed = if self.placement.is_some() { "best found" } else { "uniform" };
        format!("sight {}, {placed}", self.sight)
    }
}

fn csv(results: &Results) -> anyhow::Result<String> {
    let mut text = String::from("sight,placement,driver,mean_return,return_low,return_high");
    for figure in FIGURES {
        write!(text, ",{figure},{figure}_low,{figure}_high")?;
    }
    for stretch in &results.stretches {
        write!(text, ",{}", quoted(stretch))?;
    }
    text.push('\n');
    for case in &results.cases {
        let Case { sight, response, .. } = case;
        let [low, high] = response.return_ci95;
        let placed = if case.placement.is_some() { "best" } else { "uniform" };
        write!(text, "{sight},{placed},{},{},{low},{high}", quoted(&response.driver), response.mean_return)?;
        let prevented = [case.overload_km_prevented, case.micromorts_prevented].map(Some);
        let figures = ["overload_km", "micromorts"].map(|figure| response.figures.get(figure).copied());
        for figure in figures.into_iter().chain(prevented) {
            match figure {
                Some((mean, [low, high])) => write!(text, ",{mean},{low},{high}")?,
                None => text.push_str(",,,"),
            }
        }
        for share in case.placement.as_ref().unwrap_or(&results.uniform) {
            write!(text, ",{share}")?;
        }
        text.push('\n');
    }
    Ok(text)
}

/// The columns of a case, each with its interval.
const FIGURES: [&str; 4] = ["overload_km", "micromorts", "overload_km_prevented", "micromorts_prevented"];

/// How police of each kind do.
pub(super) fn table(results: &Results) -> Table {
    let shown = |(mean, [low, high]): Estimate| format!("{mean:.2} ± {:.2}", (high - low) / 2.0);
    let header = ["driver", "profit, k", "overload, km", "micromorts", "km prevented", "micromorts prevented"];
    let header = (String::new(), header.map(str::to_owned).to_vec());
    let of = |point: &super::Point| {
        let figure = |name: &str| point.figures.get(name).copied().map_or_else(String::new, shown);
        let profit = shown((point.mean_return, point.return_ci95));
        vec![point.driver.clone(), profit, figure("overload_km"), figure("micromorts")]
    };
    let rows = results.cases.iter().map(|case| {
        let prevented = [case.overload_km_prevented, case.micromorts_prevented].map(shown);
        (case.name(), [of(&case.response), prevented.to_vec()].concat())
    });
    let unpoliced = ("no police".to_owned(), [of(&results.unpoliced), vec![String::new(); 2]].concat());
    columns([header, unpoliced].into_iter().chain(rows))
}

/// Where they stand.
pub(super) fn placements(results: &Results) -> Table {
    let header = (String::new(), results.stretches.clone());
    let shown = |shares: &[f64]| shares.iter().map(|share| format!("{:.1} %", 100.0 * share)).collect::<Vec<_>>();
    let rows =
        results.cases.iter().map(|case| (case.name(), shown(case.placement.as_ref().unwrap_or(&results.uniform))));
    columns(std::iter::once(header).chain(rows))
}
