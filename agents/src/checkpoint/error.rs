//! Why there is no checkpoint in some bytes, or in a file.

#[cfg(feature = "files")]
use std::path::PathBuf;

#[cfg(feature = "files")]
use crate::files::FileError;

/// Why bytes are no checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// A zip archive or a pickle, as Stable-Baselines3 and PyTorch write them.
    #[error(
        "it looks like a file of Stable-Baselines3 or PyTorch: `daladala import FILE --out MODEL.safetensors` makes a model of it"
    )]
    NeedsImport,
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
    /// A network whose outputs may be infinite.
    #[error("the weights of '{0}' are so large that its outputs may be infinite, which no action can be chosen by")]
    Overflow(String),
}

/// A file that no checkpoint can be read from.
#[cfg(feature = "files")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// What is in it is no checkpoint of ours.
    #[error("{path} is no model")]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CheckpointError,
    },
}
