//! The `daladala` program: a thin layer of arguments and printing over the library crates, one file a subcommand.
//! It is a library for the Python package, which brings the program along.
//!
//! Exit codes: 0 done, 2 wrong usage, 1 anything else, with one line on standard error that says what to do.

mod arguments;
mod commands;
mod files;
mod hyperparameters;
mod interrupt;
mod output;
mod plots;
mod runs;
mod settings;

use std::ffi::OsString;
use std::io::ErrorKind;

use clap::error::ErrorKind as UsageErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};
use commands::Command;
pub use commands::record::{FRAME_RATES, Recorded, Recording};
use output::tell;

/// Exit codes.
const DONE: u8 = 0;
const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;

/// Watch, evaluate, train and benchmark agents that drive a Dar es Salaam minibus.
#[derive(Debug, Parser)]
#[command(name = "daladala", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Runs the program with these arguments, its own name first, and returns its exit code.
#[must_use]
pub fn run(arguments: &[OsString]) -> u8 {
    let mut cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    if let Some((subcommand, file)) = cli.command.settings() {
        let settled = settings::as_defaults(Cli::command(), subcommand, file);
        let settled = match settled {
            Ok(command) => command.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches)),
            Err(error) => {
                tell(format_args!("error: {error:#}"));
                return WRONG_USAGE;
            }
        };
        match settled {
            Ok(settled) => cli = settled,
            Err(error) => return usage(&error),
        }
    }
    match cli.command.run() {
        Ok(()) => DONE,
        Err(error) if reader_went_away(&error) => DONE,
        Err(error) => {
            tell(format_args!("error: {error:#}"));
            FAILED
        }
    }
}

/// Help and version as clap prints them, mistakes as one line.
fn usage(error: &clap::Error) -> u8 {
    let asked_for = matches!(error.kind(), UsageErrorKind::DisplayHelp | UsageErrorKind::DisplayVersion);
    if asked_for || error.kind() == UsageErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Nothing is left to do when even that cannot be printed.
        let _ = error.print();
        return if asked_for { DONE } else { WRONG_USAGE };
    }
    let text = error.render().to_string();
    let lines: Vec<_> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    tell(format_args!("{} (--help tells more)", lines.join(" ")));
    WRONG_USAGE
}

/// `daladala … | head` is no mistake.
fn reader_went_away(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(ErrorKind::BrokenPipe)
    })
}
