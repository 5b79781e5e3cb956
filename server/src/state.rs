//! The folder of what outlives the server: one file, written whole beside its place and renamed into it, so that a kill
//! at any moment leaves the one before or the one after.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::error::ServerError;
use crate::rooms::{KeptRooms, Rooms};

/// The file. It is for its owner alone: it has the keys that players come back with.
const FILE: &str = "rooms.json";

/// What is written before it takes the file's place.
const UNFINISHED: &str = "rooms.json.unfinished";

/// Locked as long as a server has the folder.
const LOCK: &str = "rooms.lock";

/// The version of the file. What is of another is not guessed at.
const VERSION: u32 = 1;

/// Between two times of writing: what changes in a hurry is written together. The first change is written at once.
const PERIOD: Duration = Duration::from_millis(100);

/// The folder, which is this server's as long as it lives.
pub(crate) struct StateFolder {
    folder: PathBuf,
    _lock: File,
}

#[derive(Serialize, Deserialize)]
struct Written<T> {
    version: u32,
    #[serde(flatten)]
    rooms: T,
}

impl StateFolder {
    /// The folder, which is made if it is missing, and what the last server left there.
    pub(crate) fn open(folder: &Path) -> Result<(Self, Option<KeptRooms>), ServerError> {
        let failed = |source| ServerError::State { folder: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = private().create(true).truncate(false).open(folder.join(LOCK)).map_err(failed)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => failed(io::Error::other("another server keeps its rooms there")),
            TryLockError::Error(source) => failed(source),
        })?;
        let path = folder.join(FILE);
        let kept = match fs::read(&path) {
            Ok(bytes) => Some(read(&bytes).map_err(|why| {
                let what = format!("{}: {why}: move it away to begin anew", path.display());
                failed(io::Error::other(what))
            })?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        Ok((Self { folder: folder.to_owned(), _lock: lock }, kept))
    }

    fn write(&self, rooms: &KeptRooms) -> io::Result<()> {
        let bytes = serde_json::to_vec_pretty(&Written { version: VERSION, rooms })?;
        let unfinished = self.folder.join(UNFINISHED);
        let mut file = private().create(true).truncate(true).open(&unfinished)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, self.folder.join(FILE))?;
        // The name is in the folder, which is written apart.
        #[cfg(unix)]
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }

    /// Writes what changes until `stop` is true, and then a last time.
    pub(crate) async fn keep(self, rooms: Arc<Rooms>, mut stop: watch::Receiver<bool>) {
        let state = Arc::new(self);
        let mut written = None;
        loop {
            let stopped = tokio::select! {
                () = rooms.changed() => false,
                _ = stop.wait_for(|&stop| stop) => true,
            };
            if let Some(kept) = rooms.kept().filter(|kept| written.as_ref() != Some(kept)) {
                let (state, writing) = (Arc::clone(&state), kept.clone());
                match spawn_blocking(move || state.write(&writing)).await {
                    Ok(Ok(())) => written = Some(kept),
                    Ok(Err(error)) => tracing::error!(%error, "the rooms cannot be kept"),
                    Err(error) => tracing::error!(%error, "the rooms cannot be kept"),
                }
            }
            if stopped {
                return;
            }
            // Whoever stops meanwhile is heard when it is over.
            tokio::time::sleep(PERIOD).await;
        }
    }
}

fn read(bytes: &[u8]) -> Result<KeptRooms, String> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let unreadable = |error: serde_json::Error| format!("it cannot be read ({error})");
    let Version { version } = serde_json::from_slice(bytes).map_err(unreadable)?;
    if version != VERSION {
        return Err(format!("it is of version {version}, and this server's is {VERSION}"));
    }
    let Written { rooms, .. } = serde_json::from_slice(bytes).map_err(unreadable)?;
    Ok(rooms)
}

/// Files that only their owner can read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
