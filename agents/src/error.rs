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
    #[error("{path} cannot be read or written")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is no checkpoint of ours.
    #[error("{path} is no model")]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CheckpointError,
    },
    /// A model made for other rules.
    #[error(
        "the model takes {model_observation} numbers and has {model_actions} actions, the rules '{rules}' have {observation} and {actions}"
    )]
    WrongSpaces {
        /// The rules.
        rules: String,
        /// Entries of the model's observation.
        model_observation: usize,
        /// Actions of the model.
        model_actions: usize,
        /// Entries of the rules' observation.
        observation: usize,
        /// Actions of the rules.
        actions: usize,
    },
}

/// Why bytes are no checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Larger than any model here.
    #[error("the file has {0} bytes, more than any model of ours")]
    TooLarge(u64),
    /// No safetensors, or cut short.
    #[error("the file is damaged or no safetensors file ({0})")]
    Damaged(String),
    /// Metadata that is missing or makes no sense.
    #[error("metadata: {0}")]
    Metadata(String),
    /// A tensor that is not there.
    #[error("tensor '{0}' is missing")]
    MissingTensor(String),
    /// A tensor of another type or shape.
    #[error("tensor '{name}' is {found}, needed is {needed}")]
    WrongTensor {
        /// Its name.
        name: String,
        /// What it is.
        found: String,
        /// What it should be.
        needed: String,
    },
    /// A tensor with infinities or NaN.
    #[error("tensor '{0}' holds numbers that are not finite")]
    NotFinite(String),
}
