//! What the server writes on standard error while it runs.

use std::env::VarError;
use std::io::IsTerminal;

use anyhow::{Context, bail};
use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::log_limit::LogLimit;

/// What is logged, in the words of `tracing_subscriber`.
const VARIABLE: &str = "RUST_LOG";

/// What is logged where nothing else is said: what somebody should look at.
const DEFAULT: &str = "warn";

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// A line for people, with colours on a terminal.
    Text,
    /// One JSON object a line: timestamp, level, target, fields.
    Json,
}

/// Begins to log, with a limit to what others can make the log say.
pub(super) fn begin(format: LogFormat) -> anyhow::Result<LogLimit> {
    let limit = LogLimit::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter()?)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        // It would tell on standard error that standard error is gone, and panic.
        .log_internal_errors(false);
    match format {
        LogFormat::Text => subscriber.finish().with(limit.clone()).init(),
        LogFormat::Json => subscriber.json().finish().with(limit.clone()).init(),
    }
    Ok(limit)
}

fn filter() -> anyhow::Result<EnvFilter> {
    let said = match std::env::var(VARIABLE) {
        Ok(said) if !said.trim().is_empty() => said,
        Ok(_) | Err(VarError::NotPresent) => DEFAULT.to_owned(),
        Err(VarError::NotUnicode(_)) => bail!("{VARIABLE} is no text"),
    };
    EnvFilter::try_new(&said).with_context(|| format!("{VARIABLE}={said}"))
}
