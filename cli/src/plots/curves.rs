//! What was learned when, over the seeds of a configuration.

use daladala_agents::statistics::Mean;
use plotters::element::{Circle, Polygon, Text};
use plotters::series::{DashedLineSeries, LineSeries};
use plotters::style::Color;

use super::style::{INK, color, number, text};
use super::{Area, Labels, chart, legend, padded};

/// The radius of a lone point, pixels.
const DOT: i32 = 5;

/// One configuration: the mean over its seeds, and their spread.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Curve {
    label: String,
    points: Vec<Point>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    x: f64,
    mean: f64,
    /// The band around it.
    low: f64,
    high: f64,
}

/// A line across the plot, at a value of x.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mark {
    pub(crate) x: f64,
    pub(crate) label: String,
}

impl Curve {
    /// `seeds` have one value each at every x; where one has no more, the others go on.
    pub(crate) fn over_seeds(label: impl Into<String>, x: &[f64], seeds: &[Vec<f64>]) -> Self {
        let point = |(index, x): (usize, &f64)| {
            let there: Vec<f64> = seeds.iter().filter_map(|seed| seed.get(index).copied()).collect();
            let Mean { count, mean, std } = Mean::of(there.into_iter());
            (count > 0).then_some(Point { x: *x, mean, low: mean - std, high: mean + std })
        };
        Self { label: label.into(), points: x.iter().enumerate().filter_map(point).collect() }
    }
}

impl Curve {
    /// Points with x, mean and the ends of its interval.
    pub(crate) fn with_intervals(label: impl Into<String>, points: impl Iterator<Item = (f64, f64, [f64; 2])>) -> Self {
        let points = points.map(|(x, mean, [low, high])| Point { x, mean, low, high });
        Self { label: label.into(), points: points.collect() }
    }
}

/// A line a curve, and around it a band of one standard deviation over the seeds.
pub(crate) fn learning_curves(area: &Area, labels: Labels, of_seeds: &[Curve]) -> anyhow::Result<()> {
    curves(area, labels, of_seeds, &[])
}

/// A line a curve and its band, and a line across the plot a mark.
pub(crate) fn curves(area: &Area, labels: Labels, curves: &[Curve], marks: &[Mark]) -> anyhow::Result<()> {
    let plot = legend::beside(area, curves.iter().map(|curve| curve.label.as_str()))?;
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let x = padded(points().map(|point| point.x))?;
    let y = padded(points().flat_map(|point| [point.low, point.high]))?;
    let mut chart = chart(&plot, labels, x.clone(), y.clone(), &|y| number(*y))?;
    for (index, Curve { points, .. }) in curves.iter().enumerate() {
        let above = points.iter().map(|point| (point.x, point.high));
        let below = points.iter().rev().map(|point| (point.x, point.low));
        chart.draw_series([Polygon::new(above.chain(below).collect::<Vec<_>>(), color(index).mix(0.2))])?;
    }
    // Over all bands, so that none hides a line.
    for (index, Curve { points, .. }) in curves.iter().enumerate() {
        let line = points.iter().map(|point| (point.x, point.mean));
        chart.draw_series(LineSeries::new(line, color(index).stroke_width(2)))?;
        // A line of one point can't be seen.
        if let [point] = points[..] {
            chart.draw_series([Circle::new((point.x, point.mean), DOT, color(index).filled())])?;
            let interval = [(point.x, point.low), (point.x, point.high)];
            chart.draw_series(LineSeries::new(interval, color(index).stroke_width(2)))?;
        }
    }
    // Labels one under the other, so that marks beside each other can be read.
    for (place, mark) in marks.iter().enumerate().filter(|(_, mark)| x.contains(&mark.x)) {
        let line = [(mark.x, y.start), (mark.x, y.end)];
        chart.draw_series(DashedLineSeries::new(line, 6, 4, INK.stroke_width(1)))?;
        let height = y.end - (y.end - y.start) * 0.05 * (place + 1) as f64;
        chart.draw_series([Text::new(format!(" {}", mark.label), (mark.x, height), text())])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plots::svg;

    #[test]
    fn a_curve_is_the_mean_over_the_seeds_that_are_there() {
        let curve = Curve::over_seeds("ppo", &[0.0, 100.0, 200.0], &[vec![1.0, 2.0], vec![3.0, 2.0, 5.0]]);
        let points: Vec<_> = curve.points.iter().map(|point| (point.x, point.mean, point.high - point.mean)).collect();
        assert_eq!(points, [(0.0, 2.0, 1.0), (100.0, 2.0, 0.0), (200.0, 5.0, 0.0)]);
    }

    #[test]
    fn each_curve_has_a_line_a_band_and_its_name() {
        let steps: Vec<f64> = (0..40).map(|index| f64::from(index) * 5000.0).collect();
        let learned = |slope: f64, seed: f64| steps.iter().map(|x| 80.0 - (60.0 + seed) * (-slope * x).exp()).collect();
        let curves: Vec<_> = [("ppo", 5e-5), ("dqn <2>", 2e-5), ("a2c", 1e-5)]
            .map(|(label, slope)| {
                Curve::over_seeds(label, &steps, &[learned(slope, 0.0), learned(slope, 9.0), learned(slope, 30.0)])
            })
            .into();
        let labels = Labels { title: "Learning", x: "environment steps", y: "return" };
        let file = svg((900, 420), "Learning over 3 seeds", |area| learning_curves(area, labels, &curves)).unwrap();
        assert_eq!((file.matches("<polygon").count(), file.matches("stroke-width=\"2\"").count()), (3, 3));
        for said in ["ppo", "dqn &lt;2&gt;", "a2c", "environment steps", "return", "Learning over 3 seeds"] {
            assert!(file.contains(said), "{said}");
        }
    }

    #[test]
    fn a_curve_of_one_point_is_a_dot_with_its_interval() {
        let one = Curve::with_intervals("legal", [(4.0, 20.0, [19.0, 21.0])].into_iter());
        let two = Curve::with_intervals("limited", [(2.0, 10.0, [9.0, 11.0]), (8.0, 24.0, [23.0, 25.0])].into_iter());
        let labels = Labels { title: "Risk", x: "micromorts", y: "profit" };
        let file = svg((900, 420), "Risk", |area| curves(area, labels, &[two, one], &[])).unwrap();
        assert_eq!(file.matches("<circle").count(), 1);
    }

    #[test]
    fn nothing_to_plot_is_an_error() {
        let labels = Labels { title: "", x: "", y: "" };
        assert!(svg((900, 420), "", |area| learning_curves(area, labels, &[])).is_err());
    }
}
