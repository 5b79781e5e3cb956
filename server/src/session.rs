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
use daladala_protocol::{Code, Envelope, Frames, Join, Kind, Refusal, Request, ServerMessage};
use futures_util::SinkExt;
use serde_json::Value;
use tokio::task::yield_now;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Error as WebSocketError;
use uuid::Uuid;

use crate::access::{Asking, Grant, RequestLimit};
use crate::answers::IdempotencyKey;
use crate::app::{App, text};
use crate::commands::{self, Asked, Asker};
use crate::config::Role;
use crate::feed::{FeedEnd, Item};
use crate::metrics::Transport;
use crate::room::{RoomFrame, milliseconds_since_1970};
use seat::Seated;

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
            answer.push(self.join(&Value::Null, join));
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
        let answered = match granted.and(request).and_then(|request| Ok((request, key?))) {
            Ok((request, key)) => self.request(&id, Asked { request, key, said }).await,
            Err(refusal) => Err(refusal),
        };
        self.app.metrics.request(answered.is_ok());
        answered.unwrap_or_else(|refusal| refused(&id, &refusal))
    }

    async fn request(&mut self, id: &Value, mut what: Asked) -> Result<Message, Refusal> {
        let reply = |result: Value| Message::Text(text(&ServerMessage::Reply { id: id.clone(), result }));
        match what.request {
            Request::Ping { sent } => {
                return Ok(Message::Text(text(&ServerMessage::Pong {
                    id: id.clone(),
                    sent,
                    time: milliseconds_since_1970() as f64,
                })));
            }
            Request::Join(join) => return Ok(self.join(id, join)),
            Request::Leave => {
                self.seated()?;
                self.seated = None;
                return Ok(reply(Value::Object(serde_json::Map::new())));
            }
            Request::Seek { seq, play } => {
                self.seated()?.feed.seek(seq, play)?;
                return Ok(reply(serde_json::json!({ "seq": seq })));
            }
            Request::Live => {
                let seq = self.seated()?.feed.live();
                return Ok(reply(serde_json::json!({ "seq": seq })));
            }
            request => what.request = request,
        }
        let mut asker = Asker { grant: self.grant.clone(), member: None };
        let mut room = None;
        if !what.request.is_of_server() {
            let seated = self.seated()?;
            asker.member = Some(seated.seat.member());
            room = Some(Arc::clone(seated.feed.room()));
        }
        commands::answer(&self.app.rooms, room.as_ref(), asker, what).await.map(reply)
    }

    /// Whether a step is of a room that moves only by steps.
    fn steps_a_driven_room(&self) -> bool {
        self.seated.as_ref().is_some_and(|seated| seated.feed.room().now().described.info().kind == Kind::Driven)
    }

    fn seated(&mut self) -> Result<&mut Seated, Refusal> {
        self.seated.as_mut().ok_or_else(|| Refusal::new(Code::NotJoined, "no room is joined: send a join first"))
    }

    fn join(&mut self, id: &Value, join: Join) -> Message {
        let whole = match join.frames {
            Some(frames) => frames == Frames::Whole,
            None => self.encoding == Encoding::Plain,
        };
        let may_drive = self.grant.role >= Role::Drive;
        let room = self.grant.may_in(Role::Watch, &join.room).and_then(|()| self.app.rooms.find(&join.room));
        // The old place is given up when the new one is had, so a join that fails changes nothing.
        let entered = room.and_then(|room| Seated::enter(&room, join, whole, may_drive));
        match entered {
            Ok((seated, resume, missed)) => {
                let (room, member) = (seated.feed.room().code(), seated.seat.member());
                let joined = ServerMessage::Joined {
                    id: id.clone(),
                    room: room.to_owned(),
                    member,
                    key: seated.seat.key().map(str::to_owned),
                    resume,
                    missed,
                };
                let message = Message::Text(text(&joined));
                self.seated = Some(seated);
                message
            }
            Err(refusal) => refused(id, &refusal),
        }
    }
}

/// The message `error`.
fn refused(id: &Value, refusal: &Refusal) -> Message {
    Message::Text(text(&ServerMessage::Error {
        id: id.clone(),
        code: refusal.code,
        message: refusal.message.clone(),
        retryable: refusal.code.retryable(),
        retry_after_ms: refusal.retry_after_ms,
    }))
}

/// The next of a feed; never, without one.
async fn next_items(seated: Option<&mut Seated>, items: &mut Vec<Item>) -> Result<(), FeedEnd> {
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
