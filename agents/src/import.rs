//! Models trained elsewhere: Stable-Baselines3's `.zip` and PyTorch's state dicts (`.pth`), read without Python.
//!
//! Both are zip archives around a pickle, and a pickle is a program: it is where such files carry attacks. So the
//! pickle is run by a machine that can build dictionaries and tensors and nothing else, and everything that a file
//! claims (sizes, shapes, offsets) is checked against what is there before memory is taken for it.
//!
//! * `archive`: the zip, within limits; `pickle`: the machine; `torch`: the tensors of a `.pth`;
//! * `layers`: from tensor names to layers and networks; `sb3`: models of Stable-Baselines3, and
//!   `description` what it says about them.

mod archive;
mod description;
mod error;
mod layers;
mod pickle;
mod sb3;
mod torch;

use std::path::Path;

use daladala_env::{RulesInfo, SpecId};

use crate::algorithm::Algorithm;
use crate::checkpoint::Checkpoint;
use crate::files::read;
use crate::network::Activation;
use crate::policy::ensure_fits;
use archive::Archive;
pub use error::{ImportError, ImportFileError};
use torch::TorchFile;

/// The largest file that is read, and the most that is unpacked of it, bytes: hundreds of times the networks used
/// here, and more than a convolutional policy, so that such a one is told what it is.
const MAX_SIZE: u64 = 64 << 20;

/// What a file may leave open.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImportOptions {
    /// The algorithm, where the file does not tell it.
    pub algorithm: Option<Algorithm>,
    /// What follows each hidden layer, where the file does not tell it.
    pub activation: Option<Activation>,
}

/// A model that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The model.
    pub checkpoint: Checkpoint,
    /// What had to be assumed, a sentence each.
    pub notes: Vec<String>,
}

/// Reads a file whose model is to drive by `rules`.
pub fn import(path: &Path, rules: &RulesInfo, options: ImportOptions) -> Result<Imported, ImportFileError> {
    let bytes = read(path, MAX_SIZE)?;
    let failed = |source| ImportFileError::Import { path: path.to_owned(), source };
    let imported = from_bytes(&bytes, &rules.id, options).map_err(failed)?;
    ensure_fits(rules, imported.checkpoint.info.observation_size, imported.checkpoint.info.actions)?;
    Ok(imported)
}

/// The model in the bytes of a file, said to drive by these rules.
pub fn from_bytes(bytes: &[u8], rules: &SpecId, options: ImportOptions) -> Result<Imported, ImportError> {
    let mut archive = Archive::open(bytes)?;
    let imported = if let Some(folder) = sb3::folder(&archive) {
        sb3::import(&mut archive, &folder, rules, options)?
    } else {
        let mut file = TorchFile::open(archive)?;
        let pickled = file.pickle()?;
        layers::import(&mut file, &pickled, rules, options)?
    };
    imported.checkpoint.check().map_err(|error| ImportError::Checkpoint(Box::new(error)))?;
    Ok(imported)
}
