//! `--plot`: the comparison as one picture.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use daladala_agents::Evaluation;

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
    legal: Vec<Estimate>,
    fined: Vec<Estimate>,
    crashed: Vec<Estimate>,
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
            legal: Vec::new(),
            fined: Vec::new(),
            crashed: Vec::new(),
        })
    }

    pub(super) fn add(&mut self, label: &str, returns: Vec<f32>, figures: &Evaluation) {
        let estimate = |value, interval| Estimate { label: label.to_owned(), value, interval };
        self.returns.push(Distribution::of(label, returns));
        self.means.push(estimate(figures.mean_return, figures.return_ci95));
        self.legal.push(estimate(figures.legal_rate, Some(figures.legal_rate_ci95)));
        self.fined.push(estimate(figures.fine_rate, Some(figures.fine_rate_ci95)));
        self.crashed.push(estimate(figures.crash_rate, Some(figures.crash_rate_ci95)));
    }

    pub(super) fn finish(mut self, rules: &str, episodes: usize, seed: u64) -> anyhow::Result<()> {
        let heading = format!("{} episodes of {rules} under seed {seed}", grouped(episodes as f64));
        let height = HEADING + DISTRIBUTIONS + 2 * intervals_height(self.means.len());
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
        let parts = rest.split_evenly((2, 2));
        intervals(&parts[0], "Mean return", Unit::Number, "return, with 95 % interval", &self.means)?;
        let rates = [
            ("Within legal capacity and never fined", &self.legal),
            ("Fined", &self.fined),
            ("Crashed", &self.crashed),
        ];
        for (part, (title, rates)) in parts[1..].iter().zip(rates) {
            intervals(part, title, Unit::Fraction, "share of episodes, with 95 % interval", rates)?;
        }
        Ok(())
    }
}
