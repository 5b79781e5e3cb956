//! Hyperparameters: the defaults, a TOML file over them, and single ones over that.

use std::path::Path;

use anyhow::{Context, anyhow};
use daladala_learning::TrainConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::Table;

use crate::files::read_text;

/// The defaults of `config` with those of a file and of `key=value` pairs.
pub(crate) fn merged(config: &TrainConfig, file: Option<&Path>, set: &[String]) -> anyhow::Result<TrainConfig> {
    let mut over = file.map(read).transpose()?.unwrap_or_default();
    for pair in set {
        over.extend(assignment(pair)?);
    }
    with(config, over)
}

/// Those of `config`, with `over` in place of what it names.
pub(crate) fn with(config: &TrainConfig, over: Table) -> anyhow::Result<TrainConfig> {
    let config = match config {
        TrainConfig::Dqn(config) => TrainConfig::Dqn(laid_over(config, over)?),
        TrainConfig::Ppo(config) => TrainConfig::Ppo(laid_over(config, over)?),
        TrainConfig::PpoLagrangian(config) => TrainConfig::PpoLagrangian(laid_over(config, over)?),
        TrainConfig::A2c(config) => TrainConfig::A2c(laid_over(config, over)?),
        TrainConfig::Reinforce(config) => TrainConfig::Reinforce(laid_over(config, over)?),
    };
    config.check().map_err(|why| anyhow!("hyperparameters: {why}"))?;
    Ok(config)
}

/// As TOML, to be changed and read again.
pub(crate) fn as_toml(config: &TrainConfig) -> anyhow::Result<String> {
    Ok(match config {
        TrainConfig::Dqn(config) => toml::to_string(config),
        TrainConfig::Ppo(config) | TrainConfig::PpoLagrangian(config) => toml::to_string(config),
        TrainConfig::A2c(config) => toml::to_string(config),
        TrainConfig::Reinforce(config) => toml::to_string(config),
    }?)
}

/// `key=value`, as in TOML, but that a text needs no quotes: a shell takes them away.
fn assignment(pair: &str) -> anyhow::Result<Table> {
    pair.parse().or_else(|error| {
        let (key, text) = pair.split_once('=').unwrap_or_default();
        let is_word = !text.is_empty() && text.chars().all(|sign| sign.is_ascii_alphabetic());
        let quoted = if is_word { format!("{key}=\"{text}\"").parse().ok() } else { None };
        quoted.ok_or_else(|| anyhow!("--set {pair}: {}", one_line(&error)))
    })
}

/// A TOML file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Table> {
    let text = read_text(path).with_context(|| format!("{}", path.display()))?;
    text.parse().map_err(|error: toml::de::Error| anyhow!("{}: {}", path.display(), one_line(&error)))
}

fn laid_over<T: Serialize + DeserializeOwned>(config: &T, over: Table) -> anyhow::Result<T> {
    let mut table = Table::try_from(config)?;
    // One after the other, so that it can be said which of them is wrong.
    for (key, value) in over {
        table.insert(key.clone(), value);
        let taken: Result<T, _> = table.clone().try_into();
        taken.map_err(|error| anyhow!("hyperparameters: {key}: {}", one_line(&error)))?;
    }
    Ok(table.try_into()?)
}

/// What is wrong, without the picture of the place.
fn one_line(error: &toml::de::Error) -> String {
    error.message().replace('\n', " ")
}
