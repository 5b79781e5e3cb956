//! `GET /ws`: from a request to a session.

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Extension, Query, State};
use axum::http::HeaderValue;
use axum::response::Response;
use daladala_protocol::{BINARY, Code, Frames, JSON, Join, Refusal, ResumeFrom};
use serde::Deserialize;

use super::Caller;
use super::{Refused, guard};
use crate::app::{App, MAX_MESSAGE_BYTES};
use crate::config::Role;
use crate::listener::Peer;
use crate::rooms::MAIN;
use crate::session::{self, Beginning, Encoding};

/// Bytes of a connection's read buffer, allocated at once: viewers say next to nothing, and there may be thousands.
const READ_BUFFER_BYTES: usize = 1024;

/// Bytes that are gathered before they are written: a dozen binary frames, when a room makes several at once.
const WRITE_BUFFER_BYTES: usize = 1024;

/// Bytes that may wait in a connection's write buffer. This has to hold the longest message, a room with a long route,
/// and bounds the pongs to a client that pings without reading.
const MAX_WRITE_BUFFER_BYTES: usize = 64 * 1024;

/// How the subprotocols of all versions begin.
const FAMILY: &[u8] = b"daladala.";

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Address {
    room: Option<String>,
    name: Option<String>,
    key: Option<String>,
    epoch: Option<u64>,
    seq: Option<u64>,
    frames: Option<Frames>,
}

impl Address {
    /// What is to be joined at once; without a subprotocol, `main` unless another room is named.
    fn join(self, encoding: Encoding) -> Option<Join> {
        let default = || (encoding == Encoding::Plain).then(|| MAIN.to_owned());
        let resume = self.epoch.zip(self.seq).map(|(epoch, seq)| ResumeFrom { epoch, seq });
        let room = self.room.or_else(default)?;
        Some(Join { room, name: self.name, key: self.key, resume, frames: self.frames })
    }
}

pub(super) async fn upgrade(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    Extension(guard::Address(of_client)): Extension<guard::Address>,
    address: Result<Query<Address>, axum::extract::rejection::QueryRejection>,
    peer: Option<Extension<Peer>>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Refused> {
    grant.may(Role::Watch)?;
    if !app.websocket {
        let message = "this server has no WebSockets: follow /api/rooms/{code}/events or ask /api/rooms/{code}/frames";
        return Err(Refusal::new(Code::NotFound, message).into());
    }
    let upgrade = upgrade.map_err(|error| Refusal::invalid(error.body_text()))?;
    let Query(address) = address.map_err(|error| Refusal::invalid(error.body_text()))?;
    let mut upgrade = upgrade
        .protocols([BINARY, JSON])
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES);
    if upgrade.selected_protocol().is_none() {
        // A client of another version is let in, to be told so; otherwise it would see a broken connection.
        let other = upgrade.requested_protocols().find(|protocol| protocol.as_bytes().starts_with(FAMILY)).cloned();
        if let Some(other) = other {
            upgrade.set_selected_protocol(other);
        }
    }
    let encoding = match upgrade.selected_protocol().map(HeaderValue::as_bytes) {
        None => Encoding::Plain,
        Some(protocol) if protocol == BINARY.as_bytes() => Encoding::Binary,
        Some(protocol) if protocol == JSON.as_bytes() => Encoding::Json,
        Some(_) => Encoding::Unknown,
    };
    let beginning = Beginning { encoding, grant, address: of_client, join: address.join(encoding) };
    Ok(upgrade.on_upgrade(move |socket| async move {
        let viewing = Arc::clone(&app);
        viewing.viewers.run(async move {
            session::run(socket, app, beginning).await;
            // The connection's place among those of its address is given up now.
            drop(peer);
        });
    }))
}
