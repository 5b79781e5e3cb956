//! Who may do what: roles, the tokens that carry them, and how often anybody may ask.

mod origin;
mod rate;
mod shares;
mod token;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::http::{HeaderMap, Uri, header};
use daladala_protocol::{Code, Refusal};
pub(crate) use origin::Origins;
pub(crate) use rate::{AddressLimits, Asking, Excess, Limit, RequestLimit};
use serde::{Deserialize, Serialize};
pub(crate) use shares::{Share, Shares};
use token::Signer;
pub use token::{Claims, make_token};

use crate::config::{AccessConfig, Anonymous, Limits, Role, Secret};

/// What proxies say of whom they speak for.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

/// Judges requests.
pub(crate) struct Access {
    signer: Signer,
    anonymous: Option<Role>,
    /// Whether that is so because of the address alone.
    by_address: bool,
    behind_proxy: bool,
    pub(crate) origins: Origins,
    pub(crate) addresses: AddressLimits,
    connections: Arc<Shares>,
    /// Bytes of answers that wait to be read.
    answers: Arc<Shares>,
    /// Clients of the original.
    originals: Arc<Shares>,
}

/// What somebody may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) role: Role,
    /// The only room it is good for.
    room: Option<String>,
    expires: Option<SystemTime>,
}

impl Access {
    /// Access to a server that listens on `address`.
    pub(crate) fn new(config: &AccessConfig, secret: &Secret, limits: &Limits, address: SocketAddr) -> Self {
        let loopback = address.ip().is_loopback();
        Self {
            signer: Signer::new(secret),
            anonymous: match config.anonymous {
                Anonymous::ByAddress => (loopback && !config.behind_proxy).then_some(Role::Admin),
                Anonymous::Nothing => None,
                Anonymous::May(role) => Some(role),
            },
            by_address: config.anonymous == Anonymous::ByAddress,
            behind_proxy: config.behind_proxy,
            origins: Origins::new(config, loopback),
            addresses: AddressLimits::new(limits),
            // All together are counted where they are accepted.
            connections: Shares::new(limits.max_connections_per_address as u64, u64::MAX),
            answers: Shares::new(limits.max_answer_bytes_per_address, limits.max_answer_bytes),
            originals: Shares::new(limits.max_originals_per_address, limits.max_originals),
        }
    }

    /// What those without a token may do.
    pub(crate) fn anonymous(&self) -> Option<Role> {
        self.anonymous
    }

    /// What the maker of a request may do, by the token it brings: `given`, or the one in its headers or its query.
    pub(crate) fn admit(&self, headers: &HeaderMap, uri: &Uri, given: Option<String>) -> Result<Grant, Refusal> {
        if let Some(token) = given.or_else(|| token_of(headers, uri)) {
            let claims = self.signer.read(&token)?;
            let expires = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(claims.exp));
            return Ok(Grant { role: claims.role, room: claims.room, expires });
        }
        // What a proxy passes on comes from this machine, but not from its people.
        let stranger = self.by_address && FORWARDED.iter().any(|name| headers.contains_key(*name));
        let role = self.anonymous.filter(|_| !stranger).ok_or_else(|| {
            Refusal::new(Code::AuthRequired, "a token is needed: `daladala token` on the server's machine makes one")
        })?;
        Ok(Grant { role, room: None, expires: None })
    }

    /// A place among the connections of `address`; none is needed for a proxy, which has all of them.
    pub(crate) fn connect(&self, address: IpAddr) -> Result<Option<Share>, Refusal> {
        if self.behind_proxy {
            return Ok(None);
        }
        let refused = || Refusal::new(Code::RoomFull, "too many connections from this address");
        self.connections.take(address, 1).map(Some).ok_or_else(refused)
    }

    /// Room for an answer of so many bytes, until it has been read.
    pub(crate) fn hold_answer(&self, address: IpAddr, bytes: usize) -> Result<Share, Refusal> {
        let message = "too many answers wait to be read: read them first";
        self.answers.take(address, bytes as u64).ok_or_else(|| Refusal::new(Code::Busy, message))
    }

    /// A place among the clients of the original.
    pub(crate) fn hold_original(&self, address: IpAddr) -> Result<Share, Refusal> {
        let message = "too many clients of Socket.IO: close some of them";
        self.originals.take(address, 1).ok_or_else(|| Refusal::new(Code::RoomFull, message))
    }

    /// The address that a request is counted for: behind a proxy the one that the proxy has added last.
    pub(crate) fn address_of(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let forwarded = || headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?.rsplit(',').next();
        let forwarded = self.behind_proxy.then(forwarded).flatten();
        forwarded.and_then(|address| address.trim().parse().ok()).unwrap_or(peer)
    }
}

impl Grant {
    /// An error unless `role` is had.
    pub(crate) fn may(&self, role: Role) -> Result<(), Refusal> {
        if self.role >= role {
            return Ok(());
        }
        Err(Refusal::new(Code::Forbidden, format!("this needs the role '{role}', and yours is '{}'", self.role)))
    }

    /// An error unless `role` is had in `room`.
    pub(crate) fn may_in(&self, role: Role, room: &str) -> Result<(), Refusal> {
        self.may(role)?;
        match &self.room {
            Some(only) if only != room => {
                Err(Refusal::new(Code::Forbidden, format!("this token is good for the room '{only}' alone")))
            }
            _ => Ok(()),
        }
    }

    /// An error unless `role` is had in the server as a whole.
    pub(crate) fn may_everywhere(&self, role: Role) -> Result<(), Refusal> {
        self.may(role)?;
        match &self.room {
            Some(only) => Err(Refusal::new(Code::Forbidden, format!("this token is good for the room '{only}' alone"))),
            None => Ok(()),
        }
    }

    /// How long it is still good for; none if for ever.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.expires.map(|expires| expires.duration_since(SystemTime::now()).unwrap_or_default())
    }
}

/// The token of a request: from its `Authorization` header or its query.
pub(crate) fn token_of(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.split_once(' ')).filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"));
    let query = || uri.query()?.split('&').find_map(|pair| pair.strip_prefix("token="));
    // A token has no character that a query would escape.
    bearer.map(|(_, token)| token.trim()).or_else(query).filter(|token| !token.is_empty()).map(str::to_owned)
}

/// Addresses that count as one: all of an IPv6 network that one household gets.
pub(crate) fn one_of_many(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 64 << 64;
            IpAddr::V6(network.into())
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn access(address: &str, anonymous: Anonymous) -> Access {
        let config = AccessConfig { anonymous, ..AccessConfig::default() };
        Access::new(&config, &Secret::random(), &Limits::default(), address.parse().expect("an address"))
    }

    fn anyone(access: &Access) -> Result<Grant, Refusal> {
        access.admit(&HeaderMap::new(), &Uri::from_static("/ws"), None)
    }

    #[test]
    fn strangers_behind_a_proxy_on_this_machine_are_strangers() {
        let open = access("127.0.0.1:5000", Anonymous::ByAddress);
        for name in FORWARDED {
            let headers =
                HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static("203.0.113.9"))]);
            assert!(open.admit(&headers, &Uri::from_static("/ws"), None).is_err(), "{name}");
            let told = access("127.0.0.1:5000", Anonymous::May(Role::Watch));
            assert!(told.admit(&headers, &Uri::from_static("/ws"), None).is_ok(), "{name}");
        }
    }

    #[test]
    fn behind_a_proxy_addresses_are_those_that_it_names() {
        let config = AccessConfig { behind_proxy: true, ..AccessConfig::default() };
        let address = "127.0.0.1:5000".parse().expect("an address");
        let proxied = Access::new(&config, &Secret::random(), &Limits::default(), address);
        assert!(anyone(&proxied).is_err());
        let peer = IpAddr::from([127, 0, 0, 1]);
        for (named, counted) in [("10.0.0.1, 203.0.113.9", IpAddr::from([203, 0, 113, 9])), ("nonsense", peer)] {
            let named = HeaderValue::from_static(named);
            let headers = HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-for"), named)]);
            assert_eq!(proxied.address_of(&headers, peer), counted);
            assert_eq!(access("127.0.0.1:5000", Anonymous::ByAddress).address_of(&headers, peer), peer);
        }
    }

    #[test]
    fn only_this_machine_is_open_by_default() {
        assert_eq!(anyone(&access("127.0.0.1:5000", Anonymous::ByAddress)).map(|grant| grant.role), Ok(Role::Admin));
        assert_eq!(anyone(&access("[::1]:5000", Anonymous::ByAddress)).map(|grant| grant.role), Ok(Role::Admin));
        for open in ["0.0.0.0:5000", "10.1.2.3:5000"] {
            let refused = anyone(&access(open, Anonymous::ByAddress)).expect_err("no token");
            assert_eq!(refused.code, Code::AuthRequired);
        }
        let watch = anyone(&access("0.0.0.0:5000", Anonymous::May(Role::Watch))).expect("open to watch");
        assert!(watch.may(Role::Watch).is_ok() && watch.may(Role::Drive).is_err());
        assert!(anyone(&access("127.0.0.1:5000", Anonymous::Nothing)).is_err());
    }

    #[test]
    fn a_token_for_one_room_is_good_there_alone() {
        let grant = Grant { role: Role::Admin, room: Some("mine".into()), expires: None };
        assert!(grant.may_in(Role::Drive, "mine").is_ok());
        assert_eq!(grant.may_in(Role::Watch, "main").expect_err("refused").code, Code::Forbidden);
        assert_eq!(grant.may_everywhere(Role::Watch).expect_err("refused").code, Code::Forbidden);
    }

    #[test]
    fn tokens_are_found() {
        let bearer =
            |value: &'static str| HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
        let uri = |uri: &'static str| Uri::from_static(uri);
        assert_eq!(token_of(&bearer("Bearer a.b.c"), &uri("/ws?token=d")), Some("a.b.c".into()));
        assert_eq!(token_of(&bearer("Basic a"), &uri("/ws?room=main&token=d.e.f")), Some("d.e.f".into()));
        assert_eq!(token_of(&HeaderMap::new(), &uri("/ws?token=")), None);
        assert_eq!(token_of(&HeaderMap::new(), &uri("/ws")), None);
    }

    #[test]
    fn a_household_is_one_address() {
        let one = |address: &str| one_of_many(address.parse().expect("an address"));
        assert_eq!(one("2001:db8:1:2:aaaa::1"), one("2001:db8:1:2:bbbb::2"));
        assert_ne!(one("2001:db8:1:2::1"), one("2001:db8:1:3::1"));
        assert_eq!(one("::ffff:10.0.0.1"), one("10.0.0.1"));
        assert_ne!(one("10.0.0.1"), one("10.0.0.2"));
    }
}
