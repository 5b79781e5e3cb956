//! `GET /api/rooms/{code}/events`: server-sent events, for networks that let no WebSocket through.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Extension, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use daladala_protocol::{Frames, Refusal, ResumeFrom, ServerMessage};
use futures_util::stream;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::Caller;
use super::Refused;
use super::guard::Address;
use crate::access::Share;
use crate::app::{App, text};
use crate::config::Role;
use crate::feed::{Feed, Item, Keeping};
use crate::metrics::{Counted, Metrics, Transport};
use crate::room::{Introduction, RoomFrame, Seat};

/// Tells nginx to pass on what comes as it comes, where its settings do not.
const UNBUFFERED: (&str, &str) = ("x-accel-buffering", "no");

/// What the query may say.
#[derive(Debug, Deserialize)]
pub(super) struct Options {
    frames: Option<Frames>,
    epoch: Option<u64>,
    seq: Option<u64>,
}

/// Bytes that a stream may hold for one who does not read: what the system holds for a connection, and what is made
/// ready beside it.
const STREAM_BYTES: usize = 64 << 10;

/// The stream of one viewer.
struct Following {
    feed: Feed,
    _seat: Seat,
    stop: watch::Receiver<bool>,
    expires: Option<Instant>,
    metrics: Arc<Metrics>,
    /// What it begins with.
    first: VecDeque<Event>,
    /// What is to be sent, not yet written out: most of it is shared with others.
    ready: VecDeque<Item>,
    _counted: Counted,
    _held: Share,
}

/// A room as server-sent events
#[utoipa::path(get, path = "/api/rooms/{code}/events", tag = "watching",
    params(("code" = String, Path), ("frames" = Option<String>, Query, description = "`delta` or `whole`"),
        ("epoch" = Option<u64>, Query), ("seq" = Option<u64>, Query, description = "The last frame received")),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(super) async fn follow(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    Extension(Address(address)): Extension<Address>,
    Path(code): Path<String>,
    options: Result<Query<Options>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Refused> {
    grant.may_in(Role::Watch, &code)?;
    let Query(options) = options.map_err(|error| Refusal::invalid(error.body_text()))?;
    let room = app.rooms.find(&code).await?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(read_id);
    let asked = options.epoch.zip(options.seq).map(|(epoch, seq)| ResumeFrom { epoch, seq });
    let held = app.access.hold_answer(address, STREAM_BYTES)?;
    let seat = room.enter(Introduction::default())?;
    let keeping = Keeping { all: false, whole: options.frames == Some(Frames::Whole) };
    let (feed, resume, missed) = Feed::resume(&room, keeping, last.or(asked));
    let joined = ServerMessage::Joined {
        id: Value::Null,
        room: room.code().to_owned(),
        member: seat.member(),
        key: None,
        resume,
        missed,
    };
    let connection = Uuid::new_v4().simple().to_string();
    tracing::debug!(connection, role = %grant.role, "event stream begun");
    let first = VecDeque::from([named("hello", &app.hello(&grant, &connection)), named("joined", &text(&joined))]);
    let following = Following {
        feed,
        _seat: seat,
        stop: app.stop.subscribe(),
        expires: grant.time_left().map(|left| Instant::now() + left),
        metrics: Arc::clone(&app.metrics),
        first,
        ready: VecDeque::new(),
        _counted: app.metrics.viewer(Transport::ServerSentEvents),
        _held: held,
    };
    let events = stream::unfold(following, |mut following| async move {
        let event = following.next().await?;
        Some((Ok::<_, Infallible>(event), following))
    });
    Ok(([UNBUFFERED], Sse::new(events).keep_alive(KeepAlive::default())))
}

impl Following {
    async fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.first.pop_front() {
            return Some(event);
        }
        let mut items = Vec::new();
        while self.ready.is_empty() {
            tokio::select! {
                filled = self.feed.next(&mut items) => filled.ok()?,
                _ = self.stop.wait_for(|&down| down) => return None,
                () = sleep_until(self.expires.unwrap_or_else(Instant::now)), if self.expires.is_some() => return None,
            }
            self.ready.extend(items.drain(..));
            self.metrics.frames_skipped.inc_by(self.feed.take_skipped());
        }
        let item = self.ready.pop_front()?;
        Some(self.event(item))
    }

    fn event(&self, item: Item) -> Event {
        match item {
            Item::Room(described) => named("room", &described.json()),
            Item::Presence(noted) => named("presence", &noted.json()),
            Item::Event(happened) => {
                self.metrics.events_sent.inc();
                named("event", &happened.json())
            }
            Item::Base(frame) => named("keyframe", &frame.whole_json()),
            Item::Keyframe(frame) => self.frame("keyframe", &frame.whole_json(), &frame),
            Item::Delta(frame) => self.frame("delta", &frame.delta_json(), &frame),
        }
    }

    fn frame(&self, name: &str, json: &str, frame: &RoomFrame) -> Event {
        self.metrics.frames_sent.inc();
        self.metrics.bytes_sent.inc_by(json.len() as u64);
        named(name, json).id(format!("{}-{}", frame.epoch(), frame.seq()))
    }
}

fn named(name: &str, json: &str) -> Event {
    Event::default().event(name).data(json)
}

fn read_id(id: &str) -> Option<ResumeFrom> {
    let (epoch, seq) = id.split_once('-')?;
    Some(ResumeFrom { epoch: epoch.parse().ok()?, seq: seq.parse().ok()? })
}
