//! What every request has to pass: its host, its origin and its address.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use daladala_protocol::{Code, Refusal};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::app::App;
use crate::listener::Peer;

use super::Refused;

pub(super) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match check(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => Refused(refusal).into_response(),
    }
}

fn check(app: &App, request: &Request) -> Result<(), Refusal> {
    let (headers, origins) = (request.headers(), &app.access.origins);
    if !origins.knows_name(headers) {
        let message = "this server is for its own machine: call it localhost or 127.0.0.1, or start it with \
                       --allow-host or another --host";
        return Err(Refusal::new(Code::Forbidden, message));
    }
    if !origins.allows(headers) {
        let message = "pages of another origin may not use this server: start it with --allow-origin";
        return Err(Refusal::new(Code::Forbidden, message));
    }
    match request.extensions().get::<Peer>() {
        Some(peer) => app.access.addresses.check(app.access.address_of(headers, peer.ip())),
        None => Ok(()),
    }
}

/// Tells browsers which other pages may use the server. There are no cookies that this could expose.
pub(super) fn cross_origin(app: &App) -> CorsLayer {
    let origins = app.access.origins.clone();
    let allowed = move |origin: &HeaderValue, _: &axum::http::request::Parts| {
        origin.to_str().is_ok_and(|origin| origins.allows_foreign(origin))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allowed))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        // Whatever they ask for, such as Last-Event-ID and Cache-Control of an event stream: no header lets anybody in who
        // would be kept out without it.
        .allow_headers(AllowHeaders::mirror_request())
}
