//! Keeps pages of other sites out.
//!
//! Any page that a person visits may talk to their own machine. Browsers leave two marks on what such a page sends:
//! the `Origin` of the page, and the `Host` that the page believes to talk to.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::refuse;

/// Whether a request comes from a page of this server, or from no page at all: browsers let any page open a
/// WebSocket to any server, so the server has to look.
pub(super) fn same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    match (origin, text(headers, header::HOST)) {
        (Some((_, authority)), Some(host)) => authority.eq_ignore_ascii_case(host),
        _ => false,
    }
}

/// Refuses requests to another name than this machine's. A page whose name is made to point to 127.0.0.1 (DNS
/// rebinding) has the server's origin in the browser's eyes, but not its name.
pub(super) async fn local_names_only(request: Request, next: Next) -> Response {
    if text(request.headers(), header::HOST).is_some_and(is_local) {
        next.run(request).await
    } else {
        refuse(
            StatusCode::FORBIDDEN,
            "this server is for its own machine: call it localhost or 127.0.0.1, or start it with another --host",
        )
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn is_local(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(origin: Option<&'static str>, host: &'static str) -> HeaderMap {
        let origin = origin.map(|origin| (header::ORIGIN, HeaderValue::from_static(origin)));
        origin.into_iter().chain([(header::HOST, HeaderValue::from_static(host))]).collect()
    }

    #[test]
    fn an_origin_has_to_be_the_host() {
        assert!(same_origin(&headers(None, "localhost:5000")));
        assert!(same_origin(&headers(Some("http://localhost:5000"), "localhost:5000")));
        assert!(same_origin(&headers(Some("https://Bus.example"), "bus.example")));
        for foreign in
            ["http://localhost:5001", "http://evil.example", "http://localhost:5000.evil.example", "null", ""]
        {
            assert!(!same_origin(&headers(Some(foreign), "localhost:5000")), "{foreign}");
        }
    }

    #[test]
    fn names_of_this_machine() {
        for local in ["localhost", "LOCALHOST:5000", "127.0.0.1:5000", "127.0.0.2", "[::1]:5000"] {
            assert!(is_local(local), "{local}");
        }
        for foreign in ["", "evil.example", "localhost.evil.example", "10.0.0.1:5000", "[::2]", "0.0.0.0", "a b"] {
            assert!(!is_local(foreign), "{foreign}");
        }
    }
}
