//! The protocol of `docs/PROTOCOL.md`: messages in both directions, and frames as JSON and as bytes.
//!
//! Pure data: nothing here sends, listens or knows a web framework, so that servers, clients, relays and pages read and
//! write the same. Every message and request can be written and read.

mod binary;
mod frame_rate;
mod game;
mod head;
mod json;
mod messages;
mod refusal;
mod requests;
mod role;
pub mod version_2;
mod wire;

pub use binary::{FrameReader, Numbered, encode_delta, encode_keyframe};
pub use frame_rate::{FrameRate, FrameRateError};
pub use game::GameInfo;
pub use head::{Head, NoMessage};
pub use json::{delta_json, frame_from_json, frame_json, keyframe_json};
pub use messages::{
    Ending, FramesPage, HelloLimits, Kind, Mode, PlayerInfo, Presence, Resumed, RoomEvent, RoomInfo, RoomSummary,
    ServerMessage,
};
pub use refusal::{Code, Refusal};
pub use requests::{
    ActionName, Envelope, Frames, Join, RecordName, Request, ResumeFrom, RoomSpec, ScenarioChoice, frame_rate,
};
pub use role::{Role, UnknownRole};
pub use wire::Damaged;

/// The version of the protocol, told in `hello.protocol`. It changes when a client of the version before could misread
/// what it is sent; new fields and message types do not change it.
pub const PROTOCOL_VERSION: u32 = 3;

/// The subprotocol with binary frames.
pub const BINARY: &str = "daladala.v3.binary";

/// The subprotocol with keyframes and deltas in JSON.
pub const JSON: &str = "daladala.v3.json";
