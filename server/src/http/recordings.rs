//! Recordings over HTTP.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

use super::Caller;
use crate::app::App;
use crate::config::Role;
use crate::protocol::Refusal;
use crate::recording::RecordingSummary;

/// The recordings.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecordingList {
    recordings: Vec<RecordingSummary>,
}

/// All recordings
#[utoipa::path(get, path = "/api/recordings", tag = "recordings", responses((status = 200, body = RecordingList)))]
pub(super) async fn list(State(app): State<Arc<App>>, Caller(grant): Caller) -> Result<Json<RecordingList>, Refusal> {
    grant.may_everywhere(Role::Watch)?;
    let recordings = app.rooms.recordings()?.clone();
    let listed = spawn_blocking(move || recordings.list()).await.map_err(|_| Refusal::internal())?;
    let recordings = listed.map_err(|error| {
        tracing::error!(%error, "recordings cannot be listed");
        Refusal::internal()
    })?;
    Ok(Json(RecordingList { recordings }))
}

/// One recording, as a file
#[utoipa::path(get, path = "/api/recordings/{name}", tag = "recordings", params(("name" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, body = super::answer::RefusalBody)))]
pub(super) async fn download(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
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
