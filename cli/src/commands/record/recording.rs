//! Episodes as files: what `daladala record` and the Python package write.

use std::cell::Cell;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use daladala_agents::{Policy, Stream};
use daladala_env::{Frame, RuleSpec};
use daladala_render::{Renderer, Setting};

use super::{animation, frames, still};
use crate::files::WholeFile;

/// Steps a second of an animation.
pub const FRAME_RATES: std::ops::RangeInclusive<f64> = 0.1..=25.0;

/// What a file is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Animation,
    Still,
    Frames,
}

impl Format {
    /// What the name of a file says.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let extension = path.extension().map(OsStr::to_ascii_lowercase)?;
        match extension.to_str()? {
            "gif" => Some(Self::Animation),
            "png" => Some(Self::Still),
            "jsonl" => Some(Self::Frames),
            _ => None,
        }
    }
}

/// Episodes that are to be driven and written.
pub struct Recording<'a> {
    /// What is driven by.
    pub spec: &'a RuleSpec,
    /// Who drives.
    pub policy: Arc<dyn Policy>,
    /// What the driver is called.
    pub model: &'a str,
    /// The seed of the episodes.
    pub seed: u64,
    /// How many, one after another.
    pub episodes: u32,
    /// Steps a second of an animation, of [`FRAME_RATES`].
    pub fps: f64,
    /// The step that a picture shows; by default the last of the last episode.
    pub step: Option<u32>,
}

/// What has been written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recorded {
    /// Frames of all episodes.
    pub frames: u64,
    /// Size of the file.
    pub bytes: u64,
    /// The return of each episode.
    pub returns: Vec<f32>,
}

impl Recording<'_> {
    /// Drives, and writes a file that is there whole or not at all: .gif is an animation, .png a picture, .jsonl the frames,
    /// one JSON object a line. `go_on` is told how many episodes have been driven, before each step and each picture, and
    /// its error ends it.
    pub fn write(self, out: &Path, go_on: &dyn Fn(u32) -> anyhow::Result<()>) -> anyhow::Result<Recorded> {
        let format = Format::of(out).context("the name says what to write: end it in .gif, .png or .jsonl")?;
        ensure!(self.step.is_none() || format == Format::Still, "a step is for a .png: leave it out");
        let info = self.spec.info();
        let renderer = Renderer::new(Setting::of(&info, self.model, self.policy.output_kind()));
        let mut stream = Stream::new(self.spec, self.policy, self.seed);
        let mut file = WholeFile::create(out)?;
        let mut recorded = Recorded::default();
        let done = Cell::new(0);
        let go_on = || go_on(done.get());
        let mut next = || {
            if done.get() == self.episodes {
                return Ok(None);
            }
            let frames = next_episode(&mut stream, &mut recorded, &go_on)?;
            done.set(done.get() + 1);
            Ok(Some(frames))
        };
        match format {
            Format::Animation => animation::write(&mut file, &renderer, self.fps, &mut next, &go_on)?,
            Format::Still => still::write(&mut file, &renderer, self.step, &mut next)?,
            Format::Frames => frames::write(&mut file, &info.frame_schema(), &mut next)?,
        }
        recorded.bytes = file.finish()?;
        Ok(recorded)
    }
}

/// The frames of the next episode.
fn next_episode(stream: &mut Stream, recorded: &mut Recorded, go_on: GoOn<'_>) -> anyhow::Result<Vec<Frame>> {
    let mut frames = Vec::new();
    while frames.is_empty() || !stream.ended() {
        go_on()?;
        frames.push(stream.advance(None)?);
    }
    recorded.frames += frames.len() as u64;
    recorded.returns.extend(frames.last().map(|last| last.total_reward));
    Ok(frames)
}

/// Asked before each piece of work; its error ends it.
pub(super) type GoOn<'a> = &'a dyn Fn() -> anyhow::Result<()>;

/// Where the writers get their episodes from: none when there are to be no more.
pub(super) type Episodes<'a> = &'a mut dyn FnMut() -> anyhow::Result<Option<Vec<Frame>>>;
