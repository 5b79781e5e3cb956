//! The `daladala` program: a thin layer of arguments and printing over the library crates, one file a subcommand.
//! It is a library for the Python package, which brings the program along.
//!
//! Exit codes: 0 done, 2 wrong usage, 1 anything else, with one line on standard error that says what to do.

mod arguments;
mod commands;
mod files;
mod hyperparameters;
mod interrupt;
mod log_limit;
mod memory;
mod numbers;
mod output;
mod plots;
mod runs;
mod settings;
mod threads;

use std::ffi::OsString;
use std::io::ErrorKind;

use clap::error::ErrorKind as UsageErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};
use commands::Command;
pub use commands::record::{FRAME_RATES, Recorded, Recording};
use daladala_env::instruction_set;
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

/// Runs the program with these arguments, its own name first, and returns its exit code. `commit` is what it was built of,
/// where that is known.
#[must_use]
pub fn run(arguments: &[OsString], commit: Option<&str>) -> u8 {
    threads::bound();
    let program = settings::without_empty_variables(program(commit));
    let parsed = |program: clap::Command| {
        program.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches))
    };
    let mut cli = match parsed(program.clone()) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, arguments),
    };
    if let Some((subcommand, file)) = cli.command.settings() {
        let settled = settings::as_defaults(program.clone(), subcommand, file);
        let settled = match settled {
            Ok(program) => parsed(program),
            Err(error) => {
                tell(format_args!("error: {error:#}"));
                return WRONG_USAGE;
            }
        };
        match settled {
            Ok(settled) => cli = settled,
            Err(error) => return usage(&error, arguments),
        }
    }
    match cli.command.run(program) {
        Ok(()) => DONE,
        Err(error) if reader_went_away(&error) => DONE,
        Err(error) => {
            // A name of a file may have a line break in it; an error is one line.
            tell(format_args!("error: {}", format!("{error:#}").replace(['\n', '\r'], " ")));
            FAILED
        }
    }
}

/// The program as arguments are parsed by. `--version` tells all that a report of a fault or of a speed needs.
fn program(commit: Option<&str>) -> clap::Command {
    let commit = commit.filter(|commit| !commit.is_empty()).map(|commit| format!("commit {commit}, "));
    let (machine, system) = (std::env::consts::ARCH, std::env::consts::OS);
    let version = env!("CARGO_PKG_VERSION");
    let built = format!("{version} ({}{machine} {system}, {})", commit.unwrap_or_default(), instruction_set());
    Cli::command().long_version(built)
}

/// Help and version as clap prints them, mistakes as one line.
fn usage(error: &clap::Error, arguments: &[OsString]) -> u8 {
    let asked_for = matches!(error.kind(), UsageErrorKind::DisplayHelp | UsageErrorKind::DisplayVersion);
    if asked_for || error.kind() == UsageErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Nothing is left to do when even that cannot be printed.
        let _ = error.print();
        return if asked_for { DONE } else { WRONG_USAGE };
    }
    let text = error.render().to_string();
    // What follows is how the command is used, which is more than a line.
    let lines =
        text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage: ") && !line.starts_with("For more"));
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    let variable = settings::variable_of(error, &Cli::command(), arguments);
    let variable = variable.map_or_else(String::new, |name| format!(", from the variable {name}"));
    tell(format_args!("{}{variable} (--help tells more)", lines.join(" ").replace(" tip: ", "; ")));
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
