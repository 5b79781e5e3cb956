//! `--csv`: every episode, a row each, written while they are driven.

use std::path::{Path, PathBuf};

use anyhow::Context;
use daladala_agents::EvaluatedEpisode;
use daladala_env::RulesInfo;

use crate::files::WholeFile;

pub(super) struct EpisodeFile {
    out: PathBuf,
    seed: u64,
    rows: csv::Writer<WholeFile>,
    endings: Vec<String>,
}

/// The columns before the figures that the rules declare; `episode` is the index of the environment under the seed that
/// it is the first episode of.
const FIRST: [&str; 7] = ["model", "seed", "episode", "return", "best_return", "regret", "length"];
/// The columns after them.
const LAST: [&str; 3] = ["terminated", "truncated", "ending"];

impl EpisodeFile {
    pub(super) fn create(out: &Path, seed: u64, info: &RulesInfo) -> anyhow::Result<Self> {
        let mut rows = csv::Writer::from_writer(WholeFile::create(out)?);
        let figures = info.figures.iter().map(|figure| figure.name.as_str());
        rows.write_record(FIRST.into_iter().chain(figures).chain(LAST))?;
        let endings = info.endings.iter().map(|ending| ending.name.clone()).collect();
        Ok(Self { out: out.to_owned(), seed, rows, endings })
    }

    pub(super) fn write(&mut self, model: &str, index: usize, episode: &EvaluatedEpisode) -> anyhow::Result<()> {
        let stats = &episode.stats;
        let first = (model, self.seed, index, stats.episode_return, episode.best_return);
        let regret = episode.regret().map(|regret| regret as f32);
        let ending = &self.endings[usize::from(stats.ending)];
        // Whole numbers without a point: most figures are counts.
        let figures: Vec<String> = stats.figures.iter().map(ToString::to_string).collect();
        let row = (first, regret, stats.length, figures, episode.terminated, episode.truncated, ending);
        self.rows.serialize(row).with_context(|| format!("{} cannot be written", self.out.display()))
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        let file = self.rows.into_inner().map_err(csv::IntoInnerError::into_error);
        file.with_context(|| format!("{} cannot be written", self.out.display()))?.finish()?;
        Ok(())
    }
}
