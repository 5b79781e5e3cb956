//! `GET /api/rooms/{code}/frames`: polling, for networks that let nothing else through.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use daladala_protocol::{Frames, FramesPage, Refusal, ResumeFrom};
use futures_util::stream;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::guard::Address;
use super::{AsItIs, Caller, Refused};
use crate::access::Share;
use crate::app::App;
use crate::config::Role;
use crate::feed::{Feed, Item, Keeping};
use crate::room::RoomFrame;

/// The most frames of an answer.
const MAX_FRAMES: usize = 600;

/// Frames of an answer that are as much work as a short answer.
const FRAMES_OF_AN_ANSWER: u64 = 16;

/// How long an answer may wait for a frame, seconds: proxies give up after 30 at the earliest.
const MAX_WAIT_SECONDS: f64 = 25.0;
const DEFAULT_WAIT_SECONDS: f64 = 10.0;

/// What the query may say.
#[derive(Debug, Deserialize)]
pub(super) struct Options {
    after: Option<u64>,
    epoch: Option<u64>,
    limit: Option<usize>,
    wait: Option<f64>,
    viewer: Option<String>,
    frames: Option<Frames>,
}

/// What came after a frame
#[utoipa::path(get, path = "/api/rooms/{code}/frames", tag = "watching",
    params(("code" = String, Path), ("after" = Option<u64>, Query, description = "The last frame received"),
        ("epoch" = Option<u64>, Query), ("limit" = Option<usize>, Query, description = "At most 600"),
        ("wait" = Option<f64>, Query, description = "Seconds to wait for a frame, at most 25"),
        ("viewer" = Option<String>, Query, description = "Who asks, a UUID: then one viewer is counted between questions"),
        ("frames" = Option<String>, Query, description = "`delta` or `whole`")),
    responses((status = 200, body = FramesPage), (status = 404, body = super::answer::RefusalBody)))]
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    Extension(Address(address)): Extension<Address>,
    Path(code): Path<String>,
    options: Result<Query<Options>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Refused> {
    grant.may_in(Role::Watch, &code)?;
    let Query(options) = options.map_err(|error| Refusal::invalid(error.body_text()))?;
    let wait = options.wait.unwrap_or(DEFAULT_WAIT_SECONDS);
    if !(0.0..=MAX_WAIT_SECONDS).contains(&wait) {
        return Err(Refusal::invalid(format!("wait is 0 to {MAX_WAIT_SECONDS} seconds")).into());
    }
    let limit = options.limit.unwrap_or(MAX_FRAMES).clamp(1, MAX_FRAMES);
    let room = app.rooms.find(&code).await?;
    let _visit = app.pollers.visit(&room, options.viewer.as_deref(), &app.metrics)?;
    let latest = Arc::clone(&room.now().frame);
    let epoch = options.epoch.unwrap_or(latest.epoch());
    let from = options.after.map(|seq| ResumeFrom { epoch, seq });
    let keeping = Keeping { all: true, whole: options.frames == Some(Frames::Whole) };
    let (mut feed, resume, missed) = Feed::resume(&room, keeping, from);
    app.access.addresses.check(address, (missed.min(limit as u64) / FRAMES_OF_AN_ANSWER) as u32)?;
    let (mut items, mut gathered) = (Vec::new(), Gathered::default());
    let deadline = Instant::now() + Duration::from_secs_f64(wait);
    let mut stop = app.stop.subscribe();
    // What has been missed is there at once; with nothing missed, the first frame to come is waited for.
    let wanted = usize::try_from(missed).unwrap_or(limit).clamp(1, limit);
    while gathered.count < wanted {
        let filled = tokio::select! {
            filled = timeout_at(deadline, feed.next(&mut items)) => filled,
            _ = stop.wait_for(|&down| down) => break,
        };
        let Ok(Ok(())) = filled else { break };
        items.drain(..).for_each(|item| gathered.take(item, limit));
    }
    app.metrics.frames_sent.inc_by(gathered.count as u64);
    let room = room.now();
    let page = FramesPage {
        role: grant.role,
        epoch: room.frame.epoch(),
        resume,
        room: RawValue::from_string(room.described.json().to_string()).unwrap_or_default(),
        next: gathered.last.or(options.after).unwrap_or(latest.seq()),
        frames: Vec::new(),
    };
    let (head, tail) = around_frames(&page).ok_or_else(Refusal::internal)?;
    let length = head.len() + gathered.length() + tail.len();
    let share = app.access.hold_answer(address, length)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CONTENT_LENGTH, HeaderValue::from(length)),
    ];
    Ok((headers, Extension(AsItIs), body(head, gathered.frames, tail, share)).into_response())
}

/// What comes before the frames of a page without any, and what comes after them.
fn around_frames(page: &FramesPage) -> Option<(String, String)> {
    const NO_FRAMES: &str = "\"frames\":[]";
    let text = serde_json::to_string(page).ok()?;
    // The room comes before them, whatever is in it.
    let (head, tail) = text.split_at(text.rfind(NO_FRAMES)? + NO_FRAMES.len() - 1);
    Some((head.to_owned(), tail.to_owned()))
}

/// The answer, of which frames are a part as they are: whoever asks for the same shares them.
fn body(head: String, frames: Vec<(Arc<RoomFrame>, Form)>, tail: String, share: Share) -> Body {
    let frames = frames.into_iter().enumerate().flat_map(|(place, (frame, form))| {
        let comma = if place == 0 { Bytes::new() } else { Bytes::from_static(b",") };
        [comma, form.json(&frame)]
    });
    let parts = std::iter::once(Bytes::from(head)).chain(frames).chain(std::iter::once(Bytes::from(tail)));
    Body::from_stream(stream::iter(parts.map(move |part| {
        // It is given back when the last of it has been taken.
        let _share = &share;
        Ok::<_, std::convert::Infallible>(part)
    })))
}

/// How a frame is written.
#[derive(Debug, Clone, Copy)]
enum Form {
    Whole,
    Delta,
}

impl Form {
    fn json(self, frame: &RoomFrame) -> Bytes {
        match self {
            Self::Whole => frame.whole_json(),
            Self::Delta => frame.delta_json(),
        }
        .into()
    }
}

#[derive(Default)]
struct Gathered {
    frames: Vec<(Arc<RoomFrame>, Form)>,
    /// Without those that only serve as a base.
    count: usize,
    last: Option<u64>,
}

impl Gathered {
    fn take(&mut self, item: Item, limit: usize) {
        if self.count >= limit {
            return;
        }
        let (form, frame) = match item {
            Item::Base(frame) => return self.frames.push((frame, Form::Whole)),
            Item::Keyframe(frame) => (Form::Whole, frame),
            Item::Delta(frame) => (Form::Delta, frame),
            Item::Room(_) | Item::Event(_) | Item::Presence(_) => return,
        };
        self.count += 1;
        self.last = Some(frame.seq());
        self.frames.push((frame, form));
    }

    /// Bytes of the frames with the commas between them.
    fn length(&self) -> usize {
        let frames: usize = self.frames.iter().map(|(frame, form)| form.json(frame).len()).sum();
        frames + self.frames.len().saturating_sub(1)
    }
}
