//! The subcommands.

mod bench;
mod completions;
mod eval;
mod import;
mod models;
mod predict;
pub(crate) mod record;
mod scenarios;
mod serve;
mod study;
mod sweep;
mod token;
mod trace;
mod train;

use std::path::Path;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch an agent drive, live, in a browser.
    Serve(Box<serve::Args>),
    /// Make a token that lets its bearer watch or drive a server.
    Token(token::Args),
    /// Drive many episodes without a viewer and report the figures.
    Eval(eval::Args),
    /// Train an agent and save its weights.
    Train(train::Args),
    /// Train over many configurations and seeds, several at a time, and compare.
    Sweep(sweep::Args),
    /// Ask what enforcement does to driving, under the rules city.
    #[command(subcommand)]
    Study(study::Study),
    /// Make a model of a file of Stable-Baselines3 (.zip) or PyTorch (.pth).
    Import(import::Args),
    /// Draw episodes as an animation or a picture, or write them down frame by frame.
    Record(record::Args),
    /// Read observations, one JSON array a line, and write what a model does with each.
    Predict(predict::Args),
    /// Read episodes to act out, one JSON object a line, and write what happens in each.
    Trace(trace::Args),
    /// Measure throughput.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// List the models that can be named.
    Models(models::Args),
    /// List the scenarios of the rules, or print one.
    Scenarios(scenarios::Args),
    /// Write a script that lets a shell complete commands.
    Completions(completions::Args),
}

impl Command {
    /// The subcommand's name and the file of its settings, if it has one.
    pub(crate) fn settings(&self) -> Option<(&'static str, &Path)> {
        match self {
            Self::Serve(args) => Some(("serve", args.config.as_deref()?)),
            _ => None,
        }
    }

    /// `program` is what the arguments were parsed by.
    pub(crate) fn run(self, program: clap::Command) -> anyhow::Result<()> {
        match self {
            Self::Serve(args) => args.run(),
            Self::Token(args) => args.run(),
            Self::Eval(args) => args.run(),
            Self::Train(args) => args.run(),
            Self::Sweep(args) => args.run(),
            Self::Study(study) => study.run(),
            Self::Import(args) => args.run(),
            Self::Record(args) => args.run(),
            Self::Predict(args) => args.run(),
            Self::Trace(args) => args.run(),
            Self::Bench(bench) => bench.run(),
            Self::Models(args) => args.run(),
            Self::Scenarios(args) => args.run(),
            Self::Completions(args) => args.run(program),
        }
    }
}
