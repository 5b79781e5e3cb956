//! One picture.

use std::io::Write;

use anyhow::ensure;
use daladala_render::{HEIGHT, Renderer, WIDTH};

use super::Episodes;

pub(super) fn write(
    out: &mut impl Write,
    renderer: &Renderer,
    step: Option<u32>,
    episodes: Episodes<'_>,
) -> anyhow::Result<()> {
    let mut shown = Vec::new();
    while let Some(frames) = episodes()? {
        shown = frames;
    }
    if let Some(step) = step {
        let steps = shown.len().saturating_sub(1);
        ensure!(step as usize <= steps, "the episode has {steps} steps: choose --step from 0 to {steps}");
        shown.truncate(step as usize + 1);
    }
    let mut encoder = png::Encoder::new(out, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&renderer.draw(&shown, 1.0).rgb)?;
    Ok(writer.finish()?)
}
