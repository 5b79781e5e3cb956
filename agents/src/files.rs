//! Files that are read within a limit, and written whole or not at all.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It cannot be read.
    #[error("{path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot be written.
    #[error("{path} cannot be written")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder, a pipe or a device.
    #[error("{path} is no regular file")]
    NotRegular {
        /// What it is called.
        path: PathBuf,
    },
    /// Larger than anything that is meant to be read.
    #[error("{path} is larger than {limit} bytes, more than any file of its kind")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read, bytes.
        limit: u64,
    },
}

/// The bytes of a regular file that has no more than `limit` of them.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let failed = |source| FileError::Read { path: path.to_owned(), source };
    // Asked before it is opened: opening a pipe would wait for a writer.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(FileError::NotRegular { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// Writes a file beside its place first, and then moves it there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let write = |source| FileError::Write { path: path.to_owned(), source };
    let mut file = unfinished(path).map_err(write)?;
    file.write_all(bytes).map_err(write)?;
    file.as_file().sync_all().map_err(write)?;
    file.persist(path).map_err(|error| write(error.error))?;
    Ok(())
}

/// How the name of a file ends that is being written.
const UNFINISHED: &str = ".unfinished";

/// Characters of a file's name that are in the name of its unfinished one, which has more in it and may not be too long.
const NAME_CHARS: usize = 40;

/// A new file beside `path`, which is to become it. What processes that were killed have left of it is removed.
pub fn unfinished(path: &Path) -> std::io::Result<NamedTempFile> {
    let (folder, prefix) = (folder_of(path), prefix_of(path));
    remove_left_over(folder, &prefix);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(UNFINISHED);
    // A temporary file is for its owner alone unless said otherwise; this one becomes a file like any other.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let file = builder.tempfile_in(folder)?;
    // As long as it is open, nobody takes it for left over. Some file systems have no locks.
    _ = file.as_file().try_lock();
    Ok(file)
}

/// Removes all unfinished files in `folder` whose processes were killed.
pub fn remove_unfinished(folder: &Path) {
    remove_left_over(folder, ".");
}

/// What cannot be removed is in nobody's way.
fn remove_left_over(folder: &Path, prefix: &str) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_unfinished = name.to_str().is_some_and(|name| name.starts_with(prefix) && name.ends_with(UNFINISHED));
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_unfinished && is_file && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            _ = std::fs::remove_file(entry.path());
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn prefix_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{}.", name.chars().take(NAME_CHARS).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("a folder").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// A file that a process was writing when it was killed.
    fn leave(path: &Path) {
        let mut file = unfinished(path).expect("a file");
        file.write_all(b"half").expect("written");
        _ = file.keep().expect("kept");
    }

    #[test]
    fn what_a_killed_process_has_left_goes_when_the_file_is_written_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        leave(&path("model.safetensors"));
        leave(&path("other.safetensors"));
        std::fs::write(path(".mine.unfinished.txt"), b"").expect("written");
        assert_eq!(names(folder.path()).len(), 3);
        write_whole(&path("model.safetensors"), b"whole").expect("written");
        let left = names(folder.path());
        assert_eq!(left.len(), 3, "{left:?}");
        assert!(left.iter().any(|name| name.starts_with(".other.safetensors.")), "it is of another file: {left:?}");
        remove_unfinished(folder.path());
        assert_eq!(names(folder.path()), [".mine.unfinished.txt", "model.safetensors"]);
    }

    #[test]
    fn what_somebody_is_writing_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model.safetensors");
        let mut first = unfinished(&path).expect("a file");
        first.write_all(b"first").expect("written");
        write_whole(&path, b"second").expect("written");
        remove_unfinished(folder.path());
        first.persist(&path).expect("it is still there");
        assert_eq!(std::fs::read(&path).expect("read"), b"first");
    }

    #[test]
    fn names_as_long_as_they_may_be_can_be_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("\u{1f68c}".repeat(63));
        write_whole(&path, b"whole").expect("written");
    }
}
