//! `daladala record`

mod animation;
mod frames;
mod recording;
mod still;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::ensure;
use daladala_agents::{Choice, Policy, registry};
use daladala_env::SpecId;
use serde::Serialize;

use crate::arguments::{DeviceArgs, RulesArgs};
use crate::interrupt;
use crate::numbers::count_in;
use crate::output::{print, print_json, progress_bar, tell_of};
use recording::{Episodes, Format, GoOn};
pub use recording::{FRAME_RATES, Recorded, Recording};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A built-in name (see `daladala models`) or the path of a weights file.
    #[arg(long)]
    model: String,
    /// What to write: .gif is an animation, .png a picture, .jsonl the frames, one JSON object a line.
    #[arg(long, value_parser = Out::parse)]
    out: Out,
    #[command(flatten)]
    rules: RulesArgs,
    /// How many episodes, one after another.
    #[arg(long, default_value_t = 1, allow_negative_numbers = true, value_parser = count_in::<u32>(1..=10_000))]
    episodes: u32,
    /// The seed of the episodes.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    seed: u64,
    /// Steps a second of the animation.
    #[arg(long, default_value_t = 4.0, allow_negative_numbers = true, value_parser = steps_per_second)]
    fps: f64,
    /// The step that a picture shows; by default the last of the last episode.
    #[arg(long, allow_negative_numbers = true)]
    step: Option<u32>,
    /// Choose actions with the model's probabilities instead of the likeliest.
    #[arg(long)]
    sampled: bool,
    #[command(flatten)]
    device: DeviceArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// A file, and what it is to be, which its name says.
#[derive(Debug, Clone)]
struct Out {
    path: PathBuf,
    format: Format,
}

impl Out {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let path = PathBuf::from(text);
        let format = Format::of(&path).ok_or("the name says what to write: end it in .gif, .png or .jsonl")?;
        Ok(Self { path, format })
    }
}

#[derive(Serialize)]
struct Summary<'a> {
    out: String,
    model: &'a str,
    #[serde(flatten)]
    spec: &'a SpecId,
    seed: u64,
    episodes: u32,
    frames: u64,
    bytes: u64,
    returns: Vec<f32>,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let Out { path, format } = &self.out;
        ensure!(self.step.is_none() || *format == Format::Still, "--step is for a .png: leave it out");
        let choice = if self.sampled { Choice::Sampled } else { Choice::Greedy };
        let spec = self.rules.spec_for(&self.model)?;
        let info = spec.info();
        let loaded = registry::load(&self.model, &info, choice, self.device.device)?;
        tell_of(&self.model, &loaded, &info.id);
        let policy: Arc<dyn Policy> = Arc::from(loaded.policy);
        let model = registry::display_name(&self.model);
        interrupt::catch()?;
        let bar = progress_bar(u64::from(self.episodes), "episodes", self.json);
        let recording = Recording {
            spec: &spec,
            policy,
            model: &model,
            seed: self.seed,
            episodes: self.episodes,
            fps: self.fps,
            step: self.step,
        };
        let recorded = recording.write(path, &|done| {
            bar.set_position(done.into());
            ensure!(!interrupt::asked(), "interrupted: nothing has been written");
            Ok(())
        })?;
        bar.finish_and_clear();
        let summary = Summary {
            out: path.display().to_string(),
            model: &model,
            spec: &info.id,
            seed: self.seed,
            episodes: self.episodes,
            frames: recorded.frames,
            bytes: recorded.bytes,
            returns: recorded.returns,
        };
        if self.json {
            return print_json(&summary);
        }
        let kib = recorded.bytes.div_ceil(1024);
        let episodes = if self.episodes == 1 { "1 episode".to_owned() } else { format!("{} episodes", self.episodes) };
        match format {
            Format::Still => print(format!("Wrote {}: a picture of {episodes}, {kib} KiB.", summary.out)),
            _ => print(format!("Wrote {}: {episodes}, {} frames, {kib} KiB.", summary.out, summary.frames)),
        }
    }
}

fn steps_per_second(text: &str) -> Result<f64, String> {
    let fps: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    if FRAME_RATES.contains(&fps) { Ok(fps) } else { Err("steps a second are 0.1 to 25".to_owned()) }
}
