//! How values are spread: empirical distribution functions, of which several can be read in one plot.

use plotters::series::{DashedLineSeries, LineSeries};
use plotters::style::Color;

use super::style::{color, percent};
use super::{Area, Labels, chart, legend, padded};

/// Steps that a function is drawn with at most: finer than a pixel.
const MOST_STEPS: usize = 500;

/// Pixels of a dash.
const DASH: u32 = 10;

/// The share of values that are at most x, for every x; however many values there were, it is small.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Distribution {
    label: String,
    /// A value, and the share that is at most it.
    steps: Vec<(f64, f64)>,
}

impl Distribution {
    pub(crate) fn of(label: impl Into<String>, mut values: Vec<f32>) -> Self {
        values.sort_unstable_by(f32::total_cmp);
        let mut steps: Vec<(f64, f64)> = Vec::new();
        let mut at_most = 0;
        for same in values.chunk_by(|a, b| a == b) {
            at_most += same.len();
            let share = at_most as f64 / values.len() as f64;
            let risen = share - steps.last().map_or(0.0, |(_, share)| *share);
            if steps.is_empty() || at_most == values.len() || risen * MOST_STEPS as f64 >= 1.0 {
                steps.push((f64::from(same[0]), share));
            }
        }
        Self { label: label.into(), steps }
    }
}

/// A staircase a distribution.
pub(crate) fn distributions(area: &Area, labels: Labels, distributions: &[Distribution]) -> anyhow::Result<()> {
    let plot = legend::beside(area, distributions.iter().map(|distribution| distribution.label.as_str()))?;
    let x = padded(distributions.iter().flat_map(|distribution| &distribution.steps).map(|(value, _)| *value))?;
    let mut chart = chart(&plot, labels, x.clone(), 0.0..1.0, &|y| percent(*y))?;
    for (index, Distribution { steps, .. }) in distributions.iter().enumerate() {
        let mut line = vec![(x.start, 0.0)];
        for (value, share) in steps {
            line.extend([(*value, line[line.len() - 1].1), (*value, *share)]);
        }
        line.push((x.end, 1.0));
        let style = color(index).stroke_width(3);
        // One that is the same as others is dashed over them, half as often as the last, so that all can be seen.
        match distributions[..index].iter().filter(|other| other.steps == *steps).count() {
            0 => chart.draw_series(LineSeries::new(line, style))?,
            same => chart.draw_series(DashedLineSeries::new(line, DASH, DASH * ((1 << same) - 1), style))?,
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plots::svg;

    #[test]
    fn each_step_is_the_share_of_values_that_are_at_most_it() {
        let distribution = Distribution::of("x", vec![2.0, -1.0, 2.0, 5.0]);
        assert_eq!(distribution.steps, [(-1.0, 0.25), (2.0, 0.75), (5.0, 1.0)]);
    }

    #[test]
    fn many_values_make_a_small_plot_from_the_least_to_the_greatest() {
        let distribution = Distribution::of("x", (0..100_000).map(|value| value as f32).collect());
        assert!(distribution.steps.len() <= MOST_STEPS + 2, "{}", distribution.steps.len());
        assert_eq!((distribution.steps[0].0, distribution.steps[distribution.steps.len() - 1]), (0.0, (99_999.0, 1.0)));
    }

    #[test]
    fn the_same_distributions_can_all_be_seen() {
        let labels = Labels { title: "Returns", x: "return", y: "share" };
        let lines = |values: [f32; 8]| {
            let all = values.map(|value| Distribution::of("x", vec![0.0, 1.0, value]));
            let file = svg((900, 420), "Eight", |area| distributions(area, labels, &all)).unwrap();
            let drawn = |index| {
                file.matches(&format!(
                    "{:02X}{:02X}{:02X}\" stroke-width=\"3\"",
                    color(index).0,
                    color(index).1,
                    color(index).2
                ))
                .count()
            };
            [0, 1, 2, 3, 4, 5, 6, 7].map(drawn)
        };
        assert_eq!(lines([2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]), [1; 8]);
        let same = lines([2.0; 8]);
        assert!(same[0] == 1 && same[1] > 30 && same[7] > 0 && same[1..].is_sorted_by(|a, b| a > b), "{same:?}");
    }

    #[test]
    fn a_single_value_can_be_drawn() {
        let labels = Labels { title: "Returns", x: "return", y: "share" };
        let one = [Distribution::of("one", vec![3.0])];
        let file = svg((900, 420), "One", |area| distributions(area, labels, &one)).unwrap();
        assert!(file.contains("100 %") && !file.contains("NaN"));
    }
}
