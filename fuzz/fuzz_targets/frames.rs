//! Binary frames, as a client reads them: a keyframe and what comes after it. What can be read is written again, and is
//! then the same.
//!
//! Messages are parted by a byte, their length.
#![no_main]

use daladala_env::common_fields;
use daladala_protocol::{FrameReader, Head, encode_keyframe};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let fields: Vec<_> = common_fields().collect();
    let (mut reader, mut rest) = (FrameReader::new(fields.clone()), bytes);
    while let Some((length, following)) = rest.split_first() {
        let (message, following) = following.split_at(usize::from(*length).min(following.len()));
        rest = following;
        _ = Head::of_binary(message);
        if let Ok(numbered) = reader.read(message) {
            let written = encode_keyframe(numbered.epoch, numbered.seq, &numbered.frame);
            let again = FrameReader::new(fields.clone()).read(&written).expect("what was written can be read");
            let written_again = encode_keyframe(again.epoch, again.seq, &again.frame);
            assert_eq!(written, written_again);
        }
    }
});
