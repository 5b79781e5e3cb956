//! Whatever clients say over a WebSocket or send as a body.
#![no_main]

use daladala_protocol::{Envelope, FrameRate, Head, Request, frame_rate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    _ = Head::of_text(text);
    let Envelope { request, .. } = Envelope::read(text);
    match request {
        Ok(Request::Create(spec)) => _ = spec.frame_rate(FrameRate::SCREEN),
        Ok(Request::Speed { fps }) => _ = frame_rate(fps, FrameRate::SCREEN),
        _ => {}
    }
});
