//! How a server finds others.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::broker::redis::Redis;
use crate::broker::{Link, Part};
use crate::config::Limits;
use crate::error::ServerError;

/// What connects a server with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerConfig {
    /// Where the broker is.
    pub url: BrokerUrl,
    /// Whether it shows rooms of other servers and runs none.
    pub edge: bool,
}

/// The address of a broker: Redis or Valkey, such as `redis://127.0.0.1:6379/0`. It may have a password in it, which is
/// not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct BrokerUrl(String);

/// An address that is none of a broker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokerUrlError {
    /// It would have to be encrypted.
    #[error("rediss:// needs TLS, which this program does not speak to brokers: use redis:// within a private network")]
    Encrypted,
    /// It is of another kind.
    #[error("a broker's address begins with redis://, such as redis://127.0.0.1:6379")]
    Unknown,
    /// It cannot be read.
    #[error("this is no address of a broker: needed is redis://HOST:PORT, such as redis://127.0.0.1:6379")]
    Unreadable,
}

impl BrokerConfig {
    pub(crate) async fn connect(&self, limits: &Limits) -> Result<Arc<Link>, ServerError> {
        let part = if self.edge { Part::Edge } else { Part::Worker };
        let failed = |source| ServerError::Broker { url: self.url.to_string(), source: Box::new(source) };
        let redis = Redis::connect(&self.url.0).await.map_err(failed)?;
        Ok(Link::new(Arc::new(redis), part, limits))
    }
}

impl FromStr for BrokerUrl {
    type Err = BrokerUrlError;

    fn from_str(url: &str) -> Result<Self, BrokerUrlError> {
        match url.split_once("://") {
            Some(("redis" | "valkey", rest)) if !rest.is_empty() => {
                let url = format!("redis://{rest}");
                redis::Client::open(url.as_str()).map_err(|_| BrokerUrlError::Unreadable)?;
                Ok(Self(url))
            }
            Some(("rediss" | "valkeys", _)) => Err(BrokerUrlError::Encrypted),
            _ => Err(BrokerUrlError::Unknown),
        }
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.0.trim_start_matches("redis://");
        write!(f, "redis://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host))
    }
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_judged_at_once_and_passwords_are_not_shown() {
        let shown = |url: &str| url.parse::<BrokerUrl>().map(|url| url.to_string());
        assert_eq!(shown("redis://127.0.0.1:6379").as_deref(), Ok("redis://127.0.0.1:6379"));
        assert_eq!(shown("redis://me:secret@bus.example/2").as_deref(), Ok("redis://bus.example/2"));
        assert_eq!(shown("valkey://localhost").as_deref(), Ok("redis://localhost"));
        assert_eq!(shown("rediss://localhost"), Err(BrokerUrlError::Encrypted));
        for unknown in ["", "localhost:6379", "nats://localhost", "redis://"] {
            assert_eq!(shown(unknown), Err(BrokerUrlError::Unknown), "{unknown}");
        }
        assert_eq!(shown("redis://localhost:notaport"), Err(BrokerUrlError::Unreadable));
    }
}
