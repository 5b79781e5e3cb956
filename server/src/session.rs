//! One viewer's WebSocket, from its first frame to its end.
//!
//! A session reads the room's latest frame when it is ready for it and holds none back, so a slow viewer skips
//! frames, costs no memory that grows, and is let go when it takes no message for [`Limits::write_timeout`].

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use axum::{Error, body::Bytes};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::Error as WebSocketError;

use crate::config::Limits;
use crate::room::Room;

/// Why a session ended.
#[derive(Debug)]
enum End {
    /// The viewer left, or the connection broke.
    Gone,
    /// The viewer took no message for the write timeout.
    Slow,
    /// The viewer answered no ping for the idle timeout.
    Silent,
    /// The viewer broke a limit or the WebSocket protocol.
    Refused(CloseFrame),
    /// The server shuts down.
    ShuttingDown,
    /// The server could not encode a message.
    Failed,
}

/// Shows `room` to the viewer at the other end of `socket` until one of them is gone or `shutdown` turns true.
pub(crate) async fn run(mut socket: WebSocket, room: Arc<Room>, mut shutdown: watch::Receiver<bool>, limits: Limits) {
    // Leaving off in the middle of a write is fine: the rest of the message stays in the socket's buffer, and the
    // close frame queues up behind it.
    let end = tokio::select! {
        end = follow(&mut socket, &room, &limits) => end,
        _ = shutdown.wait_for(|&down| down) => End::ShuttingDown,
    };
    tracing::debug!(?end, "viewer left");
    match end {
        End::Gone | End::Slow | End::Silent => {}
        End::Refused(frame) => {
            let closing = socket.send(Message::Close(Some(frame)));
            // The socket can no longer be read, and closing a connection with unread input resets it, which may
            // overtake the close frame. So the viewer gets time to read that first.
            if matches!(timeout(limits.close_timeout, closing).await, Ok(Ok(()))) {
                tokio::time::sleep(limits.close_timeout).await;
            }
        }
        End::ShuttingDown => close(&mut socket, close_code::AWAY, "server shutting down", &limits).await,
        End::Failed => close(&mut socket, close_code::ERROR, "internal error", &limits).await,
    }
}

/// Sends frames until something ends it.
async fn follow(socket: &mut WebSocket, room: &Room, limits: &Limits) -> End {
    let mut frames = room.join();
    let first = Arc::clone(&frames.borrow_and_update());
    let mut message = match room.keyframe(&first) {
        Ok(json) => Message::Text(json),
        Err(error) => {
            tracing::error!(%error, "a keyframe cannot be encoded");
            return End::Failed;
        }
    };
    drop(first);
    let mut heard = Instant::now();
    let mut pings = interval_at(heard + limits.ping_interval, limits.ping_interval);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        match timeout(limits.write_timeout, socket.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(%error, "a message could not be sent");
                return End::Gone;
            }
            Err(_) => return End::Slow,
        }
        message = loop {
            tokio::select! {
                changed = frames.changed() => {
                    if changed.is_err() {
                        return End::Gone;
                    }
                    break Message::Text(frames.borrow_and_update().json());
                }
                // Whatever a viewer says is a sign of life; version 1 has nothing for it to say.
                received = socket.recv() => match received {
                    Some(Ok(_)) => heard = Instant::now(),
                    Some(Err(error)) => return refusal(error),
                    None => return End::Gone,
                },
                now = pings.tick() => {
                    if now - heard > limits.idle_timeout {
                        return End::Silent;
                    }
                    break Message::Ping(Bytes::new());
                }
            }
        };
    }
}

/// What to tell a viewer whose input could not be read.
fn refusal(error: Error) -> End {
    let (code, reason) = match error.into_inner().downcast_ref() {
        Some(WebSocketError::Capacity(_)) => (close_code::SIZE, "message too long"),
        Some(WebSocketError::Utf8(_)) => (close_code::INVALID, "text is not UTF-8"),
        Some(WebSocketError::Protocol(_)) => (close_code::PROTOCOL, "not WebSocket"),
        _ => return End::Gone,
    };
    End::Refused(CloseFrame { code, reason: Utf8Bytes::from_static(reason) })
}

/// Closes with the handshake of RFC 6455, for as long as the viewer is worth waiting for.
async fn close(socket: &mut WebSocket, code: u16, reason: &'static str, limits: &Limits) {
    let handshake = async {
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    if timeout(limits.close_timeout, handshake).await.is_err() {
        tracing::debug!("viewer did not answer the close frame");
    }
}
