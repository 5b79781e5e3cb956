//! `--plot`: the comparison as one picture.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use daladala_agents::Evaluation;
use daladala_env::info::{Figure, FigureKind};

use crate::files::WholeFile;
use crate::output::grouped;
use crate::plots::{
    Area, Distribution, Estimate, HEADING, Labels, MOST_SERIES, Unit, distributions, intervals, intervals_height, svg,
};

const WIDTH: u32 = 1200;
/// Pixels that the distributions are high.
const DISTRIBUTIONS: u32 = 420;

/// Only what is drawn is kept of the episodes.
pub(super) struct Plot {
    file: WholeFile,
    out: PathBuf,
    returns: Vec<Distribution>,
    means: Vec<Estimate>,
    /// Of the figures that the rules declare, in their order.
    figures: Vec<(Figure, Vec<Estimate>)>,
}

/// Accepts the name of a file that a plot can be.
pub(super) fn path(text: &str) -> Result<PathBuf, &'static str> {
    let path = PathBuf::from(text);
    let svg = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(OsStr::new("svg")));
    if svg { Ok(path) } else { Err("a plot is an SVG file: end its name in .svg") }
}

impl Plot {
    pub(super) fn create(out: &Path, models: usize) -> anyhow::Result<Self> {
        ensure!(models <= MOST_SERIES, "--plot: nobody tells more than {MOST_SERIES} colours apart: name fewer models");
        Ok(Self {
            file: WholeFile::create(out)?,
            out: out.to_owned(),
            returns: Vec::new(),
            means: Vec::new(),
            figures: Vec::new(),
        })
    }

    pub(super) fn add(&mut self, label: &str, returns: Vec<f32>, figures: &Evaluation) {
        let estimate = |value, interval| Estimate { label: label.to_owned(), value, interval };
        self.returns.push(Distribution::of(label, returns));
        self.means.push(estimate(figures.mean_return, figures.return_ci95));
        if self.figures.is_empty() {
            self.figures = figures.figures.iter().map(|one| (one.figure.clone(), Vec::new())).collect();
        }
        for ((_, estimates), one) in self.figures.iter_mut().zip(&figures.figures) {
            estimates.push(estimate(one.mean, one.ci95));
        }
    }

    pub(super) fn finish(mut self, rules: &str, episodes: usize, seed: u64) -> anyhow::Result<()> {
        let heading = format!("{} episodes of {rules} under seed {seed}", grouped(episodes as f64));
        let height = HEADING + DISTRIBUTIONS + self.rows() as u32 * intervals_height(self.means.len());
        let picture = svg((WIDTH, height), &heading, |area| self.draw(area))?;
        let about = || format!("{} cannot be written", self.out.display());
        self.file.write_all(picture.as_bytes()).with_context(about)?;
        self.file.finish()?;
        Ok(())
    }

    fn draw(&self, area: &Area) -> anyhow::Result<()> {
        let (top, rest) = area.split_vertically(DISTRIBUTIONS);
        let labels = Labels {
            title: "Distribution of returns",
            x: "return of an episode (sum of its rewards)",
            y: "episodes with at most this return",
        };
        distributions(&top, labels, &self.returns)?;
        let parts = rest.split_evenly((self.rows(), 2));
        intervals(&parts[0], "Mean return", Unit::Number, "return, with 95 % interval", &self.means)?;
        for (part, (figure, estimates)) in parts[1..].iter().zip(&self.figures) {
            let (unit, axis) = match figure.kind {
                FigureKind::Rate => (Unit::Fraction, "share of episodes, with 95 % interval".to_owned()),
                _ if figure.unit.is_empty() => (Unit::Number, "mean, with 95 % interval".to_owned()),
                _ => (Unit::Number, format!("mean, {}, with 95 % interval", figure.unit)),
            };
            intervals(part, &capitalised(&figure.meaning), unit, &axis, estimates)?;
        }
        Ok(())
    }

    /// Rows of two plots each: the returns and all figures.
    fn rows(&self) -> usize {
        (1 + self.figures.len()).div_ceil(2)
    }
}

fn capitalised(text: &str) -> String {
    let mut signs = text.chars();
    signs.next().map_or_else(String::new, |first| first.to_uppercase().chain(signs).collect())
}
