//! What has been driven so far: a line a point, so that an interrupted study loses one point at most.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use daladala_agents::Evaluation;
use daladala_env::SpecId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::files::{ensure_free, write_text};

/// In the folder of a study.
const FILE: &str = "points.jsonl";

/// What a study begins with, and so is not there before it.
const WRITTEN: [&str; 6] = ["models", "results.json", "results.csv", "profit.svg", "frontier.svg", "police.svg"];

/// A mean, and its interval of 95 % confidence.
pub(super) type Estimate = (f64, [f64; 2]);

/// One driver at one value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Point {
    pub(super) driver: String,
    /// A hash of the weights, where they are in a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) weights: Option<String>,
    /// Of the field.
    pub(super) value: f64,
    /// k a trip.
    pub(super) mean_return: f64,
    /// 95 % confidence.
    pub(super) return_ci95: [f64; 2],
    pub(super) mean_length: f64,
    /// The figures of the rules, by name.
    pub(super) figures: BTreeMap<String, Estimate>,
    /// The share of each way to end.
    pub(super) endings: BTreeMap<String, f64>,
}

impl Point {
    pub(super) fn new(driver: &str, weights: Option<String>, value: f64, evaluation: &Evaluation) -> Self {
        let interval = |mean: f64, ci95: Option<[f64; 2]>| ci95.unwrap_or([mean, mean]);
        let figures = evaluation.figures.iter();
        let figures = figures.map(|of| (of.figure.name.clone(), (of.mean, interval(of.mean, of.ci95))));
        Self {
            driver: driver.to_owned(),
            weights,
            value,
            mean_return: evaluation.mean_return,
            return_ci95: interval(evaluation.mean_return, evaluation.return_ci95),
            mean_length: evaluation.mean_length,
            figures: figures.collect(),
            endings: evaluation.endings.iter().map(|share| (share.ending.clone(), share.rate)).collect(),
        }
    }

    pub(super) fn figure(&self, name: &str) -> Option<f64> {
        self.figures.get(name).map(|figure| figure.0)
    }
}

/// What a study has found out so far, in its folder.
pub(super) struct Points<T = Point> {
    path: PathBuf,
    file: File,
    driven: Vec<T>,
}

/// The first line: another study needs another folder.
#[derive(PartialEq, Serialize, Deserialize)]
struct Settings {
    study: String,
    spec: SpecId,
    episodes: usize,
    seed: u64,
}

impl<T: Clone + Serialize + DeserializeOwned> Points<T> {
    /// Those that are there, where the folder holds this study.
    pub(super) fn open(folder: &Path, study: &str, spec: &SpecId, episodes: usize, seed: u64) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let about = || format!("{}", path.display());
        let settings = Settings { study: study.to_owned(), spec: spec.clone(), episodes, seed };
        if !path.exists() {
            ensure_free(folder, &WRITTEN)?;
            write_text(&path, &format!("{}\n", serde_json::to_string(&settings)?))?;
        }
        let text = std::fs::read_to_string(&path).with_context(about)?;
        let is_this = |line: &str| serde_json::from_str::<Settings>(line).is_ok_and(|found| found == settings);
        ensure!(
            text.lines().next().is_some_and(is_this),
            "{} holds another study: name another folder",
            folder.display()
        );
        // The last line may have been cut off.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let driven = text[..whole].lines().skip(1).map(serde_json::from_str).collect::<Result<_, _>>();
        let driven = driven.with_context(|| format!("{} is damaged: name another folder", path.display()))?;
        let file = OpenOptions::new().append(true).open(&path).with_context(about)?;
        file.set_len(whole as u64).with_context(about)?;
        Ok(Self { path, file, driven })
    }

    pub(super) fn find_by(&self, is_it: impl Fn(&T) -> bool) -> Option<&T> {
        self.driven.iter().find(|point| is_it(point))
    }

    /// Writes a point down, and hands it back as it is read again, so that a study says the same to the last digit when it
    /// is asked once more.
    pub(super) fn add(&mut self, point: &T) -> anyhow::Result<T> {
        let about = || format!("{} cannot be written", self.path.display());
        let line = serde_json::to_string(point)?;
        writeln!(self.file, "{line}").with_context(about)?;
        let point: T = serde_json::from_str(&line)?;
        self.driven.push(point.clone());
        Ok(point)
    }
}

impl Points {
    pub(super) fn find(&self, driver: &str, weights: Option<&str>, value: f64) -> Option<&Point> {
        self.find_by(|point| point.driver == driver && point.weights.as_deref() == weights && point.value == value)
    }
}
