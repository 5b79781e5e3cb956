//! `--csv`: every episode, a row each, written while they are driven.

use std::path::{Path, PathBuf};

use anyhow::Context;
use daladala_agents::EvaluatedEpisode;
use serde::Serialize;

use crate::files::WholeFile;

pub(super) struct EpisodeFile {
    out: PathBuf,
    seed: u64,
    rows: csv::Writer<WholeFile>,
}

/// `episode` is the index of the environment under the seed that it is the first episode of.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "columns of a table")]
struct Row<'a> {
    model: &'a str,
    seed: u64,
    episode: usize,
    #[serde(rename = "return")]
    episode_return: f32,
    best_return: Option<f32>,
    regret: Option<f32>,
    length: u32,
    passengers: u32,
    money: i64,
    legal: bool,
    fined: bool,
    crashed: bool,
    terminated: bool,
    truncated: bool,
}

impl EpisodeFile {
    pub(super) fn create(out: &Path, seed: u64) -> anyhow::Result<Self> {
        Ok(Self { out: out.to_owned(), seed, rows: csv::Writer::from_writer(WholeFile::create(out)?) })
    }

    pub(super) fn write(&mut self, model: &str, index: usize, episode: &EvaluatedEpisode) -> anyhow::Result<()> {
        let stats = &episode.stats;
        let row = Row {
            model,
            seed: self.seed,
            episode: index,
            episode_return: stats.episode_return,
            best_return: episode.best_return,
            regret: episode.regret().map(|regret| regret as f32),
            length: stats.length,
            passengers: stats.outcome.passengers,
            money: stats.outcome.money,
            legal: stats.outcome.legal,
            fined: stats.outcome.fined,
            crashed: stats.outcome.crashed,
            terminated: episode.terminated,
            truncated: episode.truncated,
        };
        self.rows.serialize(row).with_context(|| format!("{} cannot be written", self.out.display()))
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        let file = self.rows.into_inner().map_err(csv::IntoInnerError::into_error);
        file.with_context(|| format!("{} cannot be written", self.out.display()))?.finish()?;
        Ok(())
    }
}
