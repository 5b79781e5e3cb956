//! What can go wrong while policies are made.

use std::path::PathBuf;

use daladala_agents::FileError;

/// A training that cannot begin, go on or be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LearningError {
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
    /// Experience from elsewhere that cannot be learnt from.
    #[error("{why}")]
    Fragments {
        /// What is wrong with it.
        why: String,
    },
    /// It was asked to stop in the midst of an evaluation; its update is done.
    #[error("the training was stopped while it was evaluated")]
    Stopped,
    /// A saved training that cannot go on.
    #[error("the training in {path} cannot go on: {why}")]
    Resume {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A file that cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}
