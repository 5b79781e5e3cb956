//! What was recorded, as a game that nobody drives: from the beginning to the end, and again.

use std::path::{Path, PathBuf};

use daladala_env::spaces::Spaces;
use daladala_env::{Action, Frame, RuleSpec};

use super::{AnyDriver, Game, GameInfo};
use crate::config::FrameRate;
use crate::error::RoomError;
use crate::recording::{Reader, RecordingError};

/// A recording that rooms can play.
pub(crate) struct PlaybackDriver {
    path: PathBuf,
    info: GameInfo,
    fps: FrameRate,
}

impl PlaybackDriver {
    /// The recording in a file; an error if there is nothing in it to play.
    pub(crate) fn open(path: &Path) -> Result<Self, RecordingError> {
        let mut reader = Reader::open(path)?;
        if reader.next()?.is_none() {
            return Err(RecordingError::Empty { path: path.to_owned() });
        }
        let header = reader.header();
        let fps = FrameRate::new(header.fps).unwrap_or_default();
        Ok(Self { path: path.to_owned(), info: header.game.clone(), fps })
    }

    /// How fast it was.
    pub(crate) fn fps(&self) -> FrameRate {
        self.fps
    }
}

impl AnyDriver for PlaybackDriver {
    fn info(&self) -> GameInfo {
        self.info.clone()
    }

    fn spaces(&self) -> Option<Spaces> {
        None
    }

    fn spec(&self) -> Option<&RuleSpec> {
        None
    }

    fn begin(&self, _seed: u64) -> Box<dyn Game> {
        Box::new(Playback { path: self.path.clone(), reader: None, ended: true })
    }
}

struct Playback {
    path: PathBuf,
    reader: Option<Reader>,
    ended: bool,
}

impl Playback {
    fn show(&mut self, state: Frame) -> Frame {
        self.ended = state.ended();
        state
    }
}

impl Game for Playback {
    fn advance(&mut self, _choice: Option<Action>) -> Result<Frame, RoomError> {
        if let Some(reader) = &mut self.reader
            && let Some(frame) = reader.next()?
        {
            return Ok(self.show(frame.frame));
        }
        self.reset(None)
    }

    fn reset(&mut self, _seed: Option<u64>) -> Result<Frame, RoomError> {
        let mut reader = Reader::open(&self.path)?;
        let first = reader.next()?.ok_or_else(|| RecordingError::Empty { path: self.path.clone() })?;
        self.reader = Some(reader);
        Ok(self.show(first.frame))
    }

    fn ended(&self) -> bool {
        self.ended
    }

    fn observation(&self) -> &[f32] {
        &[]
    }

    fn action_mask(&self) -> Option<u32> {
        None
    }

    fn preferences(&self) -> Vec<f32> {
        Vec::new()
    }
}
