//! `GET /ws`: from a request to a session.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::{App, guard, refuse};
use crate::session;

/// Bytes that a viewer may send in one message, whole or in parts: far above what a request will ever need, and
/// little enough that a thousand viewers who fill it cost 4 MiB.
const MAX_MESSAGE_BYTES: usize = 4096;

/// Bytes of a connection's read buffer, allocated at once: viewers say next to nothing, and there may be thousands.
const READ_BUFFER_BYTES: usize = 1024;

/// Bytes that may wait in a connection's write buffer. A session writes one message at a time, so this has to hold
/// the longest, a keyframe of a few KB with room to grow, and bounds the pongs to a viewer that pings without reading.
const MAX_WRITE_BUFFER_BYTES: usize = 64 * 1024;

pub(super) async fn upgrade(State(app): State<Arc<App>>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !guard::same_origin(&headers) {
        return refuse(StatusCode::FORBIDDEN, "pages of another origin may not watch");
    }
    let (room, limits) = (Arc::clone(&app.room), app.limits);
    let shutdown = app.stop.subscribe();
    upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .read_buffer_size(READ_BUFFER_BYTES)
        // Every message is flushed, so nothing is won by collecting them.
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
        .on_upgrade(move |socket| session::run(socket, room, shutdown, limits))
}
