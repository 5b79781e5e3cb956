//! The protocol of `docs/PROTOCOL.md`: messages in both directions, and frames as JSON and as bytes.
//!
//! Pure data: nothing here sends, listens or knows a web framework, so that servers, clients, relays and pages read and
//! write the same. Every message and request can be written and read.

mod binary;
mod delta;
mod frame_rate;
mod game;
mod head;
mod messages;
mod refusal;
mod requests;
mod role;

pub use binary::{Damaged, FrameReader, Numbered, encode_delta, encode_keyframe};
pub use delta::{delta_json, keyframe_json};
pub use frame_rate::{FrameRate, FrameRateError};
pub use game::GameInfo;
pub use head::{Head, NoMessage};
pub use messages::{
    Ending, FramesPage, HelloLimits, Kind, Mode, PlayerInfo, Presence, Resumed, RoomEvent, RoomInfo, RoomSummary,
    ServerMessage,
};
pub use refusal::{Code, Refusal};
pub use requests::{ActionName, Envelope, Frames, Join, RecordName, Request, ResumeFrom, RoomSpec, frame_rate};
pub use role::{Role, UnknownRole};

/// The version of the protocol, told in `hello.protocol`. It changes when a client of the version before could misread
/// what it is sent; new fields and message types do not change it.
pub const PROTOCOL_VERSION: u32 = 2;

/// The subprotocol with binary frames.
pub const BINARY: &str = "daladala.v2.binary";

/// The subprotocol with keyframes and deltas in JSON.
pub const JSON: &str = "daladala.v2.json";
