//! The original's Socket.IO events, in both spellings.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use daladala_protocol::Refusal;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use socketioxide::adapter::Adapter;
use socketioxide::extract::{AckSender, Event as Name, SocketRef, TryData};
use socketioxide::handler::{ConnectHandler, FromMessageParts, Value as Raw};
use socketioxide::layer::SocketIoLayer;
use socketioxide::socket::{Sid, Socket};
use socketioxide::{SocketIo, TransportType};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};

use super::native;
use super::relay::{BOTH_NAMES, RESET, Relay, STARTED, Telling, Voice, What, socket_of};
use super::sessions::Sessions;
use super::{Driving, action_of, drive, room};
use crate::access::{Asking, Excess, Grant, RequestLimit, Share};
use crate::app::{App, MAX_MESSAGE_BYTES};
use crate::config::Role;
use crate::feed::FeedEnd;
use crate::http::Address;
use crate::room::{Room, RoomFrame};
use crate::rooms::ORIGINAL;
use crate::session::next_items;

/// Bytes of a request, by either transport: far above what these clients send.
const MAX_PAYLOAD_BYTES: usize = 16 * 1024;

/// Bytes of a connection's read buffer: these clients say little.
const READ_BUFFER_BYTES: usize = 4096;

/// Packets that may wait for a client, which share the text of what is told to all: what a burst of requests leads to,
/// in both spellings, and as much again. Above that, it misses some.
const MAX_WAITING_PACKETS: usize = 2048;

/// The only field of an event that is looked at.
const ACTION: &str = "action";

/// The longest text in it: the name of an action.
const MAX_TEXT_BYTES: usize = 64;

/// Requests that may wait for their turn, of one client.
const MAX_WAITING_REQUESTS: usize = 512;

/// What may wait to be told; whoever has more to tell waits.
const MAX_WAITING_TELLINGS: usize = 1024;

/// Between two pings, as the original has it.
const PING_INTERVAL: Duration = Duration::from_secs(25);

/// For the answer to one, as the original has it: a page that is busy for as long is not dropped.
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// For a connection to join the namespace.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What a client says in its `auth` or its query to be told each event once: `names` is this.
const DASHES: &str = "dashes";

/// Who has connected.
#[derive(Clone)]
struct Client {
    /// What it may do.
    grant: Grant,
    /// Among the clients of its address.
    _place: Arc<Share>,
}

/// Something that a client has said.
struct Said {
    event: &'static str,
    payload: Payload,
    acknowledgement: AckSender,
}

/// What comes with an event: the first thing sent with it, nothing, or what cannot be read as JSON.
pub(super) struct Payload(pub(super) Option<Result<Value, ()>>);

impl<A: Adapter> FromMessageParts<A> for Payload {
    type Error = Infallible;

    fn from_message_parts(socket: &Arc<Socket<A>>, raw: &mut Raw, id: &Option<i64>) -> Result<Self, Infallible> {
        // The event's name is the first of what is sent.
        let alone = match &raw {
            Raw::Str(text, _) => serde_json::from_str::<Vec<IgnoredAny>>(text).is_ok_and(|sent| sent.len() <= 1),
            Raw::Bytes(_) => false,
        };
        let read = TryData::<Value>::from_message_parts(socket, raw, id);
        Ok(Self((!alone).then(|| read.map_or(Err(()), |TryData(data)| data.map_err(|_| ())))))
    }
}

/// What the handlers work on.
#[derive(Clone)]
struct Events {
    app: Arc<App>,
    voice: Voice,
    tellings: mpsc::Sender<Telling>,
    sessions: Arc<Sessions>,
    /// Told when a client has come.
    came: Arc<Notify>,
}

/// The layer that takes `/socket.io/`, and its handle. Needs a runtime.
pub(super) fn build(app: &Arc<App>, sessions: &Arc<Sessions>, underscored: bool) -> (SocketIoLayer, SocketIo) {
    let builder = SocketIo::builder();
    let builder = if app.websocket { builder } else { builder.transports([TransportType::Polling]) };
    let (layer, io) = builder
        .max_payload(MAX_PAYLOAD_BYTES as u64)
        .ws_max_message_size(MAX_PAYLOAD_BYTES)
        .ws_max_frame_size(MAX_PAYLOAD_BYTES)
        .ws_read_buffer_size(READ_BUFFER_BYTES)
        .max_buffer_size(MAX_WAITING_PACKETS)
        .ping_interval(PING_INTERVAL)
        .ping_timeout(PING_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .build_layer();
    let voice = Voice { underscored };
    let (telling, tellings) = mpsc::channel(MAX_WAITING_TELLINGS);
    let sessions = Arc::clone(sessions);
    let came = Arc::new(Notify::new());
    let events =
        Events { app: Arc::clone(app), voice: voice.clone(), tellings: telling, sessions, came: Arc::clone(&came) };
    let admitting = Arc::clone(app);
    let admit = async move |socket: SocketRef, TryData(auth): TryData<Value>| {
        admit(&admitting, &socket, auth.ok().as_ref()).map_err(|refusal| refusal.message)
    };
    let connect = async move |socket: SocketRef, io: SocketIo| events.connect(&socket, io);
    io.ns("/", connect.with(admit));
    tokio::spawn(Relay { io: io.clone(), voice, tellings, came }.run(Arc::clone(app)));
    (layer, io)
}

/// Decides what a client may do: by the token in its `auth`, its headers or its query.
fn admit(app: &App, socket: &SocketRef, auth: Option<&Value>) -> Result<(), Refusal> {
    let request = socket.req_parts();
    let given = auth.and_then(|auth| auth.get("token")?.as_str()).filter(|token| !token.is_empty()).map(str::to_owned);
    let grant = app.access.admit(&request.headers, &request.uri, given)?;
    grant.may_in(Role::Watch, ORIGINAL)?;
    let address = request.extensions.get::<Address>().map_or(Ipv4Addr::UNSPECIFIED.into(), |&Address(address)| address);
    let place = Arc::new(app.access.hold_original(address)?);
    let names = |auth: &Value| Some(auth.get("names")?.as_str()? == DASHES);
    let asked =
        || request.uri.query()?.split('&').find_map(|pair| pair.strip_prefix("names=")).map(|names| names == DASHES);
    if !auth.and_then(names).or_else(asked).unwrap_or(false) {
        socket.join(BOTH_NAMES);
    }
    socket.extensions.insert(Client { grant, _place: place });
    Ok(())
}

/// Whether an event is what a program that drives the room sends again and again.
fn is_of_driving(event: &str) -> bool {
    matches!(event, "step" | "reset" | "start-episode")
}

/// The name of an event, in the spelling with dashes; none for what is not known.
fn known(event: &str) -> &'static str {
    const EVENTS: [&str; 5] = ["start-episode", "reset", "step", "get-state", native::REQUEST];
    EVENTS.into_iter().find(|known| *known == event.replace('_', "-")).unwrap_or_default()
}

impl Payload {
    /// What is needed of it, with no room for what is not: hundreds may wait, and of 16 KiB of JSON each could make
    /// megabytes.
    fn small(self, event: &str) -> Self {
        if event == native::REQUEST {
            let text = |read: Result<Value, ()>| read.map(|request| request.to_string());
            let is_short = |text: &String| text.len() <= MAX_MESSAGE_BYTES;
            return Self(self.0.map(|read| text(read).ok().filter(is_short).map(Value::String).ok_or(())));
        }
        let is_short = |value: &Value| match value {
            Value::Array(_) | Value::Object(_) => false,
            Value::String(text) => text.len() <= MAX_TEXT_BYTES,
            Value::Null | Value::Bool(_) | Value::Number(_) => true,
        };
        Self(self.0.map(|read| match read? {
            Value::Object(mut fields) => match fields.remove(ACTION) {
                None => Ok(Value::Object(serde_json::Map::new())),
                Some(action) if is_short(&action) => Ok(json!({ ACTION: action })),
                Some(_) => Err(()),
            },
            short if is_short(&short) => Ok(short),
            _ => Err(()),
        }))
    }
}

impl Events {
    fn connect(&self, socket: &SocketRef, io: SocketIo) {
        let opening = socket.req_parts();
        self.sessions.open(socket.id.as_str(), &opening.headers, &opening.uri);
        let sessions = Arc::clone(&self.sessions);
        socket.on_disconnect(move |socket: SocketRef| {
            sessions.close(socket.id.as_str());
            std::future::ready(())
        });
        // Handlers run side by side; what one client asks has to be done in order, so it goes through a queue.
        let (queue, said) = mpsc::channel(MAX_WAITING_REQUESTS);
        let events = self.clone();
        let excess = Arc::new(Mutex::new(Excess::default()));
        let hear = move |socket: SocketRef, Name(event): Name, payload: Payload, acknowledgement: AckSender| {
            let said = Said { event: known(&event), payload: payload.small(&event), acknowledgement };
            let waits = queue.try_send(said).is_ok();
            let mut excess = excess.lock().unwrap_or_else(PoisonError::into_inner);
            excess.note(waits);
            if excess.is_too_much() {
                // It may be leaving just now.
                _ = socket.disconnect();
            } else if !waits {
                events.refuse(&socket, &Refusal::rate_limited(1000));
            }
            std::future::ready(())
        };
        socket.on_fallback(hear);
        let Some(client) = socket.extensions.get::<Client>() else { return };
        self.came.notify_one();
        tokio::spawn(self.clone().serve(io, socket.id, client, said));
    }

    /// Answers one client until it is gone.
    async fn serve(self, io: SocketIo, id: Sid, client: Client, mut said: mpsc::Receiver<Said>) {
        let there = room(&self.app).await;
        let Some(socket) = socket_of(&io, id) else { return };
        match there {
            Ok(room) => {
                let status = json!({
                    "status": "connected",
                    "model_loaded": true,
                    "env_ready": true,
                    "algorithm": room.summary().model.to_uppercase(),
                });
                self.voice.tell(&socket, "connection-status", &status);
            }
            Err(refusal) => self.refuse(&socket, &refusal),
        }
        drop(socket);
        let mut requests = RequestLimit::new(&self.app.limits);
        let expires = client.grant.time_left().map(|left| Instant::now() + left);
        // A place in a room, for one who has asked for it.
        let (mut seated, mut items) = (None, Vec::new());
        loop {
            let heard = tokio::select! {
                heard = said.recv() => heard,
                filled = next_items(seated.as_mut(), &mut items) => {
                    let Some(socket) = socket_of(&io, id) else { return };
                    native::show(&self.app, &socket, &mut items);
                    match filled {
                        Ok(()) => {}
                        Err(FeedEnd::Closed) => seated = None,
                        Err(FeedEnd::TooSlow) => {
                            // It may be leaving just now.
                            _ = socket.disconnect();
                            return;
                        }
                    }
                    continue;
                }
                () = sleep_until(expires.unwrap_or_else(Instant::now)), if expires.is_some() => {
                    if let Some(socket) = socket_of(&io, id) {
                        // It may be leaving just now.
                        _ = socket.disconnect();
                    }
                    return;
                }
            };
            // The handler that fills the queue goes with its socket.
            let Some(Said { event, payload, acknowledgement }) = heard else { return };
            // Steps may come in a hurry: they wait their turn rather than being refused.
            let asking = if is_of_driving(event) { Asking::Step } else { Asking::Anything };
            while let Err(refusal) = requests.check(asking, || Ok(())) {
                tokio::time::sleep(Duration::from_millis(refusal.retry_after_ms.unwrap_or(1))).await;
            }
            let Some(socket) = socket_of(&io, id) else { return };
            if event == native::REQUEST {
                let (granted, answer) = native::ask(&self.app, &client.grant, &mut seated, payload).await;
                self.app.metrics.request(granted);
                native::tell(&socket, &answer);
                if let Err(error) = acknowledgement.send(&answer) {
                    tracing::debug!(%error, "a client misses an acknowledgement");
                }
                continue;
            }
            let answered = self.answer(id, &client.grant, event, payload).await;
            self.app.metrics.request(answered.is_ok());
            let frame = answered.unwrap_or_else(|refusal| {
                self.refuse(&socket, &refusal);
                None
            });
            self.tell(Telling { frame, what: What::Answered(acknowledgement) }).await;
        }
    }

    /// Does what an event asks for; the frame that came of it.
    async fn answer(
        &self,
        id: Sid,
        grant: &Grant,
        event: &str,
        Payload(payload): Payload,
    ) -> Result<Option<Arc<RoomFrame>>, Refusal> {
        let room = room(&self.app).await?;
        let frame = match event {
            "start-episode" => {
                grant.may_in(Role::Drive, ORIGINAL)?;
                self.ask(&room, What::Begun { event: STARTED }, Driving::Reset { seed: None }).await?
            }
            "reset" => {
                grant.may_in(Role::Drive, ORIGINAL)?;
                self.ask(&room, What::Begun { event: RESET }, Driving::Reset { seed: None }).await?
            }
            "step" => {
                grant.may_in(Role::Drive, ORIGINAL)?;
                let action = match payload {
                    None | Some(Ok(Value::Null)) => None,
                    Some(Ok(fields @ Value::Object(_))) => action_of(&fields)?,
                    Some(Ok(_) | Err(())) => {
                        let message = "step: needed is an object, such as {\"action\": 0}, or nothing";
                        return Err(Refusal::invalid(message));
                    }
                };
                drive(&room, Driving::Step { action }).await?.frame
            }
            "get-state" => self.ask(&room, What::Frame { to: id }, Driving::Look).await?,
            // As in the original, what is not known is passed over.
            _ => return Ok(None),
        };
        Ok(Some(frame))
    }

    /// Has the room do something, and tells of the frame that comes of it before the next one is made.
    async fn ask(&self, room: &Arc<Room>, what: What, driving: Driving) -> Result<Arc<RoomFrame>, Refusal> {
        let place = self.tellings.clone().reserve_owned().await.map_err(|_| Refusal::internal())?;
        if room.owner().is_some() {
            let frame = drive(room, driving).await?.frame;
            place.send(Telling { frame: Some(Arc::clone(&frame)), what });
            return Ok(frame);
        }
        room.ask(move |actor| {
            let frame = driving.run(actor)?.frame;
            place.send(Telling { frame: Some(Arc::clone(&frame)), what });
            Ok(frame)
        })
        .await
    }

    async fn tell(&self, telling: Telling) {
        // The relay ends with the server.
        _ = self.tellings.send(telling).await;
    }

    fn refuse(&self, socket: &SocketRef, refusal: &Refusal) {
        self.voice.tell(socket, "error", &json!({ "message": refusal.message, "code": refusal.code }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half a thousand of them wait for a client that sends more than it may.
    #[test]
    fn of_what_comes_with_an_event_only_what_is_needed_is_kept() {
        let small = |sent: Value| Payload(Some(Ok(sent))).small("step").0;
        let long = "x".repeat(1000);
        assert_eq!(small(json!({ "action": 3, "more": [[[]]] })), Some(Ok(json!({ "action": 3 }))));
        assert_eq!(small(json!({ "more": long })), Some(Ok(json!({}))));
        assert_eq!(small(json!("Move")), Some(Ok(json!("Move"))));
        for large in [json!({ "action": { "": {} } }), json!({ "action": long }), json!([0, 0]), json!(long)] {
            assert_eq!(small(large), Some(Err(())));
        }
        assert_eq!(Payload(None).small("step").0, None);
        let request = |sent: Value| Payload(Some(Ok(sent))).small(native::REQUEST).0;
        assert_eq!(request(json!({ "type": "live" })), Some(Ok(json!(r#"{"type":"live"}"#))));
        assert_eq!(request(json!({ "type": "x".repeat(MAX_MESSAGE_BYTES) })), Some(Err(())));
        assert_eq!(["start_episode", "get-state", "x"].map(known), ["start-episode", "get-state", ""]);
    }
}
