//! The messages of `docs/PROTOCOL.md`, in both directions and both encodings. Pure data: nothing here sends.

mod binary;
mod delta;
mod messages;
mod refusal;
mod requests;

pub use binary::{Damaged, FrameReader, Numbered};
pub(crate) use binary::{encode_delta, encode_keyframe};
pub(crate) use delta::{delta_json, keyframe_json};
pub(crate) use messages::{
    Ending, Event, FramesPage, HelloLimits, Kind, Mode, PlayerInfo, Presence, Resumed, RoomInfo, RoomSummary,
    ServerMessage, to_json,
};
pub(crate) use refusal::{Code, Refusal};
pub(crate) use requests::{ActionName, Envelope, Frames, Join, Request, ResumeFrom, RoomSpec, frame_rate};

/// The version of the protocol, told in `hello.protocol`. It changes when a client of the version before could misread
/// what it is sent; new fields and message types do not change it.
pub const PROTOCOL_VERSION: u32 = 2;

/// The subprotocol with binary frames.
pub(crate) const BINARY: &str = "daladala.v2.binary";

/// The subprotocol with keyframes and deltas in JSON.
pub(crate) const JSON: &str = "daladala.v2.json";
