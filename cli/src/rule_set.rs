//! The rule sets that can be named.

use clap::ValueEnum;

/// A rule set by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RuleSet {
    /// The rules of the original environment.
    #[default]
    Classic,
}
