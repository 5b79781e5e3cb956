//! The routes, and what all their answers have in common.

mod admin;
mod answer;
mod caller;
mod compress;
mod docs;
mod events;
mod frames;
mod guard;
mod openapi;
mod operations;
mod recordings;
mod rooms;
mod socket;
mod viewer;

use std::future::ready;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Router, middleware};
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::TraceLayer;

pub(crate) use answer::{Body, Refused};
pub(crate) use caller::Caller;
pub(crate) use compress::AsItIs;
pub(crate) use guard::Address;

use crate::app::App;
use crate::original::{Original, own_session};

/// What pages of this server may load: its own files, and its own WebSocket (`'self'` covers both). Styles may also
/// stand in the page, as they do in the small ones, and pictures too, as in the page of the API.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
                                       object-src 'none'; base-uri 'none'; form-action 'none'";

/// The longest body of a request, bytes: far above what any of ours needs.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// All routes.
pub(crate) fn router(app: &Arc<App>, original: &Original) -> Router {
    let api = Router::new()
        .route("/rooms", get(rooms::list).post(rooms::create))
        .route("/rooms/{code}", get(rooms::look).delete(rooms::close))
        .route("/rooms/{code}/events", get(events::follow))
        .route("/rooms/{code}/frames", get(frames::page))
        .route("/rooms/{code}/{command}", post(rooms::command))
        .route("/recordings", get(recordings::list))
        .route("/recordings/clean", post(recordings::clean))
        .route("/recordings/{name}", get(recordings::download).delete(recordings::remove))
        .route("/catalog", get(rooms::catalog))
        .route("/admin/totals", get(operations::totals))
        .merge(docs::routes())
        .merge(original.routes())
        .fallback(answer::no_such_route)
        .method_not_allowed_fallback(answer::no_such_method);
    let routes = Router::new()
        .route("/ws", get(socket::upgrade))
        .route("/healthz", get(operations::healthz))
        .route("/readyz", get(operations::readyz))
        .route("/metrics", get(operations::metrics))
        .route("/admin", get(admin::page))
        .route("/admin.js", get(admin::script))
        .nest("/api", api)
        .fallback(viewer::page)
        .with_state(Arc::clone(app))
        .layer(compress::answers())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(original.layer())
        .layer(middleware::from_fn_with_state(original.sessions(), own_session));
    let policy = format!("{CONTENT_SECURITY_POLICY}; frame-ancestors {}", app.access.origins.frame_ancestors());
    // Origins are names of hosts, in letters that a header takes.
    let policy = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    routes
        .layer(RequestBodyTimeoutLayer::new(app.limits.header_timeout))
        .layer(middleware::from_fn_with_state(Arc::clone(app), guard::guard))
        // Pages may read refusals too.
        .layer(guard::cross_origin(app))
        .layer(middleware::map_response(move |response| ready(secure(response, policy.clone()))))
        // Without the query, which may hold a token.
        .layer(TraceLayer::new_for_http().make_span_with(|request: &Request| {
            tracing::debug_span!("request", method = %request.method(), path = request.uri().path())
        }))
}

fn secure(mut response: Response, policy: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // An address may hold a token.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
