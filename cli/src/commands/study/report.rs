//! What a study comes to: a table, files for machines, plots.

use std::fmt::Write;
use std::path::Path;

use comfy_table::Table;

use super::field::{FieldStudy, Results};
use super::points::{Estimate, Point};
use crate::files::write_text;
use crate::output::columns;
use crate::plots::{Area, Curve, HEADING, Labels, MOST_SERIES, Mark, curves, svg};

const WIDTH: u32 = 1200;
/// Pixels that a plot is high.
const HEIGHT: u32 = 520;

/// A figure, the title of its plot and its unit.
type Panel = (&'static str, &'static str, &'static str);

/// The figures that are plotted beside the profit, by file.
const PLOTS: [(&str, [Panel; 2]); 2] = [
    (
        "overloading.svg",
        [
            ("overloaded_passes", "Overloaded passes of manned checkpoints", "passes a trip"),
            ("overload_km", "Overload passenger-km", "passenger km a trip"),
        ],
    ),
    (
        "risk.svg",
        [
            ("micromorts", "Expected deaths of occupants", "micromorts a trip"),
            ("speeding", "Speeding", "share of cells above the limit"),
        ],
    ),
];

/// What is read of a point.
type Read<'a> = &'a dyn Fn(&Point) -> Option<Estimate>;

/// Writes everything that can be looked at into `folder`.
pub(super) fn write(folder: &Path, study: &FieldStudy, results: &Results) -> anyhow::Result<()> {
    write_text(&folder.join("results.json"), &serde_json::to_string_pretty(results)?)?;
    write_text(&folder.join("results.csv"), &csv(results)?)?;
    let all = results.drivers();
    let drivers = &all[..all.len().min(MOST_SERIES)];
    let mut heading = format!("{}, {}, {} trips a point", study.title, results.spec, results.episodes);
    if drivers.len() < all.len() {
        heading = format!("{heading}, the first {} drivers of {}: all are in results.csv", drivers.len(), all.len());
    }
    let line = |driver: &&str, of: Read| {
        let points = results.of(driver).filter_map(|point| of(point).map(|(mean, ci)| (point.value, mean, ci)));
        Curve::with_intervals(*driver, points)
    };
    let reality = study.reality.and_then(|reality| reality(results));
    let reality = reality.map(|x| Mark { x, label: format!("reality is probably near {x:.3}") });
    let marks: Vec<_> = results
        .switch
        .iter()
        .flat_map(|switch| {
            let closed = switch.closed_form.map(|x| Mark { x, label: format!("closed form {x:.4}") });
            let simulated = switch.simulated.map(|x| Mark { x, label: format!("simulated {x:.4}") });
            closed.into_iter().chain(simulated)
        })
        .chain(reality)
        .collect();
    let panel = |area: &Area, title: &str, y: &str, of: Read| {
        let labels = Labels { title, x: study.unit, y };
        curves(area, labels, &drivers.iter().map(|driver| line(driver, of)).collect::<Vec<_>>(), &marks)
    };
    let profit = svg((WIDTH, HEADING + HEIGHT), &heading, |area| {
        panel(area, "What a driver earns, with its 95 % interval", "profit a trip, k TSh", &|point| {
            Some((point.mean_return, point.return_ci95))
        })
    })?;
    write_text(&folder.join("profit.svg"), &profit)?;
    for (file, panels) in PLOTS {
        let text = svg((WIDTH, HEADING + HEIGHT * panels.len() as u32), &heading, |area| {
            for (area, (figure, title, y)) in area.split_evenly((panels.len(), 1)).iter().zip(panels) {
                panel(area, title, y, &|point| point.figures.get(figure).copied())?;
            }
            Ok(())
        })?;
        write_text(&folder.join(file), &text)?;
    }
    Ok(())
}

fn csv(results: &Results) -> anyhow::Result<String> {
    let mut text = String::from("driver,value,mean_return,return_low,return_high,mean_length");
    let names: Vec<_> = results.points.iter().flat_map(|point| point.figures.keys()).collect();
    let mut names: Vec<_> = names.into_iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    for name in &names {
        write!(text, ",{name},{name}_low,{name}_high")?;
    }
    text.push('\n');
    for point in &results.points {
        let [low, high] = point.return_ci95;
        let driver = quoted(&point.driver);
        write!(text, "{driver},{},{},{low},{high},{}", point.value, point.mean_return, point.mean_length)?;
        for name in &names {
            match point.figures.get(*name) {
                Some((mean, [low, high])) => write!(text, ",{mean},{low},{high}")?,
                None => text.push_str(",,,"),
            }
        }
        text.push('\n');
    }
    Ok(text)
}

/// A name as CSV has it.
pub(super) fn quoted(name: &str) -> String {
    if name.contains([',', '"', '\n']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.to_owned() }
}

/// The profit of each driver at each value.
pub(super) fn table(results: &Results) -> Table {
    let drivers = results.drivers();
    let values: Vec<_> = drivers.first().map_or_else(Vec::new, |driver| results.of(driver).map(|p| p.value).collect());
    let header = (results.field.to_owned(), values.iter().map(|value| format!("{value}")).collect());
    let rows = drivers.iter().map(|driver| {
        let shown = |point: &Point| {
            let [low, high] = point.return_ci95;
            format!("{:.2} ± {:.2}", point.mean_return, (high - low) / 2.0)
        };
        ((*driver).to_owned(), results.of(driver).map(shown).collect())
    });
    columns(std::iter::once(header).chain(rows))
}
