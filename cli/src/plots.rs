//! Plots as SVG: made of text and lines, so that they stay sharp and need no fonts to be made.
//!
//! Each function draws one kind of plot into the area it is given; [`svg`] makes the picture that the areas are parts of.

mod curves;
mod distributions;
mod intervals;
mod legend;
mod style;

use std::ops::Range;

use anyhow::ensure;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{
    Cartesian2d, ChartBuilder, ChartContext, DrawingArea, IntoDrawingArea, SVGBackend, TRANSPARENT, WHITE,
};

pub(crate) use curves::{Curve, Mark, curves, learning_curves};
pub(crate) use distributions::{Distribution, distributions};
pub(crate) use intervals::{Estimate, Unit, height as intervals_height, intervals};
pub(crate) use style::MOST_SERIES;
use style::{GRID, number, text, title};

/// A picture, or a part of one.
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Pixels that a heading takes.
pub(crate) const HEADING: u32 = 52;

/// What a plot shows, in words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Labels<'a> {
    /// What it is.
    pub(crate) title: &'a str,
    /// What lies along x, with its unit.
    pub(crate) x: &'a str,
    /// What lies along y, with its unit.
    pub(crate) y: &'a str,
}

/// The text of an SVG file of `size` (width, height) pixels: a heading, and under it what `draw` draws.
pub(crate) fn svg(
    size: (u32, u32),
    heading: &str,
    draw: impl FnOnce(&Area) -> anyhow::Result<()>,
) -> anyhow::Result<String> {
    let mut file = String::new();
    {
        let root = SVGBackend::with_string(&mut file, size).into_drawing_area();
        root.fill(&WHITE)?;
        let (top, rest) = root.split_vertically(HEADING);
        top.draw_text(heading, &style::heading(), (24, 32))?;
        draw(&rest)?;
        root.present()?;
    }
    Ok(file)
}

/// Axes with their grid and labels, over all of `area`.
fn chart<'a, 'b>(
    area: &'a Area<'b>,
    labels: Labels,
    x: Range<f64>,
    y: Range<f64>,
    y_label: &dyn Fn(&f64) -> String,
) -> anyhow::Result<Chart<'a, 'b>> {
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .margin_right(24)
        .caption(labels.title, title())
        .x_label_area_size(48)
        .y_label_area_size(72)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .label_style(text())
        .axis_desc_style(text())
        .x_desc(labels.x)
        .y_desc(labels.y)
        .x_labels(8)
        .y_labels(6)
        .x_label_formatter(&|x| number(*x))
        .y_label_formatter(y_label)
        .draw()?;
    Ok(chart)
}

/// From the least to the greatest of `values`, with a little room on both sides.
fn padded(values: impl Iterator<Item = f64>) -> anyhow::Result<Range<f64>> {
    let (least, greatest) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)));
    ensure!(least.is_finite() && greatest.is_finite(), "there is nothing to plot, or it is not finite");
    let room = if least < greatest { 0.04 * (greatest - least) } else { 1.0 };
    Ok(least - room..greatest + room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_leave_room_and_refuse_what_has_no_range() {
        assert_eq!(padded([3.0].into_iter()).unwrap(), 2.0..4.0);
        assert_eq!(padded([50.0, -50.0, 0.0].into_iter()).unwrap(), -54.0..54.0);
        assert!(padded(std::iter::empty()).is_err());
        assert!(padded([f64::INFINITY].into_iter()).is_err());
    }
}
