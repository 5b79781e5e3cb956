//! What can go wrong between a name on the command line and a policy that acts.

use std::path::PathBuf;

/// An agent that cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// Neither a built-in name nor a file.
    #[error("there is no model '{name}': name one of {known}, or the path of a .safetensors file")]
    UnknownModel {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A file that cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
