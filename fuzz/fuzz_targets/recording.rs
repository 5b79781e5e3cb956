//! Records of recordings, whose lengths and checksums are right: first the header's game, then frames by it, as the server
//! reads them. The first byte tells the version.
//!
//! Records are parted by two bytes, their length.
#![no_main]

use daladala_protocol::{FrameReader, GameInfo, frame_json, version_2};
use libfuzzer_sys::fuzz_target;

fn records(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = bytes.split_first_chunk()?;
        let (record, rest) = rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()));
        bytes = rest;
        Some(record)
    })
}

fuzz_target!(|bytes: &[u8]| {
    let Some((version, bytes)) = bytes.split_first() else { return };
    let mut records = records(bytes);
    let Some(header) = records.next() else { return };
    if *version == 1 {
        let mut reader = version_2::FrameReader::new();
        for record in records {
            _ = reader.read(record);
        }
        _ = serde_json::from_slice::<version_2::Game>(header).map(|game| game.upgraded(reader.stops().to_vec()));
    } else if let Ok(game) = serde_json::from_slice::<GameInfo>(header) {
        let mut reader = FrameReader::new(game.frame.clone());
        for record in records {
            if let Ok(numbered) = reader.read(record) {
                _ = frame_json(&numbered.frame, &game.frame);
            }
        }
    }
});
