//! One client's WebSocket, from its first message to its close code.
//!
//! A session takes from its feed when it is ready to send and holds nothing back, so a slow viewer skips frames, costs
//! no memory that grows, and is let go when it takes no message for [`Limits::write_timeout`].

mod seat;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use daladala_protocol::{Envelope, Join, Kind, Request};
use futures_util::SinkExt;
use serde_json::Value;
use tokio::task::yield_now;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Error as WebSocketError;
use uuid::Uuid;

use crate::access::{Asking, Grant, RequestLimit};
use crate::answers::IdempotencyKey;
use crate::app::{App, text};
use crate::commands::Asked;
use crate::feed::{FeedEnd, Item};
use crate::metrics::Transport;
use crate::room::RoomFrame;
pub(crate) use seat::{Seated, answer, refused};

/// The application's close codes; `docs/PROTOCOL.md` lists them.
const TOKEN_EXPIRED: u16 = 4001;
const UNKNOWN_SUBPROTOCOL: u16 = 4002;
const TOO_SLOW: u16 = 4008;
const TOO_MANY_REQUESTS: u16 = 4029;

/// How frames are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Binary,
    Json,
    /// JSON, and frames whole unless asked for otherwise: without a subprotocol.
    Plain,
    /// A subprotocol of another version, in which nothing can be said but hello.
    Unknown,
}

/// What a session begins with.
pub(crate) struct Beginning {
    pub(crate) encoding: Encoding,
    pub(crate) grant: Grant,
    /// What the requests are counted for.
    pub(crate) address: IpAddr,
    /// The room that the address names.
    pub(crate) join: Option<Join>,
}

/// Why a session ended.
#[derive(Debug)]
enum End {
    /// The client left, or the connection broke.
    Gone,
    /// The client took no message for the write timeout.
    Stuck,
    /// The client answered no ping for the idle timeout.
    Silent,
    /// The client broke a limit or the protocol.
    Refused(CloseFrame),
    /// The session cannot go on; the client is told why.
    Over(u16, &'static str),
}

impl End {
    fn reason(&self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Stuck => "stuck",
            Self::Silent => "silent",
            Self::Refused(_) => "refused",
            Self::Over(close_code::AWAY, _) => "shutdown",
            Self::Over(TOKEN_EXPIRED, _) => "expired",
            Self::Over(TOO_SLOW, _) => "slow",
            Self::Over(UNKNOWN_SUBPROTOCOL, _) => "version",
            Self::Over(..) => "flood",
        }
    }
}

/// Serves the client at the other end of `socket` until one of them is gone or the server shuts down.
pub(crate) async fn run(mut socket: WebSocket, app: Arc<App>, beginning: Beginning) {
    let _counted = app.metrics.viewer(Transport::WebSocket);
    let mut shutdown = app.stop.subscribe();
    let mut session = Session::new(&app, &beginning);
    tracing::debug!(connection = session.connection, role = %session.grant.role, "session begun");
    // Leaving off in the middle of a write is fine: the rest of the message stays in the socket's buffer, and the
    // close frame queues up behind it.
    let end = tokio::select! {
        end = session.follow(&mut socket, beginning.join) => end,
        _ = shutdown.wait_for(|&down| down) => End::Over(close_code::AWAY, "server shutting down"),
    };
    tracing::debug!(connection = session.connection, ?end, "session ended");
    drop(session);
    app.metrics.session_ended(end.reason());
    let close_timeout = app.limits.close_timeout;
    match end {
        End::Gone | End::Stuck | End::Silent => {}
        End::Refused(frame) => {
            let closing = socket.send(Message::Close(Some(frame)));
            // The socket can no longer be read, and closing a connection with unread input resets it, which may
            // overtake the close frame. So the client gets time to read that first.
            if matches!(timeout(close_timeout, closing).await, Ok(Ok(()))) {
                tokio::time::sleep(close_timeout).await;
            }
        }
        End::Over(code, reason) => close(&mut socket, code, reason, close_timeout).await,
    }
}

struct Session<'a> {
    app: &'a App,
    encoding: Encoding,
    grant: Grant,
    /// What the connection is called in the log.
    connection: String,
    address: IpAddr,
    requests: RequestLimit,
    seated: Option<Seated>,
    heard: Instant,
}

impl<'a> Session<'a> {
    fn new(app: &'a App, beginning: &Beginning) -> Self {
        Self {
            app,
            encoding: beginning.encoding,
            grant: beginning.grant.clone(),
            connection: Uuid::new_v4().simple().to_string(),
            address: beginning.address,
            requests: RequestLimit::new(&app.limits),
            seated: None,
            heard: Instant::now(),
        }
    }

    /// Sends and answers until something ends it.
    async fn follow(&mut self, socket: &mut WebSocket, join: Option<Join>) -> End {
        let limits = self.app.limits;
        let mut items = Vec::new();
        let mut answer = vec![Message::Text(self.app.hello(&self.grant, &self.connection))];
        if self.encoding == Encoding::Unknown {
            // Whoever leaves before the hello has learned as much.
            _ = timeout(limits.write_timeout, self.send(socket, &mut answer, &mut items)).await;
            return End::Over(UNKNOWN_SUBPROTOCOL, "unknown subprotocol");
        }
        if let Some(join) = join {
            let plain = self.encoding == Encoding::Plain;
            let joined = seat::join(self.app, &self.grant, &mut self.seated, plain, &Value::Null, join).await;
            answer.push(Message::Text(text(&joined.unwrap_or_else(|refusal| refused(&Value::Null, &refusal)))));
        }
        let mut silence = std::pin::pin!(sleep_until(self.heard + limits.idle_timeout));
        let mut pings = interval_at(self.heard + limits.ping_interval, limits.ping_interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let expires = self.grant.time_left().map(|left| Instant::now() + left);
        loop {
            match timeout(limits.write_timeout, self.send(socket, &mut answer, &mut items)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::debug!(%error, "a message could not be sent");
                    return End::Gone;
                }
                Err(_) => return End::Stuck,
            }
            tokio::select! {
                filled = next_items(self.seated.as_mut(), &mut items) => match filled {
                    Ok(()) => {}
                    Err(FeedEnd::Closed) => self.seated = None,
                    Err(FeedEnd::TooSlow) => return End::Over(TOO_SLOW, "too slow"),
                },
                received = socket.recv() => {
                    self.heard = Instant::now();
                    match received {
                        Some(Ok(Message::Text(text))) => answer.push(self.answer(&text).await),
                        // A request is text.
                        Some(Ok(Message::Binary(_))) => answer.push(self.answer("").await),
                        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => {}
                        Some(Err(error)) => return unreadable(error),
                        None => return End::Gone,
                    }
                    if self.requests.is_exhausted() {
                        return End::Over(TOO_MANY_REQUESTS, "too many requests");
                    }
                    // One message a turn: however many a client has sent, the frames of others come between.
                    yield_now().await;
                }
                _ = pings.tick() => answer.push(Message::Ping(Bytes::new())),
                () = &mut silence => {
                    let until = self.heard + limits.idle_timeout;
                    if until <= Instant::now() {
                        return End::Silent;
                    }
                    silence.as_mut().reset(until);
                }
                () = sleep_until(expires.unwrap_or_else(Instant::now)), if expires.is_some() => {
                    return End::Over(TOKEN_EXPIRED, "token expired");
                }
            }
        }
    }

    /// Writes all of it in one go.
    async fn send(
        &mut self,
        socket: &mut WebSocket,
        answer: &mut Vec<Message>,
        items: &mut Vec<Item>,
    ) -> Result<(), axum::Error> {
        for message in answer.drain(..) {
            socket.feed(message).await?;
        }
        let (mut frames, mut events, mut bytes) = (0, 0, 0);
        for item in items.drain(..) {
            let message = match item {
                Item::Room(described) => Message::Text(described.json()),
                Item::Presence(noted) => Message::Text(noted.json()),
                Item::Event(happened) => {
                    events += 1;
                    Message::Text(happened.json())
                }
                Item::Base(frame) => self.whole(&frame),
                Item::Keyframe(frame) => {
                    frames += 1;
                    self.whole(&frame)
                }
                Item::Delta(frame) => {
                    frames += 1;
                    match self.encoding {
                        Encoding::Binary => Message::Binary(frame.delta_binary()),
                        Encoding::Json | Encoding::Plain | Encoding::Unknown => Message::Text(frame.delta_json()),
                    }
                }
            };
            bytes += match &message {
                Message::Text(text) => text.len(),
                Message::Binary(bytes) => bytes.len(),
                Message::Ping(_) | Message::Pong(_) | Message::Close(_) => 0,
            };
            socket.feed(message).await?;
        }
        socket.flush().await?;
        let metrics = &self.app.metrics;
        metrics.frames_sent.inc_by(frames);
        metrics.events_sent.inc_by(events);
        metrics.bytes_sent.inc_by(bytes as u64);
        if let Some(seated) = &mut self.seated {
            metrics.frames_skipped.inc_by(seated.feed.take_skipped());
        }
        Ok(())
    }

    fn whole(&self, frame: &RoomFrame) -> Message {
        match self.encoding {
            Encoding::Binary => Message::Binary(frame.whole_binary()),
            Encoding::Json | Encoding::Plain | Encoding::Unknown => Message::Text(frame.whole_json()),
        }
    }

    /// The answer to whatever a client has said.
    async fn answer(&mut self, said: &str) -> Message {
        let Envelope { id, request, idempotency_key, said } = Envelope::read(said);
        let key = idempotency_key.map(|key| IdempotencyKey::new(&key)).transpose();
        let asking = match &request {
            Ok(Request::Step { .. }) if self.steps_a_driven_room() => Asking::Step,
            _ => Asking::Anything,
        };
        let of_address = || self.app.access.addresses.check(self.address, 1);
        let granted = self.requests.check(asking, of_address);
        let plain = self.encoding == Encoding::Plain;
        let answered = match granted.and(request).and_then(|request| Ok((request, key?))) {
            Ok((request, key)) => {
                answer(self.app, &self.grant, &mut self.seated, plain, &id, Asked { request, key, said }).await
            }
            Err(refusal) => Err(refusal),
        };
        self.app.metrics.request(answered.is_ok());
        Message::Text(text(&answered.unwrap_or_else(|refusal| refused(&id, &refusal))))
    }

    /// Whether a step is of a room that moves only by steps.
    fn steps_a_driven_room(&self) -> bool {
        self.seated.as_ref().is_some_and(|seated| seated.feed.room().now().described.info().kind == Kind::Driven)
    }
}

/// The next of a feed; never, without one.
pub(crate) async fn next_items(seated: Option<&mut Seated>, items: &mut Vec<Item>) -> Result<(), FeedEnd> {
    match seated {
        Some(seated) => seated.feed.next(items).await,
        None => std::future::pending().await,
    }
}

/// What to tell a client whose input could not be read.
fn unreadable(error: axum::Error) -> End {
    let (code, reason) = match error.into_inner().downcast_ref() {
        Some(WebSocketError::Capacity(_)) => (close_code::SIZE, "message too long"),
        Some(WebSocketError::Utf8(_)) => (close_code::INVALID, "text is not UTF-8"),
        Some(WebSocketError::Protocol(_)) => (close_code::PROTOCOL, "not WebSocket"),
        _ => return End::Gone,
    };
    End::Refused(CloseFrame { code, reason: Utf8Bytes::from_static(reason) })
}

/// Closes with the handshake of RFC 6455, for as long as the client is worth waiting for.
async fn close(socket: &mut WebSocket, code: u16, reason: &'static str, time: Duration) {
    let handshake = async {
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    if timeout(time, handshake).await.is_err() {
        tracing::debug!("client did not answer the close frame");
    }
}
