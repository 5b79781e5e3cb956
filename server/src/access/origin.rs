//! Which pages may use the server, and by which names it may be called.
//!
//! Any page that a person visits may talk to their own machine. Browsers leave two marks on what such a page sends:
//! the `Origin` of the page, and the `Host` that the page believes to talk to.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, header};

use crate::config::{AccessConfig, AllowedHost, AllowedOrigin, Origin, split, usual_port};

/// The origins and names that are let in.
#[derive(Debug, Clone)]
pub(crate) struct Origins {
    /// Whether the server is to be reached from this machine only.
    loopback: bool,
    behind_proxy: bool,
    pages: Vec<AllowedOrigin>,
    names: Vec<AllowedHost>,
}

impl Origins {
    pub(super) fn new(config: &AccessConfig, loopback: bool) -> Self {
        let (pages, names) = (config.allow_origins.clone(), config.allow_hosts.clone());
        Self { loopback, behind_proxy: config.behind_proxy, pages, names }
    }

    /// Whether a request comes from a page that may use the server, or from no page at all.
    pub(crate) fn allows(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        text(headers, header::HOST).is_some_and(|host| self.is_own(origin, host)) || self.allows_foreign(origin)
    }

    /// Whether a page of `origin` came from where the request goes to. A port that is not told is the usual one of the
    /// page's scheme; but proxies leave out whatever port they listen on.
    fn is_own(&self, origin: &str, host: &str) -> bool {
        let (Ok(page), Some((host, port))) = (origin.parse::<Origin>(), split(host)) else { return false };
        let Some(usual) = usual_port(&page.scheme) else { return false };
        let is_port = match port {
            Some(port) => port == page.port.unwrap_or(usual),
            None => self.behind_proxy || page.port.is_none(),
        };
        page.host == host && is_port
    }

    /// Whether pages of `origin`, which is not the server's own, may use it.
    pub(crate) fn allows_foreign(&self, origin: &str) -> bool {
        if self.pages.iter().any(|page| page.allows(origin)) {
            return true;
        }
        // Pages of this machine, such as one in development: whoever serves them can reach the server anyway.
        self.loopback && origin.parse().is_ok_and(|origin: Origin| is_local(&origin.host))
    }

    /// Who may show the pages of the server in a frame, as a content security policy says it: its own pages and those that
    /// may use it. A notebook on this machine is one.
    pub(crate) fn frame_ancestors(&self) -> String {
        let local = if self.loopback { " http://localhost:* http://127.0.0.1:*" } else { "" };
        let pages = self.pages.iter().filter_map(|page| match page {
            AllowedOrigin::Any => Some("*".to_owned()),
            AllowedOrigin::Page(origin) => Some(origin.to_string()),
            // A page without an origin cannot be named there.
            AllowedOrigin::Null => None,
        });
        pages.fold(format!("'self'{local}"), |all, page| format!("{all} {page}"))
    }

    /// Whether a request calls the server by a name it has. A page whose name is made to point to 127.0.0.1 (DNS
    /// rebinding) has the server's origin in the browser's eyes, but not its name. Browsers always tell a name; who tells
    /// none, as health checks by HTTP/1.0 do, is no page.
    pub(crate) fn knows_name(&self, headers: &HeaderMap) -> bool {
        if !self.loopback || !headers.contains_key(header::HOST) {
            return true;
        }
        let Some((host, port)) = text(headers, header::HOST).and_then(split) else { return false };
        let allowed = |name: &AllowedHost| name.host == host && (name.port.is_none() || name.port == port);
        is_local(&host) || self.names.iter().any(allowed)
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn is_local(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(origin: Option<&'static str>, host: &'static str) -> HeaderMap {
        let origin = origin.map(|origin| (header::ORIGIN, HeaderValue::from_static(origin)));
        origin.into_iter().chain([(header::HOST, HeaderValue::from_static(host))]).collect()
    }

    fn origins(loopback: bool) -> Origins {
        let config = AccessConfig {
            allow_origins: vec!["https://Bus.example/".parse().expect("an origin")],
            allow_hosts: vec!["bus.example".parse().expect("a name")],
            ..AccessConfig::default()
        };
        Origins::new(&config, loopback)
    }

    #[test]
    fn pages_of_the_server_itself_and_those_that_are_named() {
        for loopback in [true, false] {
            let origins = origins(loopback);
            assert!(origins.allows(&headers(None, "localhost:5000")));
            assert!(origins.allows(&headers(Some("http://localhost:5000"), "localhost:5000")));
            assert!(origins.allows(&headers(Some("http://10.0.0.1:5000"), "10.0.0.1:5000")));
            assert!(origins.allows(&headers(Some("https://bus.example"), "10.0.0.1:5000")));
            for foreign in ["http://evil.example", "http://localhost.evil.example", "null", "", "http://bus.example"] {
                assert!(!origins.allows(&headers(Some(foreign), "localhost:5000")), "{foreign}");
            }
        }
    }

    #[test]
    fn ports_that_are_usual_or_that_a_proxy_leaves_out_are_no_other_origin() {
        let config = AccessConfig { behind_proxy: true, ..AccessConfig::default() };
        let (behind, plain) = (Origins::new(&config, false), Origins::new(&AccessConfig::default(), false));
        for (host, page, through_proxy, directly) in [
            ("bus.example", "https://bus.example", true, true),
            ("bus.example", "https://bus.example:8443", true, false),
            ("bus.example:443", "https://bus.example", true, true),
            ("bus.example:80", "http://bus.example", true, true),
            ("bus.example:80", "https://bus.example", false, false),
            ("bus.example:5000", "http://bus.example:3000", false, false),
            ("bus.example", "https://evil.example", false, false),
            ("bus.example", "https://evil.example:8443", false, false),
            ("bus.example", "ftp://bus.example", false, false),
            ("[::1]:80", "http://[::1]", true, true),
            ("bus.example.", "https://bus.example", true, true),
            ("bus.example", "https://bus.example.", true, true),
            ("bus.example.:5000", "http://bus.example.:5000", true, true),
        ] {
            assert_eq!(behind.allows(&headers(Some(page), host)), through_proxy, "{page} at {host}, through a proxy");
            assert_eq!(plain.allows(&headers(Some(page), host)), directly, "{page} at {host}");
        }
    }

    #[test]
    fn pages_of_this_machine_may_use_a_server_for_this_machine() {
        for page in ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:8080"] {
            assert!(origins(true).allows(&headers(Some(page), "localhost:5000")), "{page}");
            assert!(!origins(false).allows(&headers(Some(page), "10.0.0.1:5000")), "{page}");
        }
    }

    #[test]
    fn names_of_this_machine() {
        let knows = |host| origins(true).knows_name(&headers(None, host));
        for local in [
            "localhost",
            "LOCALHOST:5000",
            "127.0.0.1:5000",
            "127.0.0.2",
            "[::1]:5000",
            "bus.example:80",
            "localhost.",
            "bus.example.",
        ] {
            assert!(knows(local), "{local}");
        }
        for foreign in ["", "evil.example", "localhost.evil.example", "10.0.0.1:5000", "[::2]", "0.0.0.0", "a b"] {
            assert!(!knows(foreign), "{foreign}");
            assert!(origins(false).knows_name(&headers(None, foreign)));
        }
        // By HTTP/1.0 there may be none.
        assert!(origins(true).knows_name(&HeaderMap::new()));
    }
}
