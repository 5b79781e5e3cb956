//! Why a file is not imported, and what to do about it.

use std::path::PathBuf;

use crate::algorithm::Algorithm;
use crate::checkpoint::CheckpointError;
use crate::files::FileError;
use crate::network::MAX_LAYERS;
use crate::policy::WrongSpaces;

/// Characters of a file's own text that are shown.
const SHOWN: usize = 80;

/// Why a file is no model that can be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Neither a zip archive nor anything else that is known.
    #[error(
        "it is no zip archive: give a Stable-Baselines3 .zip or the .pth of `torch.save(model.state_dict(), path)`"
    )]
    NoArchive,
    /// A zip archive of something else.
    #[error("it is a zip archive, but neither of Stable-Baselines3 nor of PyTorch: '{0}' is missing")]
    MissingEntry(String),
    /// A bare pickle, as PyTorch wrote before 1.6.
    #[error("it is in PyTorch's old format: load it there and `torch.save` it again with PyTorch 1.6 or newer")]
    OldTorch,
    /// A compiled module.
    #[error("it is a TorchScript module: save its weights with `torch.save(module.state_dict(), path)`")]
    TorchScript,
    /// Stable-Baselines 2.
    #[error("it is of Stable-Baselines 2, which is on TensorFlow: only Stable-Baselines3 can be imported")]
    StableBaselines2,
    /// An archive that is damaged.
    #[error("the zip archive is damaged or of an unknown kind ({0})")]
    Damaged(String),
    /// More than any model of ours.
    #[error("{what} is more than the {limit} that a model may have")]
    TooMuch {
        /// What there is too much of.
        what: String,
        /// How much there may be.
        limit: u64,
    },
    /// An entry that unpacks to far more than it is.
    #[error("'{0}' unpacks to far more than weights do: it may be a zip bomb")]
    Bomb(String),
    /// A pickle that would make something else than tensors.
    #[error("the pickle wants '{0}', which no state dict needs: save `model.state_dict()`, and only that")]
    Global(String),
    /// A pickle that does what state dicts do not.
    #[error("the pickle is damaged or no state dict: {0}")]
    Pickle(String),
    /// Metadata of Stable-Baselines3 that makes no sense.
    #[error("the metadata of Stable-Baselines3 cannot be read ({0})")]
    Metadata(String),
    /// A tensor that does not fit.
    #[error("tensor '{name}' {problem}")]
    Tensor {
        /// Its name.
        name: String,
        /// What is the matter with it.
        problem: String,
    },
    /// A model of another kind.
    #[error("it is {0}: only perceptrons that take numbers and choose among actions can be imported")]
    Unsupported(String),
    /// Something else was asked for than the file says.
    #[error("{0}")]
    Contradiction(String),
    /// What was read makes no model.
    #[error(transparent)]
    Checkpoint(Box<CheckpointError>),
}

impl ImportError {
    pub(super) fn tensor(name: &str, problem: impl Into<String>) -> Self {
        Self::Tensor { name: shown(name), problem: problem.into() }
    }

    pub(super) fn pickle(problem: impl Into<String>) -> Self {
        Self::Pickle(problem.into())
    }

    pub(super) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported(what.into())
    }

    pub(super) fn other_algorithm(asked: Algorithm, found: &str) -> Self {
        Self::Contradiction(format!("--algo says {asked}, the file holds {found}: leave --algo out"))
    }

    pub(super) fn too_many_layers(count: usize) -> Self {
        Self::TooMuch { what: format!("{count} layers"), limit: MAX_LAYERS as u64 }
    }
}

/// Text from a file, fit for a line of a terminal.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// A file that no model can be made of.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportFileError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// What is in it is no model that can be imported.
    #[error("{path} cannot be imported")]
    Import {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ImportError,
    },
    /// It sees or does other things than the rules have.
    #[error(transparent)]
    WrongSpaces(#[from] WrongSpaces),
}
