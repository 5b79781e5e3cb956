//! Pages and names that a server is told to let in. What can never match is refused where it is said.

use std::fmt;
use std::str::FromStr;

use axum::http::uri::Authority;

/// Pages that may use a server, as `--allow-origin` names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// `*`: all pages there are.
    Any,
    /// `null`: pages without an origin, such as files and sandboxed frames.
    Null,
    /// The pages of one origin.
    Page(Origin),
}

/// A scheme, a host and a port, such as `https://bus.example`, in the one form that equal ones share: in small letters,
/// without the usual port of the scheme and without the dot that ends a full name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub(crate) scheme: String,
    pub(crate) host: String,
    /// None for the usual one.
    pub(crate) port: Option<u16>,
}

/// A name that a server may be called by, such as `bus.example` or `bus.example:8080`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    pub(crate) host: String,
    /// None for any.
    pub(crate) port: Option<u16>,
}

/// An origin that no page can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no page has the origin '{given}': {why}")]
pub struct OriginError {
    given: String,
    why: &'static str,
}

/// A name that nothing can be called by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no request has the host '{given}': needed is a name without a scheme or a path, such as bus.example")]
pub struct HostError {
    given: String,
}

impl AllowedOrigin {
    /// Whether it names the origin of a page, as browsers tell it.
    pub(crate) fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Null => origin == "null",
            Self::Page(page) => origin.parse().is_ok_and(|origin: Origin| origin == *page),
        }
    }
}

impl FromStr for AllowedOrigin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        match text.trim() {
            "*" => Ok(Self::Any),
            "null" => Ok(Self::Null),
            origin => origin.parse().map(Self::Page),
        }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let refused = |why| OriginError { given: text.to_owned(), why };
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(refused("it begins with a scheme, as https://bus.example does, or is * for all or null"));
        };
        let scheme = scheme.to_ascii_lowercase();
        match scheme.as_str() {
            "file" => return Err(refused("pages from files have the origin null")),
            "ws" | "wss" => return Err(refused("it is the page's, http or https, not its socket's")),
            _ => {}
        }
        let is_scheme = |char: char| char.is_ascii_alphanumeric() || "+-.".contains(char);
        if !scheme.starts_with(|char: char| char.is_ascii_lowercase()) || !scheme.chars().all(is_scheme) {
            return Err(refused("that is no scheme"));
        }
        let place = rest.strip_suffix('/').unwrap_or(rest);
        if place.contains('*') {
            return Err(refused("a star stands for all pages or for none: name each origin"));
        }
        if !place.is_ascii() {
            return Err(refused("browsers write other letters in the form that begins with xn--"));
        }
        if place.contains(['/', '?', '#', '@']) {
            return Err(refused("it ends with the host, or with its port"));
        }
        let (host, port) = split(place).ok_or_else(|| refused("that is no host, or no port"))?;
        let usual = usual_port(&scheme);
        Ok(Self { host, port: port.filter(|port| Some(*port) != usual), scheme })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl FromStr for AllowedHost {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let text = text.trim();
        let refused = || HostError { given: text.to_owned() };
        if text.contains(['/', '?', '#', '@', '*']) {
            return Err(refused());
        }
        split(text).map(|(host, port)| Self { host, port }).ok_or_else(refused)
    }
}

/// The port that an address of a scheme has when it names none.
pub(crate) fn usual_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// The host and the port of `bus.example.:80`.
pub(crate) fn split(place: &str) -> Option<(String, Option<u16>)> {
    let authority: Authority = place.parse().ok().filter(|_| !place.contains('@'))?;
    let host = plain(authority.host());
    let port = place.get(authority.host().len()..).filter(|rest| !rest.is_empty());
    let port = port.map(|port| port.strip_prefix(':')?.parse().ok());
    let valid = !host.is_empty() && port.is_none_or(|port| port.is_some());
    valid.then(|| (host, port.flatten()))
}

/// A host in small letters, without the dot that ends a full name.
fn plain(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_origins_are_one() {
        let origin = |text: &str| text.parse::<Origin>().map(|origin| origin.to_string());
        for (text, one) in [
            ("https://Bus.Example/", "https://bus.example"),
            ("https://bus.example:443", "https://bus.example"),
            ("HTTP://bus.example:80", "http://bus.example"),
            ("https://bus.example:80", "https://bus.example:80"),
            ("https://bus.example.:8443", "https://bus.example:8443"),
            ("http://[::1]:5000", "http://[::1]:5000"),
            ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert_eq!(origin(text).as_deref(), Ok(one), "{text}");
        }
    }

    #[test]
    fn what_no_page_or_request_can_have_is_refused_in_words_that_name_it() {
        for none in [
            "",
            "bus.example",
            "bus.example:3000",
            "https://",
            "https://*.bus.example",
            "https://bus.example/page",
            "https://bus.example?x",
            "https://user@bus.example",
            "https://bus.example:99999",
            "https://bus.example:",
            "https://bücher.example",
            "https://a b",
            "1http://bus.example",
            "file:///home/page.html",
            "wss://bus.example",
            "https://.",
        ] {
            let refused = none.parse::<AllowedOrigin>().expect_err(none).to_string();
            assert!(refused.contains(&format!("'{none}'")), "{refused}");
        }
        for none in ["", "https://bus.example", "bus.example/page", "*.bus.example", "bus.example:", "bus example", "."]
        {
            assert!(none.parse::<AllowedHost>().is_err(), "{none}");
        }
        assert!("bus.example.:80".parse::<AllowedHost>().is_ok_and(|host| host.host == "bus.example"));
    }

    #[test]
    fn a_star_is_all_pages_and_null_those_without_an_origin() {
        let allows = |said: &str, origin| said.parse::<AllowedOrigin>().expect("an origin").allows(origin);
        for origin in ["https://bus.example", "null", "app://x"] {
            assert!(allows("*", origin), "{origin}");
            assert_eq!(allows("null", origin), origin == "null");
            assert_eq!(allows("https://bus.example:443/", origin), origin == "https://bus.example");
        }
    }
}
