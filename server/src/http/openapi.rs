//! The description of the routes, gathered from where they are.

use std::sync::OnceLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{events, frames, operations, recordings, rooms};
use crate::original::rest;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Daladala",
        description = "Rooms in which agents drive a Dar es Salaam minibus. docs/PROTOCOL.md has the whole protocol.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(
        rooms::list, rooms::create, rooms::look, rooms::close, rooms::command, rooms::catalog,
        events::follow, frames::page, recordings::list, recordings::download,
        recordings::remove, recordings::clean,
        operations::healthz, operations::readyz, operations::metrics, operations::totals,
        rest::health, rest::models, rest::load_model, rest::reset, rest::step, rest::environment_info,
        rest::current_state, rest::episode_data, rest::ws_status,
    ),
    modifiers(&Tokens),
    security(("token" = [])),
    tags(
        (name = "rooms", description = "Made, driven and closed"),
        (name = "watching", description = "Without a WebSocket"),
        (name = "recordings", description = "Of rooms"),
        (name = "operations", description = "For those who run the server"),
        (name = "original", description = "The routes of the original system, on the room `original`"),
    )
)]
struct Api;

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// The description. It is made once.
pub(super) async fn document() -> Response {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| Api::openapi().to_json().unwrap_or_default().into());
    ([(header::CONTENT_TYPE, "application/json")], document.clone()).into_response()
}
