//! What every part that faces clients works on.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::ws::Utf8Bytes;
use daladala_protocol::{HelloLimits, PROTOCOL_VERSION, ServerMessage};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::access::{Access, Grant};
use crate::config::Limits;
use crate::metrics::Metrics;
use crate::room::Pollers;
use crate::room::{MAX_NAME_CHARS, milliseconds_since_1970};
use crate::rooms::Rooms;
use crate::shared::Shared;
use crate::viewers::ViewerThreads;

/// Bytes that a client may send in one message, whole or in parts: far above what a request needs, and little enough
/// that a thousand clients who fill it cost 4 MiB.
pub(crate) const MAX_MESSAGE_BYTES: usize = 4096;

/// The server, to those who answer its clients.
pub(crate) struct App {
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) access: Access,
    pub(crate) limits: Limits,
    pub(crate) metrics: Arc<Metrics>,
    /// Viewers without a connection.
    pub(crate) pollers: Arc<Pollers>,
    /// Whether clients may open a WebSocket.
    pub(crate) websocket: bool,
    /// Turns true when the server shuts down; closed when the last session has ended.
    pub(crate) stop: watch::Sender<bool>,
    /// Cancelled when connections of the original's clients are to break off.
    pub(crate) sever: CancellationToken,
    /// Where sessions run.
    pub(crate) viewers: ViewerThreads,
    /// The episode of the original's room, by its latest frame.
    pub(crate) episode_data: Shared<(u64, u64)>,
    pub(crate) started: Instant,
}

/// A message, ready to be sent.
pub(crate) fn text(message: &ServerMessage) -> Utf8Bytes {
    message.to_json().into()
}

impl App {
    /// The first message of a connection.
    pub(crate) fn hello(&self, grant: &Grant, connection: &str) -> Utf8Bytes {
        text(&ServerMessage::Hello {
            protocol: PROTOCOL_VERSION,
            server: env!("CARGO_PKG_VERSION").to_owned(),
            connection: connection.to_owned(),
            role: grant.role,
            time: milliseconds_since_1970() as f64,
            limits: HelloLimits {
                message_bytes: MAX_MESSAGE_BYTES,
                requests_per_second: self.limits.requests_per_second,
                name_chars: MAX_NAME_CHARS,
                rooms: self.limits.max_rooms,
                viewers_per_room: self.limits.max_viewers_per_room,
                history_frames: self.limits.history_frames,
            },
        })
    }
}
