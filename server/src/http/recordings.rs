//! Recordings over HTTP.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use daladala_protocol::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Caller;
use super::Refused;
use crate::app::App;
use crate::config::Role;
use crate::recording::RecordingSummary;

/// The recordings.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecordingList {
    recordings: Vec<RecordingSummary>,
    /// Of all together.
    bytes: u64,
    /// The most that they may take.
    max_bytes: u64,
    /// The most that there may be.
    max_recordings: usize,
}

/// What is to be left.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Cleaning {
    /// The most recordings; as many as there are if this is left out.
    #[serde(default)]
    recordings: Option<usize>,
    /// The most bytes; as many as there are if this is left out.
    #[serde(default)]
    bytes: Option<u64>,
}

/// What was removed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Cleaned {
    removed: Vec<String>,
}

/// All recordings
#[utoipa::path(get, path = "/api/recordings", tag = "recordings", responses((status = 200, body = RecordingList)))]
pub(super) async fn list(State(app): State<Arc<App>>, Caller(grant): Caller) -> Result<Json<RecordingList>, Refused> {
    grant.may_everywhere(Role::Watch)?;
    let recordings = app.rooms.list_recordings().await?;
    let bytes = recordings.iter().map(|recording| recording.bytes).sum();
    let (max_bytes, max_recordings) = (app.limits.max_recordings_bytes, app.limits.max_recordings);
    Ok(Json(RecordingList { recordings, bytes, max_bytes, max_recordings }))
}

/// Removes a recording that is neither being written nor played
#[utoipa::path(delete, path = "/api/recordings/{name}", tag = "recordings", params(("name" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = super::answer::RefusalBody),
        (status = 409, body = super::answer::RefusalBody)))]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refused> {
    grant.may_everywhere(Role::Admin)?;
    app.rooms.remove_recording(&name)?;
    Ok(Json(json!({})))
}

/// Removes the oldest recordings until no more are left than asked for
#[utoipa::path(post, path = "/api/recordings/clean", tag = "recordings", request_body = Cleaning,
    responses((status = 200, body = Cleaned), (status = 400, body = super::answer::RefusalBody)))]
pub(super) async fn clean(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    super::Body(fields): super::Body,
) -> Result<Json<Cleaned>, Refused> {
    grant.may_everywhere(Role::Admin)?;
    let cleaning: Cleaning = serde_json::from_value(Value::Object(fields))
        .map_err(|error| Refusal::invalid(format!("the body is not what is needed here: {error}")))?;
    if cleaning.recordings.is_none() && cleaning.bytes.is_none() {
        return Err(Refusal::invalid("say what is to be left: recordings, bytes or both").into());
    }
    let (recordings, bytes) = (cleaning.recordings.unwrap_or(usize::MAX), cleaning.bytes.unwrap_or(u64::MAX));
    Ok(Json(Cleaned { removed: app.rooms.clean_recordings(recordings, bytes).await? }))
}

/// One recording, as a file
#[utoipa::path(get, path = "/api/recordings/{name}", tag = "recordings", params(("name" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, body = super::answer::RefusalBody)))]
pub(super) async fn download(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    grant.may_everywhere(Role::Watch)?;
    let path = app.rooms.recordings()?.find(&name)?;
    let file = tokio::fs::File::open(&path).await.map_err(|error| {
        tracing::error!(%error, ?path, "a recording cannot be read");
        Refusal::internal()
    })?;
    let attachment = format!("attachment; filename=\"{name}.dalarec\"");
    let headers = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CONTENT_DISPOSITION, &attachment)];
    Ok((headers, Body::from_stream(tokio_util::io::ReaderStream::new(file))).into_response())
}
