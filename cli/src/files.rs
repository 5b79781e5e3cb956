//! Files that the program writes.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use daladala_agents::files::unfinished;
use tempfile::NamedTempFile;

/// Better to hear it before the work than after.
pub(crate) fn ensure_writable(out: &Path) -> anyhow::Result<()> {
    ensure!(!out.is_dir(), "{} is a folder: name a file in it", out.display());
    ensure!(!out.exists() || out.is_file(), "{} is no regular file", out.display());
    ensure!(!out.is_symlink(), "{} is a symbolic link: name what it points to", out.display());
    let folder = folder_of(out);
    let metadata = folder.metadata().with_context(|| format!("{}", folder.display()))?;
    ensure!(metadata.is_dir(), "{} is no folder", folder.display());
    tempfile::tempfile_in(folder).with_context(|| format!("{} cannot be written to", folder.display()))?;
    Ok(())
}

/// The same for one file that is named in two ways, also before it is there.
pub(crate) fn place(path: &Path) -> PathBuf {
    let folder = folder_of(path).canonicalize().unwrap_or_else(|_| folder_of(path).to_owned());
    path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name))
}

/// A file that is there whole or not at all: written beside its place, and moved into it by [`WholeFile::finish`].
pub(crate) struct WholeFile {
    out: PathBuf,
    unfinished: BufWriter<NamedTempFile>,
}

impl WholeFile {
    pub(crate) fn create(out: &Path) -> anyhow::Result<Self> {
        ensure_writable(out)?;
        let unfinished = unfinished(out).with_context(|| format!("{}", out.display()))?;
        Ok(Self { out: out.to_owned(), unfinished: BufWriter::new(unfinished) })
    }

    /// How many bytes it has.
    pub(crate) fn finish(self) -> anyhow::Result<u64> {
        let about = || format!("{} cannot be written", self.out.display());
        let unfinished =
            self.unfinished.into_inner().map_err(std::io::IntoInnerError::into_error).with_context(about)?;
        unfinished.as_file().sync_all().with_context(about)?;
        let file: File = unfinished.persist(&self.out).map_err(|error| error.error).with_context(about)?;
        Ok(file.metadata().with_context(about)?.len())
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.unfinished.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.unfinished.flush()
    }
}

/// The largest text that is read, bytes: a thousand times what a scenario or a grid needs.
const LARGEST_TEXT: u64 = 4 << 20;

/// A text file that people write. A pipe will do; what never ends will not.
pub(crate) fn read_text(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(LARGEST_TEXT + 1).read_to_string(&mut text)?;
    ensure!(read as u64 <= LARGEST_TEXT, "it has more than {LARGEST_TEXT} bytes");
    Ok(text)
}

/// An error where one of `names` is in `folder`, which is not ours: nothing of anybody's is written over.
pub(crate) fn ensure_free(folder: &Path, names: &[&str]) -> anyhow::Result<()> {
    match names.iter().find(|name| folder.join(name).exists()) {
        Some(name) => bail!("{} holds {name} of something else: name another folder", folder.display()),
        None => Ok(()),
    }
}

/// Writes a text file, whole or not at all.
pub(crate) fn write_text(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = WholeFile::create(path)?;
    file.write_all(text.as_bytes()).with_context(|| format!("{}", path.display()))?;
    file.finish()?;
    Ok(())
}

fn folder_of(out: &Path) -> &Path {
    out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
