//! Writes what a room shows into a file, as one more viewer of it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use daladala_protocol::Refusal;
use futures_util::FutureExt;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};

use super::file::{self, Header, Writer};
use crate::feed::{Feed, Item, Keeping};
use crate::game::GameInfo;
use crate::room::{Room, milliseconds_since_1970};

/// A recording that is being written.
pub(crate) struct Recorder {
    name: String,
    max_bytes: u64,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Written>,
}

/// What a recording has become.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
}

impl Recorder {
    /// Begins to record `room` into a new file. It goes on until it is stopped, the room closes, the disk is full or
    /// the file has `max_bytes`.
    pub(crate) async fn start(room: &Arc<Room>, name: String, path: &Path, max_bytes: u64) -> Result<Self, Refusal> {
        let now = room.now();
        let info = now.described.info();
        let header = Header {
            server: env!("CARGO_PKG_VERSION").to_owned(),
            created: milliseconds_since_1970(),
            room: info.code.clone(),
            fps: info.fps,
            game: info.game.clone(),
        };
        let created = path.to_owned();
        let opened = spawn_blocking(move || file::create(&created)).await;
        let output = opened.map_err(io::Error::other).and_then(|file| file).map_err(|error| {
            if error.kind() == io::ErrorKind::AlreadyExists {
                return Refusal::conflict(format!("there is a recording '{name}' already"));
            }
            tracing::error!(%error, ?path, "a recording cannot be begun");
            Refusal::internal()
        })?;
        let shown = name.clone();
        // The room notes it whenever it comes to it: an answer that is not waited for would leave it noted for ever.
        if let Err(refusal) = room.ask_patiently(move |actor| actor.recording_started(shown)).await {
            // It holds nothing; where it cannot be removed, an empty recording stays.
            _ = std::fs::remove_file(path);
            return Err(refusal);
        }
        let (stop, stopped) = oneshot::channel();
        let (room, writer) = (Arc::clone(room), Writer::new(&header));
        let task = tokio::spawn(async move {
            let feed = Feed::new(&room, Keeping { all: true, whole: false });
            let mut recording = Running {
                feed,
                output: Some(output),
                writer,
                game: header.game,
                begun_within_an_episode: false,
                is_over: false,
                written: Written::default(),
                max_bytes,
            };
            let reason = recording.follow(stopped).await;
            if let Err(error) = recording.finish().await {
                tracing::error!(%error, "a recording was not finished");
            }
            // The room may have closed, which ends its recording too.
            let told = room.ask_patiently(move |actor| {
                actor.recording_stopped(reason);
                Ok(())
            });
            _ = told.await;
            recording.written
        });
        Ok(Self { name, max_bytes, stop, task })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The most that the file may become.
    pub(crate) fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    pub(crate) fn is_running(&self) -> bool {
        !self.task.is_finished()
    }

    /// Ends it, with all that was shown so far in the file.
    pub(crate) async fn stop(self) -> Written {
        // It may have ended by itself.
        _ = self.stop.send(());
        self.task.await.unwrap_or_default()
    }
}

struct Running {
    feed: Feed,
    /// Away while a thread writes to it.
    output: Option<File>,
    writer: Writer,
    /// What the frames in the file are of.
    game: GameInfo,
    /// The first frame of the running episode is not in the file, so its other frames have to be whole.
    begun_within_an_episode: bool,
    /// What comes now is of another game.
    is_over: bool,
    written: Written,
    max_bytes: u64,
}

impl Running {
    /// Records until it is told to stop, or cannot go on; returns why not.
    async fn follow(&mut self, mut stopped: oneshot::Receiver<()>) -> Option<String> {
        let mut items = Vec::new();
        loop {
            tokio::select! {
                // All events may be lost on it, so a feed of this kind ends with its room alone.
                filled = self.feed.next(&mut items) => if filled.is_err() {
                    return Some("the room has closed".to_owned());
                },
                _ = &mut stopped => return None,
            }
            self.gather(&mut items);
            if let Err(error) = self.write().await {
                tracing::error!(%error, "a recording cannot be written");
                return Some("the disk cannot take it".to_owned());
            }
            if self.is_over {
                return Some("another driver has come".to_owned());
            }
            if self.written.bytes >= self.max_bytes {
                return Some("it has become as long as it may".to_owned());
            }
        }
    }

    /// Takes frames up to those of another game.
    fn gather(&mut self, items: &mut Vec<Item>) {
        for item in items.drain(..) {
            match item {
                _ if self.is_over => {}
                Item::Room(described) => self.is_over = described.info().game != self.game,
                Item::Base(_) => self.begun_within_an_episode = true,
                Item::Keyframe(frame) => {
                    self.begun_within_an_episode = false;
                    self.take(&frame.whole_binary());
                }
                Item::Delta(frame) if self.begun_within_an_episode => self.take(&frame.whole_binary()),
                Item::Delta(frame) => self.take(&frame.delta_binary()),
                Item::Event(_) | Item::Presence(_) => {}
            }
        }
    }

    fn take(&mut self, frame: &[u8]) {
        self.writer.record(frame);
        self.written.frames += 1;
        self.written.bytes = self.writer.bytes();
    }

    async fn write(&mut self) -> io::Result<()> {
        let bytes = self.writer.take();
        let Some(mut output) = self.output.take() else { return Err(io::Error::other("the file is lost")) };
        let written = spawn_blocking(move || {
            let written = file::append(&mut output, &bytes);
            (output, written)
        });
        let (output, written) = written.await.map_err(io::Error::other)?;
        self.output = Some(output);
        written
    }

    /// Writes what has been shown and is not written yet.
    async fn finish(&mut self) -> io::Result<()> {
        let mut items = Vec::new();
        while !self.is_over
            && let Some(Ok(())) = self.feed.next(&mut items).now_or_never()
        {
            self.gather(&mut items);
        }
        self.write().await?;
        let Some(output) = self.output.take() else { return Ok(()) };
        spawn_blocking(move || output.sync_all()).await.map_err(io::Error::other)?
    }
}
