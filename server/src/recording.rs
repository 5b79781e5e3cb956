//! Recordings: the frames of a room in a file, and back.
//!
//! A file is only ever added to, and each record carries its length and checksum, so what was written before the
//! program was killed can be read.

mod file;
mod recorder;

use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use daladala_protocol::{Code, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use file::Reader;
pub use file::{Header, RecordingError};
pub(crate) use recorder::{Recorder, Written};

/// The extension of recordings.
const EXTENSION: &str = "dalarec";

/// The longest name.
const MAX_NAME_CHARS: usize = 64;

/// The folder of recordings.
#[derive(Debug, Clone)]
pub(crate) struct Recordings {
    folder: PathBuf,
}

/// A recording in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RecordingSummary {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) created: u64,
    /// It is being written or played, and can't be removed.
    pub(crate) in_use: bool,
}

impl Recordings {
    /// Recordings in `folder`, which is made if it is missing.
    pub(crate) fn in_folder(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where the recording of a name is, or would be: never outside of the folder.
    pub(crate) fn path(&self, name: &str) -> Result<PathBuf, Refusal> {
        let allowed = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
        if name.is_empty() || name.len() > MAX_NAME_CHARS || !name.chars().all(allowed) {
            let message = format!("a recording's name has 1 to {MAX_NAME_CHARS} of a-z, 0-9 and -");
            return Err(Refusal::invalid(message));
        }
        Ok(self.folder.join(name).with_extension(EXTENSION))
    }

    /// The path of a recording that exists.
    pub(crate) fn find(&self, name: &str) -> Result<PathBuf, Refusal> {
        let path = self.path(name)?;
        if path.is_file() {
            Ok(path)
        } else {
            Err(Refusal::new(Code::NotFound, format!("there is no recording '{name}'")))
        }
    }

    /// Removes a recording that exists.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Refusal> {
        let path = self.find(name)?;
        std::fs::remove_file(&path).map_err(|error| {
            tracing::error!(%error, ?path, "a recording cannot be removed");
            Refusal::internal()
        })
    }

    /// What there is, by name.
    pub(crate) fn list(&self) -> io::Result<Vec<RecordingSummary>> {
        let mut list = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
            let (Some(name), true) = (name, path.extension().is_some_and(|extension| extension == EXTENSION)) else {
                continue;
            };
            // It may be gone since it was listed.
            let Ok(metadata) = path.metadata() else { continue };
            let made = metadata.created().or_else(|_| metadata.modified()).unwrap_or(UNIX_EPOCH);
            let created = made.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
            list.push(RecordingSummary { name, bytes: metadata.len(), created, in_use: false });
        }
        list.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(list)
    }
}
