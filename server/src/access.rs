//! Who may do what: roles, the tokens that carry them, and how often anybody may ask.

mod origin;
mod rate;
mod token;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::http::{HeaderMap, Uri, header};
pub(crate) use origin::Origins;
pub(crate) use rate::{AddressLimits, AddressSlot, RequestLimit};
use token::Signer;
pub use token::{Claims, make_token};

use crate::config::{AccessConfig, Anonymous, Limits, Role, Secret};
use crate::protocol::{Code, Refusal};

/// Judges requests.
pub(crate) struct Access {
    signer: Signer,
    anonymous: Option<Role>,
    pub(crate) origins: Origins,
    pub(crate) addresses: Arc<AddressLimits>,
}

/// What somebody may do.
#[derive(Debug, Clone, PartialEq, Eq)]
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
                Anonymous::ByAddress => loopback.then_some(Role::Admin),
                Anonymous::Nothing => None,
                Anonymous::May(role) => Some(role),
            },
            origins: Origins::new(config, loopback),
            addresses: Arc::new(AddressLimits::new(limits)),
        }
    }

    /// What those without a token may do.
    pub(crate) fn anonymous(&self) -> Option<Role> {
        self.anonymous
    }

    /// What the bearer of `token` may do.
    pub(crate) fn grant(&self, token: Option<&str>) -> Result<Grant, Refusal> {
        let Some(token) = token else {
            let role = self.anonymous.ok_or_else(|| {
                Refusal::new(
                    Code::AuthRequired,
                    "a token is needed: `daladala token` on the server's machine makes one",
                )
            })?;
            return Ok(Grant { role, room: None, expires: None });
        };
        let claims = self.signer.read(token)?;
        let expires = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(claims.exp));
        Ok(Grant { role: claims.role, room: claims.room, expires })
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
    use axum::http::HeaderValue;

    use super::*;

    fn access(address: &str, anonymous: Anonymous) -> Access {
        let config = AccessConfig { anonymous, ..AccessConfig::default() };
        Access::new(&config, &Secret::random(), &Limits::default(), address.parse().expect("an address"))
    }

    #[test]
    fn only_this_machine_is_open_by_default() {
        assert_eq!(access("127.0.0.1:5000", Anonymous::ByAddress).grant(None).map(|grant| grant.role), Ok(Role::Admin));
        assert_eq!(access("[::1]:5000", Anonymous::ByAddress).grant(None).map(|grant| grant.role), Ok(Role::Admin));
        for open in ["0.0.0.0:5000", "10.1.2.3:5000"] {
            let refused = access(open, Anonymous::ByAddress).grant(None).expect_err("no token");
            assert_eq!(refused.code, Code::AuthRequired);
        }
        let watch = access("0.0.0.0:5000", Anonymous::May(Role::Watch)).grant(None).expect("open to watch");
        assert!(watch.may(Role::Watch).is_ok() && watch.may(Role::Drive).is_err());
        assert!(access("127.0.0.1:5000", Anonymous::Nothing).grant(None).is_err());
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
