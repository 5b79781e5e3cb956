//! Zip archives that nobody vouches for.
//!
//! How many entries an archive says it has is looked at before memory is taken for them, and all that is unpacked
//! comes out of one budget: neither a bomb nor entries that overlap can make more of a file than that.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;

use super::MAX_SIZE;
use super::error::{ImportError, shown};

/// How a zip archive begins.
const MAGIC: &[u8] = b"PK\x03\x04";
/// How a pickle of PyTorch before 1.6 begins.
const PICKLE_MAGIC: &[u8] = b"\x80\x02";
/// How the end of an archive begins that may have more than 65535 entries, and where the count is in it, bytes.
const END_OF_LARGE: (&[u8], usize) = (b"PK\x06\x06", 32);
/// The most entries: a state dict has one for each tensor and a handful beside them.
const MAX_ENTRIES: u64 = 1024;
/// The most that an entry may unpack to, as a multiple of its size in the archive: text comes to about 20.
const MAX_RATIO: u64 = 100;
/// Entries up to this size, bytes, may be any multiple: zeros, as in fresh biases, pack to next to nothing.
const RATIO_FREE: u64 = 1 << 20;

/// An archive in memory.
pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// What may still be unpacked, bytes.
    budget: u64,
}

impl<'a> Archive<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, ImportError> {
        if !bytes.starts_with(MAGIC) {
            return Err(if bytes.starts_with(PICKLE_MAGIC) { ImportError::OldTorch } else { ImportError::NoArchive });
        }
        few_enough(most_declared(bytes))?;
        // Told that nothing comes before it: the library's guess takes the second of its headers for the first where
        // that is as long as the records at the end, as in PyTorch's files with a name of 21 characters.
        let config = Config { archive_offset: ArchiveOffset::Known(0) };
        let zip = ZipArchive::with_config(config, Cursor::new(bytes)).map_err(|error| damaged(&error))?;
        few_enough(zip.len() as u64)?;
        if zip.has_duplicate_names() {
            return Err(ImportError::Damaged("two entries have the same name".to_owned()));
        }
        Ok(Self { zip, budget: MAX_SIZE })
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.zip.index_for_name(name).is_some()
    }

    /// The names that are UTF-8.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.zip.file_names_raw().filter_map(|name| std::str::from_utf8(name).ok())
    }

    /// Unpacks an entry of no more than `limit` bytes.
    pub(super) fn read(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, ImportError> {
        let entry = match self.zip.by_name(name) {
            Err(ZipError::FileNotFound) => return Err(ImportError::MissingEntry(shown(name))),
            entry => entry.map_err(|error| damaged(&error))?,
        };
        let (size, packed) = (entry.size(), entry.compressed_size());
        if size > RATIO_FREE && size / MAX_RATIO > packed {
            return Err(ImportError::Bomb(shown(name)));
        }
        let limit = limit.min(self.budget);
        if size > limit {
            return Err(ImportError::TooMuch { what: format!("'{}' of {size} bytes", shown(name)), limit });
        }
        self.budget -= size;
        let mut unpacked = Vec::new();
        let read = entry.take(size + 1).read_to_end(&mut unpacked);
        read.map_err(|error| ImportError::Damaged(format!("'{}': {error}", shown(name))))?;
        if unpacked.len() as u64 != size {
            return Err(ImportError::Damaged(format!("'{}' is not as long as it says", shown(name))));
        }
        Ok(unpacked)
    }
}

/// The most entries that any record in the file declares: the library takes memory for as many. Records of the usual
/// kind can declare no more than 65535.
fn most_declared(bytes: &[u8]) -> u64 {
    let (magic, offset) = END_OF_LARGE;
    let ends = bytes.windows(magic.len()).enumerate().filter(|(_, window)| *window == magic);
    let counts = ends.filter_map(|(at, _)| bytes.get(at + offset..)?.first_chunk::<8>());
    counts.map(|count| u64::from_le_bytes(*count)).max().unwrap_or(0)
}

fn few_enough(entries: u64) -> Result<(), ImportError> {
    if entries <= MAX_ENTRIES {
        return Ok(());
    }
    Err(ImportError::TooMuch { what: format!("an archive of {entries} entries"), limit: MAX_ENTRIES })
}

fn damaged(error: &ZipError) -> ImportError {
    ImportError::Damaged(shown(&error.to_string()))
}
