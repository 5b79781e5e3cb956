//! Why there is no policy of a name.

use crate::checkpoint::CheckpointError;
#[cfg(feature = "files")]
use crate::checkpoint::LoadError;
use crate::device::DeviceError;
use crate::policy::WrongSpaces;

/// A policy that cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// Neither a built-in name nor a file.
    #[error("there is no model '{name}' for '{rules}': name one of {known}, or the path of a .safetensors file")]
    UnknownModel {
        /// What was asked for.
        name: String,
        /// The rules that it was to drive by.
        rules: String,
        /// The names there are.
        known: String,
    },
    /// A weights file that cannot be used.
    #[cfg(feature = "files")]
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Weights that are no model.
    #[error("'{name}' is no model")]
    Checkpoint {
        /// What was asked for.
        name: String,
        /// Why.
        source: CheckpointError,
    },
    /// A model made for other rules.
    #[error("the model was trained on the rules '{trained_on}', not on '{rules}'")]
    OtherRules {
        /// The rules it was trained on.
        trained_on: String,
        /// The rules it was to drive by.
        rules: String,
    },
    /// A driver whose outputs are no logits, asked to sample.
    #[error("'{name}' has no action probabilities to sample from: leave --sampled out")]
    NothingToSample {
        /// What was asked for.
        name: String,
    },
    /// A model made for other observations or actions.
    #[error(transparent)]
    WrongSpaces(#[from] WrongSpaces),
    /// A device that networks cannot be computed on.
    #[error(transparent)]
    Device(#[from] DeviceError),
}
