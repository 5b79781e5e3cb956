//! What can go wrong between a name on the command line and a policy that acts.

use std::path::PathBuf;

use crate::device::DeviceKind;
use crate::import::ImportError;

/// An agent that cannot be had.
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
    /// A file that cannot be read.
    #[error("{path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that cannot be written.
    #[error("{path} cannot be written")]
    Write {
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
    /// A file of Stable-Baselines3 or PyTorch that no model can be made of.
    #[error("{path} cannot be imported")]
    Import {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ImportError,
    },
    /// Hyperparameters that nothing can be trained with.
    #[error("hyperparameters: {why}")]
    Hyperparameters {
        /// What is wrong with them.
        why: String,
    },
    /// Weights that have become infinite or NaN.
    #[error(
        "the training diverged within {steps} steps, its weights are no numbers any more: try a lower learning_rate"
    )]
    Diverged {
        /// Environment steps until it was seen.
        steps: u64,
    },
    /// A saved training that cannot go on.
    #[error("the training in {path} cannot go on: {why}")]
    Resume {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
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
    /// A device that the program was built without.
    #[error("this program was built without {device}: `cargo build --release --features {device}` builds it with it")]
    DeviceNotBuiltIn {
        /// What was asked for.
        device: DeviceKind,
    },
    /// A device that this machine does not have, or that does not work.
    #[error("no network can be computed on {device} here: {reason}")]
    NoDevice {
        /// What was asked for.
        device: DeviceKind,
        /// Why not.
        reason: String,
    },
    /// A model made for other observations or actions.
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
    /// A folder, a pipe or a device.
    #[error("it is no regular file")]
    NoFile,
    /// Larger than any model here.
    #[error("the file is larger than any model of ours")]
    TooLarge,
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
}
