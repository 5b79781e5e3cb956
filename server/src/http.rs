//! The routes, and what all their answers have in common.

mod guard;
mod health;
mod socket;
mod viewer;

use std::sync::Arc;
use std::time::Instant;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use serde::Serialize;
use tokio::sync::watch;
use tower_http::trace::TraceLayer;

use crate::config::Limits;
use crate::room::Room;

/// What pages of this server may load: its own files, and its own WebSocket (`'self'` covers both). Styles may also
/// stand in the page, as they do in the one that is shown without a viewer.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// What the routes work on.
#[derive(Debug)]
pub(crate) struct App {
    room: Arc<Room>,
    /// Turns true when the server shuts down; closed when the last session has ended.
    stop: watch::Sender<bool>,
    limits: Limits,
    started: Instant,
}

impl App {
    pub(crate) fn new(room: Arc<Room>, stop: watch::Sender<bool>, limits: Limits) -> Self {
        Self { room, stop, limits, started: Instant::now() }
    }
}

/// All routes. `loopback`: the server is to be reached from this machine only.
pub(crate) fn router(app: App, loopback: bool) -> Router {
    let api = Router::new().route("/health", get(health::health)).fallback(no_such_route);
    let routes = Router::new()
        .route("/ws", get(socket::upgrade))
        .nest("/api", api)
        .fallback(viewer::page)
        .with_state(Arc::new(app));
    let routes = if loopback { routes.layer(middleware::from_fn(guard::local_names_only)) } else { routes };
    routes.layer(middleware::map_response(secure)).layer(TraceLayer::new_for_http())
}

/// A refusal in the form that the original's clients know.
#[derive(Debug, Serialize)]
struct Refusal {
    success: bool,
    message: &'static str,
}

fn refuse(status: StatusCode, message: &'static str) -> Response {
    (status, Json(Refusal { success: false, message })).into_response()
}

async fn no_such_route() -> Response {
    refuse(StatusCode::NOT_FOUND, "there is no such route")
}

async fn secure(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
