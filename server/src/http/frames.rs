//! `GET /api/rooms/{code}/frames`: polling, for networks that let nothing else through.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::ws::Utf8Bytes;
use axum::extract::{Path, Query, State};
use daladala_protocol::{Frames, FramesPage, Refusal, ResumeFrom};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::Caller;
use super::Refused;
use crate::app::App;
use crate::config::Role;
use crate::feed::{Feed, Item, Keeping};

/// The most frames of an answer.
const MAX_FRAMES: usize = 600;

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
    Path(code): Path<String>,
    options: Result<Query<Options>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<FramesPage>, Refused> {
    grant.may_in(Role::Watch, &code)?;
    let Query(options) = options.map_err(|error| Refusal::invalid(error.body_text()))?;
    let wait = options.wait.unwrap_or(DEFAULT_WAIT_SECONDS);
    if !(0.0..=MAX_WAIT_SECONDS).contains(&wait) {
        return Err(Refusal::invalid(format!("wait is 0 to {MAX_WAIT_SECONDS} seconds")).into());
    }
    let limit = options.limit.unwrap_or(MAX_FRAMES).clamp(1, MAX_FRAMES);
    let room = app.rooms.find(&code)?;
    let _visit = app.pollers.visit(&room, options.viewer.as_deref(), &app.metrics)?;
    let latest = Arc::clone(&room.now().frame);
    let epoch = options.epoch.unwrap_or(latest.epoch());
    let from = options.after.map(|seq| ResumeFrom { epoch, seq });
    let keeping = Keeping { all: true, whole: options.frames == Some(Frames::Whole) };
    let (mut feed, resume, missed) = Feed::resume(&room, keeping, from);
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
    Ok(Json(FramesPage {
        role: grant.role,
        epoch: room.now().frame.epoch(),
        resume,
        room: raw(&room.now().described.json()),
        next: gathered.last.or(options.after).unwrap_or(latest.seq()),
        frames: gathered.frames,
    }))
}

#[derive(Default)]
struct Gathered {
    frames: Vec<Box<RawValue>>,
    /// Without those that only serve as a base.
    count: usize,
    last: Option<u64>,
}

impl Gathered {
    fn take(&mut self, item: Item, limit: usize) {
        if self.count >= limit {
            return;
        }
        let (json, frame) = match item {
            Item::Base(frame) => return self.frames.push(raw(&frame.whole_json())),
            Item::Keyframe(frame) => (frame.whole_json(), frame),
            Item::Delta(frame) => (frame.delta_json(), frame),
            Item::Room(_) | Item::Event(_) | Item::Presence(_) => return,
        };
        self.frames.push(raw(&json));
        self.count += 1;
        self.last = Some(frame.seq());
    }
}

fn raw(json: &Utf8Bytes) -> Box<RawValue> {
    RawValue::from_string(json.to_string()).unwrap_or_default()
}
