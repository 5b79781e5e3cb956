//! The messages that travel to viewers, as `docs/PROTOCOL.md` describes them. Pure data: nothing here sends.

use axum::extract::ws::Utf8Bytes;
use daladala_env::{Rules, StateFrame};
use serde::Serialize;

use crate::config::FrameRate;

/// The version of the protocol, told in `room.protocol`. It changes when a viewer of the version before could
/// misread what it is sent; new fields and message types do not change it.
pub const PROTOCOL_VERSION: u32 = 1;

/// What the server sends.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ServerMessage<'a> {
    /// One step of the room.
    Frame(FrameMessage<'a>),
}

impl ServerMessage<'_> {
    pub(crate) fn to_json(&self) -> Result<Utf8Bytes, serde_json::Error> {
        serde_json::to_string(self).map(Utf8Bytes::from)
    }
}

/// One step of the room; with `room` it is a keyframe, all that a viewer needs to start from.
#[derive(Debug, Serialize)]
pub(crate) struct FrameMessage<'a> {
    /// When the room was made, milliseconds since the Unix epoch.
    pub(crate) epoch: u64,
    /// The number of the frame in its room, from 1.
    pub(crate) seq: u64,
    #[serde(flatten)]
    pub(crate) state: &'a StateFrame,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) room: Option<&'a RoomInfo>,
}

/// What stays the same while a room runs.
#[derive(Debug, Serialize)]
pub(crate) struct RoomInfo {
    pub(crate) name: String,
    pub(crate) protocol: u32,
    /// The version of the server.
    pub(crate) server: &'static str,
    pub(crate) rules: &'static str,
    pub(crate) model: String,
    pub(crate) fps: f64,
    /// Width and height in cells.
    pub(crate) grid: (u8, u8),
    pub(crate) route: Vec<(u8, u8)>,
    pub(crate) max_steps: u32,
    pub(crate) physical_max_passengers: u32,
    pub(crate) legal_capacity: u32,
    pub(crate) actions: &'static [&'static str],
}

impl RoomInfo {
    pub(crate) fn new<R: Rules>(name: &str, rules: &R, model: &str, fps: FrameRate) -> Self {
        let (physical_max_passengers, legal_capacity) = rules.capacities();
        Self {
            name: name.to_owned(),
            protocol: PROTOCOL_VERSION,
            server: env!("CARGO_PKG_VERSION"),
            rules: rules.name(),
            model: model.to_owned(),
            fps: fps.get(),
            grid: rules.grid(),
            route: rules.route().to_vec(),
            max_steps: rules.max_steps(),
            physical_max_passengers,
            legal_capacity,
            actions: rules.spaces().actions,
        }
    }
}
