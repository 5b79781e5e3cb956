//! Frames, one JSON object a line.

use std::io::Write;

use super::Episodes;

pub(super) fn write(out: &mut impl Write, episodes: Episodes<'_>) -> anyhow::Result<()> {
    while let Some(frames) = episodes()? {
        for frame in &frames {
            serde_json::to_writer(&mut *out, frame)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}
