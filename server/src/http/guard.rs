//! What every request has to pass: its host, its origin and its address.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use daladala_protocol::{Code, Refusal};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::app::App;
use crate::listener::Peer;
use crate::original::SOCKET_IO;

use super::Refused;

/// The address that a request is counted for. Where the connection has none, as in a test of the routes alone, it is an
/// address that nobody has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Address(pub(crate) IpAddr);

pub(super) async fn guard(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    match check(&app, &request) {
        Ok(address) => {
            request.extensions_mut().insert(address);
            next.run(request).await
        }
        Err(refusal) => Refused(refusal).into_response(),
    }
}

/// How much work the answer to a request is, in short answers; what depends on more than the path is counted where the
/// answer is made.
fn weight(request: &Request) -> u32 {
    let opens_session = || request.uri().query().is_none_or(|query| !query.contains("sid="));
    match request.uri().path() {
        // It stays for 45 seconds even if nobody comes back to it.
        path if path.starts_with(SOCKET_IO) && opens_session() => 25,
        // The folder is read.
        "/api/recordings" => 20,
        _ => 1,
    }
}

fn check(app: &App, request: &Request) -> Result<Address, Refusal> {
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
    let peer = request.extensions().get::<Peer>().map_or(Ipv4Addr::UNSPECIFIED.into(), Peer::ip);
    let address = app.access.address_of(headers, peer);
    app.access.addresses.check(address, weight(request)).map(|()| Address(address))
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
