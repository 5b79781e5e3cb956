//! Rooms, presence and votes for clients that have only Socket.IO: the messages of docs/PROTOCOL.md, as events.
//!
//! A client says `request` with a request and is told `message` with each message: the answers, and what its room shows.

use daladala_protocol::{Envelope, ServerMessage};
use serde_json::Value;
use socketioxide::extract::SocketRef;

use super::socketio::Payload;
use crate::access::Grant;
use crate::answers::IdempotencyKey;
use crate::app::App;
use crate::commands::Asked;
use crate::feed::Item;
use crate::session::{Seated, answer, refused};

/// What a client says to ask for something.
pub(super) const REQUEST: &str = "request";

/// What it is told.
const MESSAGE: &str = "message";

/// Answers a request; whether it was granted, and the answer.
pub(super) async fn ask(app: &App, grant: &Grant, seated: &mut Option<Seated>, payload: Payload) -> (bool, Value) {
    let said = match payload {
        Payload(Some(Ok(Value::String(said)))) => said,
        // Read as what it is not, it is refused in the usual words.
        Payload(_) => String::new(),
    };
    let Envelope { id, request, idempotency_key, said } = Envelope::read(&said);
    let key = idempotency_key.map(|key| IdempotencyKey::new(&key)).transpose();
    let answered = match request.and_then(|request| Ok((request, key?))) {
        Ok((request, key)) => answer(app, grant, seated, true, &id, Asked { request, key, said }).await,
        Err(refusal) => Err(refusal),
    };
    let granted = answered.is_ok();
    (granted, value(&answered.unwrap_or_else(|refusal| refused(&id, &refusal))))
}

/// Tells what a room has shown.
pub(super) fn show(app: &App, socket: &SocketRef, items: &mut Vec<Item>) {
    for item in items.drain(..) {
        let json = match item {
            Item::Room(described) => described.json(),
            Item::Presence(noted) => noted.json(),
            Item::Event(happened) => {
                app.metrics.events_sent.inc();
                happened.json()
            }
            Item::Base(frame) => frame.whole_json(),
            Item::Keyframe(frame) => {
                app.metrics.frames_sent.inc();
                frame.whole_json()
            }
            Item::Delta(frame) => {
                app.metrics.frames_sent.inc();
                frame.delta_json()
            }
        };
        app.metrics.bytes_sent.inc_by(json.len() as u64);
        // Written by us, so it can be read.
        tell(socket, &serde_json::from_str(&json).unwrap_or_default());
    }
}

/// Tells one message.
pub(super) fn tell(socket: &SocketRef, message: &Value) {
    if let Err(error) = socket.emit(MESSAGE, message) {
        tracing::debug!(%error, "a client misses a message");
    }
}

fn value(message: &ServerMessage) -> Value {
    serde_json::from_str(&message.to_json()).unwrap_or_default()
}
