//! A GIF that loops: 256 colours for all of it, and of each picture only the rectangle that has changed.

use std::collections::HashMap;
use std::io::Write;

use color_quant::NeuQuant;
use daladala_env::Frame;
use daladala_render::{HEIGHT, Picture, Renderer, WIDTH};
use gif::{DisposalMethod, Encoder, Repeat};

use super::{Episodes, GoOn};

/// Pictures a second that are aimed at: smooth to the eye, and browsers slow down what is faster than 50.
const PICTURES_PER_SECOND: f64 = 20.0;
/// How long the end of an episode is shown, seconds.
const PAUSE: f64 = 1.6;
/// A GIF counts time in hundredths of a second.
const TICKS: f64 = 100.0;
/// Of how many pixels one is learnt from when colours are chosen.
const SAMPLED: usize = 11;
/// The choice's care, 1 (all pixels, slow) to 30.
const SAMPLE_FACTION: i32 = 3;

pub(super) fn write(
    out: &mut impl Write,
    renderer: &Renderer,
    fps: f64,
    episodes: Episodes<'_>,
    go_on: GoOn<'_>,
) -> anyhow::Result<()> {
    let Some(mut frames) = episodes()? else { return Ok(()) };
    let colors = Colors::of(renderer, &frames);
    let mut encoder = Encoder::new(out, WIDTH as u16, HEIGHT as u16, &colors.palette)?;
    encoder.set_repeat(Repeat::Infinite)?;
    let pictures_per_step = (PICTURES_PER_SECOND / fps).round().max(1.0) as u32;
    let mut clock = Clock::default();
    let mut animation = Animation { encoder, colors, shown: Vec::new() };
    loop {
        for last in 1..=frames.len() {
            go_on()?;
            // Nothing has moved yet at the reset, and when it is over there is time to read.
            let parts = if last == 1 { 1 } else { pictures_per_step };
            for part in 1..=parts {
                let picture = renderer.draw(&frames[..last], part as f32 / parts as f32);
                let over = last == frames.len() && part == parts;
                let seconds = if over { PAUSE } else { 1.0 / fps / f64::from(pictures_per_step) };
                animation.add(&picture, clock.delay(seconds))?;
            }
        }
        match episodes()? {
            Some(next) => frames = next,
            None => return Ok(()),
        }
    }
}

/// Rounds times to hundredths of a second, so that all of them together are right.
#[derive(Default)]
struct Clock {
    /// What the pictures so far should have lasted, hundredths of a second.
    due: f64,
    /// What they last.
    lasted: f64,
}

impl Clock {
    /// How long a picture lasts that should be shown for so many seconds.
    fn delay(&mut self, seconds: f64) -> u16 {
        self.due += seconds * TICKS;
        // Browsers slow down what is shorter.
        let delay = (self.due - self.lasted).round().max(2.0);
        self.lasted += delay;
        delay as u16
    }
}

/// The colours of all pictures.
struct Colors {
    chooser: NeuQuant,
    palette: Vec<u8>,
    /// What has been looked up: few colours are in most pixels.
    known: HashMap<[u8; 3], u8>,
}

impl Colors {
    /// Learnt from the beginning, the middle and the end of an episode.
    fn of(renderer: &Renderer, frames: &[Frame]) -> Self {
        let mut pixels = Vec::new();
        for shown in [1, frames.len() / 3, frames.len() / 2, frames.len()] {
            let picture = renderer.draw(&frames[..shown.max(1)], 0.5);
            let (rgb, _) = picture.rgb.as_chunks::<3>();
            pixels.extend(rgb.iter().step_by(SAMPLED).flat_map(|&[red, green, blue]| [red, green, blue, 255]));
        }
        let chooser = NeuQuant::new(SAMPLE_FACTION, 256, &pixels);
        let palette = chooser.color_map_rgb();
        Self { chooser, palette, known: HashMap::new() }
    }

    fn index(&mut self, rgb: [u8; 3]) -> u8 {
        let [red, green, blue] = rgb;
        *self.known.entry(rgb).or_insert_with(|| self.chooser.index_of(&[red, green, blue, 255]) as u8)
    }
}

struct Animation<W: Write> {
    encoder: Encoder<W>,
    colors: Colors,
    /// The picture that is on the screen, as indices into the palette; empty before the first.
    shown: Vec<u8>,
}

impl<W: Write> Animation<W> {
    fn add(&mut self, picture: &Picture, delay: u16) -> anyhow::Result<()> {
        let (rgb, _) = picture.rgb.as_chunks::<3>();
        let next: Vec<u8> = rgb.iter().map(|&rgb| self.colors.index(rgb)).collect();
        let changed = changed(&self.shown, &next, WIDTH as usize);
        let rows = next.chunks_exact(WIDTH as usize).skip(changed.top).take(changed.height);
        let pixels: Vec<u8> = rows.flat_map(|row| &row[changed.left..changed.left + changed.width]).copied().collect();
        self.encoder.write_frame(&gif::Frame {
            delay,
            dispose: DisposalMethod::Keep,
            left: changed.left as u16,
            top: changed.top as u16,
            width: changed.width as u16,
            height: changed.height as u16,
            buffer: pixels.into(),
            ..gif::Frame::default()
        })?;
        self.shown = next;
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Changed {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

/// The smallest rectangle outside of which `next` is what is shown; one pixel where nothing has changed.
fn changed(shown: &[u8], next: &[u8], width: usize) -> Changed {
    let height = next.len() / width;
    if shown.len() != next.len() {
        return Changed { left: 0, top: 0, width, height };
    }
    let (mut left, mut right, mut top, mut bottom) = (width, 0, height, 0);
    for (row, (before, after)) in shown.chunks_exact(width).zip(next.chunks_exact(width)).enumerate() {
        let differs = |column: &usize| before[*column] != after[*column];
        if let Some(first) = (0..width).find(differs) {
            let last = (0..width).rfind(differs).unwrap_or(first);
            (left, right) = (left.min(first), right.max(last + 1));
            (top, bottom) = (top.min(row), row + 1);
        }
    }
    if right == 0 {
        return Changed { left: 0, top: 0, width: 1, height: 1 };
    }
    Changed { left, top, width: right - left, height: bottom - top }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 / 23 / 1 is 4.35: rounded picture by picture an episode played 9 % too fast.
    #[test]
    fn an_episode_plays_as_fast_as_it_is_asked_to() {
        for fps in [1.0, 6.0, 9.0, 11.0, 18.0, 22.0, 23.0, 25.0] {
            let parts = (PICTURES_PER_SECOND / fps).round().max(1.0);
            let mut clock = Clock::default();
            let lasts: f64 = (0..60 * parts as usize).map(|_| f64::from(clock.delay(1.0 / fps / parts))).sum();
            assert!((lasts / (60.0 * TICKS / fps) - 1.0).abs() < 0.002, "{fps}: {lasts}");
        }
    }

    #[test]
    fn only_what_has_changed_is_written() {
        let shown = [0; 12];
        let mut next = shown;
        assert_eq!(changed(&shown, &next, 4), Changed { left: 0, top: 0, width: 1, height: 1 });
        next[5] = 1;
        next[10] = 2;
        assert_eq!(changed(&shown, &next, 4), Changed { left: 1, top: 1, width: 2, height: 2 });
        assert_eq!(changed(&[], &next, 4), Changed { left: 0, top: 0, width: 4, height: 3 });
    }
}
