//! Figures beside each other, with how sure they are.

use std::ops::Range;

use plotters::chart::ChartBuilder;
use plotters::element::{Circle, PathElement};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, TRANSPARENT};

use super::legend::left;
use super::style::{GRID, color, number, percent, shortened, text, title};
use super::{Area, padded};

/// Pixels for the names on the left, and for the figures on the right.
const NAMES: u32 = 160;
const FIGURES: u32 = 184;
/// Pixels of a plot beside its rows: the title, and the axis with what is along it.
const FRAME: u32 = 96;
/// Pixels of a row.
const ROW: u32 = 28;

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Estimate {
    /// Whose it is.
    pub(crate) label: String,
    /// The figure.
    pub(crate) value: f64,
    /// What it lies within, where that is known.
    pub(crate) interval: Option<[f64; 2]>,
}

/// What is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Numbers: the axis goes as far as they do.
    Number,
    /// Fractions: the axis goes from 0 to 100 %.
    Fraction,
}

impl Unit {
    fn range(self, estimates: &[Estimate]) -> anyhow::Result<Range<f64>> {
        match self {
            Self::Fraction => Ok(-0.02..1.02),
            Self::Number => {
                padded(estimates.iter().flat_map(|one| one.interval.into_iter().flatten().chain([one.value])))
            }
        }
    }

    fn tick(self, value: f64) -> String {
        match self {
            Self::Fraction => percent(value),
            Self::Number => number(value),
        }
    }

    fn figure(self, Estimate { value, interval, .. }: &Estimate) -> String {
        let scale = if self == Self::Fraction { 100.0 } else { 1.0 };
        let unit = if self == Self::Fraction { " %" } else { "" };
        let within = interval.map(|[low, high]| format!(" ({:.2} to {:.2})", scale * low, scale * high));
        format!("{:.2}{unit}{}", scale * value, within.unwrap_or_default())
    }
}

/// How many pixels high a plot of `count` figures should be.
pub(crate) fn height(count: usize) -> u32 {
    FRAME + ROW * count as u32
}

/// A row a figure: its name, a dot with a whisker for its interval, and both in numbers.
pub(crate) fn intervals(
    area: &Area,
    caption: &str,
    unit: Unit,
    x_label: &str,
    estimates: &[Estimate],
) -> anyhow::Result<()> {
    let rows = estimates.len();
    let mut chart = ChartBuilder::on(area)
        .caption(caption, title())
        .margin(8)
        .x_label_area_size(44)
        .margin_left(NAMES)
        .margin_right(FIGURES)
        .build_cartesian_2d(unit.range(estimates)?, 0.0..rows as f64)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .label_style(text())
        .axis_desc_style(text())
        .x_desc(x_label)
        .x_labels(5)
        .x_label_formatter(&|x| unit.tick(*x))
        .draw()?;
    let (across, down) = chart.plotting_area().get_pixel_range();
    let (base_x, base_y) = area.get_base_pixel();
    for (row, one) in estimates.iter().enumerate() {
        let y = rows as f64 - row as f64 - 0.5;
        let color = color(row);
        if let Some([low, high]) = one.interval {
            let cap = |x: f64| vec![(x, y - 0.2), (x, y + 0.2)];
            let whisker = [vec![(low, y), (high, y)], cap(low), cap(high)];
            chart.draw_series(whisker.map(|path| PathElement::new(path, color.stroke_width(2))))?;
        }
        chart.draw_series([Circle::new((one.value, y), 4, color.filled())])?;
        let height = f64::from(down.end - down.start) / rows as f64;
        let middle = down.start - base_y + (height * (row as f64 + 0.5)) as i32;
        let name = text().pos(Pos::new(HPos::Right, VPos::Center));
        area.draw_text(&shortened(&one.label), &name, (across.start - base_x - 12, middle))?;
        area.draw_text(&unit.figure(one), &left(), (across.end - base_x + 12, middle))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plots::svg;

    #[test]
    fn each_row_names_its_figure_and_its_interval() {
        let estimate = |label: &str, value, interval| Estimate { label: label.to_owned(), value, interval };
        let estimates = [estimate("ppo", 0.5, Some([0.25, 0.75])), estimate("one episode", 1.0, None)];
        let draw = |unit| svg((600, 220), "Figures", |area| intervals(area, "Fined", unit, "share", &estimates));
        let rates = draw(Unit::Fraction).unwrap();
        for said in ["ppo", "50.00 % (25.00 to 75.00)", "one episode", "100.00 %", "Fined", "share"] {
            assert!(rates.contains(said), "{said}");
        }
        assert_eq!((rates.matches("<circle").count(), rates.contains("NaN")), (2, false));
        assert!(draw(Unit::Number).unwrap().contains("0.50 (0.25 to 0.75)"));
    }
}
