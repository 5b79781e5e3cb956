//! Files that are there whole or not at all.

use std::io::Write;
use std::path::Path;

use crate::error::AgentError;

/// Writes a file beside its place first, and then moves it there.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), AgentError> {
    let write = |source| AgentError::Write { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // A temporary file is for its owner alone unless said otherwise; this one becomes a file like any other.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut unfinished = builder.tempfile_in(folder).map_err(write)?;
    unfinished.write_all(bytes).map_err(write)?;
    unfinished.as_file().sync_all().map_err(write)?;
    unfinished.persist(path).map_err(|error| write(error.error))?;
    Ok(())
}
