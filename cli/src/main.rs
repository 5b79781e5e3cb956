//! The `daladala` program: a thin layer of arguments and printing over the library crates, one file a subcommand.
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

use std::io::ErrorKind;
use std::process::ExitCode;

use clap::error::ErrorKind as UsageErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};
use commands::Command;
use output::tell;

/// Training makes and drops thousands of tensors a second, which the C library's allocator gives back to the system and
/// asks for again: a third of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Watch, evaluate, train and benchmark agents that drive a Dar es Salaam minibus.
#[derive(Debug, Parser)]
#[command(name = "daladala", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let mut cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    if let Some((subcommand, file)) = cli.command.settings() {
        let settled = settings::as_defaults(Cli::command(), subcommand, file);
        let settled = match settled {
            Ok(command) => command.try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches)),
            Err(error) => {
                tell(format_args!("error: {error:#}"));
                return ExitCode::from(2);
            }
        };
        match settled {
            Ok(settled) => cli = settled,
            Err(error) => return usage(&error),
        }
    }
    match cli.command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if reader_went_away(&error) => ExitCode::SUCCESS,
        Err(error) => {
            tell(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Help and version as clap prints them, mistakes as one line.
fn usage(error: &clap::Error) -> ExitCode {
    let asked_for = matches!(error.kind(), UsageErrorKind::DisplayHelp | UsageErrorKind::DisplayVersion);
    if asked_for || error.kind() == UsageErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Nothing is left to do when even that cannot be printed.
        let _ = error.print();
        return if asked_for { ExitCode::SUCCESS } else { ExitCode::from(2) };
    }
    let text = error.render().to_string();
    let lines: Vec<_> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    tell(format_args!("{} (--help tells more)", lines.join(" ")));
    ExitCode::from(2)
}

/// `daladala … | head` is no mistake.
fn reader_went_away(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(ErrorKind::BrokenPipe)
    })
}
