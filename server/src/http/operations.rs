//! For those who run a server: health, readiness, totals.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Caller;
use super::Refused;
use crate::app::App;
use crate::config::Role;
use crate::metrics::Totals;

/// Whether the server runs
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, content_type = "text/plain", body = String)))]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether the server takes viewers
#[utoipa::path(get, path = "/readyz", tag = "operations",
    responses((status = 200, content_type = "text/plain", body = String), (status = 503, content_type = "text/plain", body = String)))]
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Response {
    let connections = usize::try_from(app.metrics.connections.get()).unwrap_or_default();
    if *app.stop.borrow() {
        (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n").into_response()
    } else if connections >= app.limits.max_connections {
        (StatusCode::SERVICE_UNAVAILABLE, "full\n").into_response()
    } else {
        "ready\n".into_response()
    }
}

/// Totals for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, content_type = "text/plain", body = String)))]
pub(super) async fn metrics(State(app): State<Arc<App>>, Caller(grant): Caller) -> Result<Response, Refused> {
    grant.may_everywhere(Role::Admin)?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], app.metrics.text()).into_response())
}

/// Totals
#[utoipa::path(get, path = "/api/admin/totals", tag = "operations", responses((status = 200, body = Totals)))]
pub(super) async fn totals(State(app): State<Arc<App>>, Caller(grant): Caller) -> Result<Json<Totals>, Refused> {
    grant.may_everywhere(Role::Admin)?;
    Ok(Json(app.metrics.totals(app.started.elapsed())))
}
