//! Frames, one JSON object a line.

use std::io::Write;

use daladala_env::FrameField;
use daladala_protocol::frame_json;

use super::Episodes;

pub(super) fn write(out: &mut impl Write, schema: &[FrameField], episodes: Episodes<'_>) -> anyhow::Result<()> {
    while let Some(frames) = episodes()? {
        for frame in &frames {
            writeln!(out, "{}", frame_json(frame, schema)?)?;
        }
    }
    Ok(())
}
